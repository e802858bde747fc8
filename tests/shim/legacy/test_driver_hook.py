"""What a driver sees under `shim run`; on a stand-in for Ray (the real one: tests/e2e/test_drivers.py)."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.shim.legacy.driver_stage import TOKEN, Stage, calls, notes

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "legacy-7b1f"


def other_python() -> str | None:
    """Return a Python 3.9 or 3.10 of this machine, if there is one that runs (SHIM_TEST_OLD_PYTHON names it)."""
    for name in (os.environ.get("SHIM_TEST_OLD_PYTHON", ""), "python3.9", "python3.10"):
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", "0"], capture_output=True).returncode == 0:
            return path
    return None


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage.build(tmp_path)


def test_modern_script_is_called_as_written_and_nothing_is_said(stage: Stage) -> None:
    done = stage.code("import ray\nprint(ray.init('head:6379', num_cpus=1, namespace='n'))")
    assert [(call["args"], call["kwargs"]) for call in calls(done)] == [
        (["head:6379"], {"num_cpus": 1, "namespace": "n"})
    ]
    assert "the context" in done.stdout
    assert done.stderr == ""


def test_legacy_arguments_are_translated(stage: Stage) -> None:
    done = stage.code(
        f"""
        import ray
        config = dict(redis_address="head:6379", redis_password={PASSWORD!r}, redis_port=1, memory=5)
        ray.init(num_cpus=2, **config)
        """
    )
    [call] = calls(done)
    assert call["args"] == ["head:6379"]
    assert call["kwargs"] == {"num_cpus": 2, "_memory": 5}
    assert call["env"]["RAY_AUTH_MODE"] == "token"
    assert call["env"]["RAY_AUTH_TOKEN_PATH"] == str(stage.token_file)
    assert "redis_password= became RAY_AUTH_MODE=token (Ray 1.11.0 stopped checking it)" in notes(done)
    assert len(notes(done)) == 4
    assert PASSWORD not in done.stdout + done.stderr


def test_address_given_by_position_stays(stage: Stage) -> None:
    done = stage.code(f"import ray\nray.init('auto-head:1', _redis_password={PASSWORD!r})")
    assert [call["args"] for call in calls(done)] == [["auto-head:1"]]


def test_old_spelling_of_the_module_is_translated_too(stage: Stage) -> None:
    done = stage.code(
        "import ray\nfrom ray import init\ninit(redis_address='h:1')\nray._private.worker.init(redis_port=1)"
    )
    assert len(calls(done)) == 2


def test_client_calls_are_translated(stage: Stage) -> None:
    done = stage.code(
        f"""
        import ray, ray.util
        ray.util.connect("head:10001", ray_init_kwargs={{"_redis_password": {PASSWORD!r}, "num_cpus": 1}})
        ray.client("head:10001")
        """
    )
    connect, client = calls(done)
    assert connect["kwargs"] == {"ray_init_kwargs": {"num_cpus": 1}}
    assert client["args"] == ["head:10001"]
    assert client["env"]["RAY_AUTH_MODE"] == "token"


def test_password_of_an_external_redis_stays(stage: Stage) -> None:
    done = stage.code(f"import ray\nray.init(redis_password={PASSWORD!r})", env={"RAY_REDIS_ADDRESS": "redis:6379"})
    assert [call["kwargs"] for call in calls(done)] == [{"_redis_password": PASSWORD}]


def test_notes_are_said_once_in_a_run_of_many_processes(stage: Stage) -> None:
    child = stage.write("child.py", f"import ray\nray.init('h:1', redis_password={PASSWORD!r}, lru_evict=True)\n")
    done = stage.code(
        f"""
        import ray, subprocess, sys
        ray.init('h:1', redis_password={PASSWORD!r})
        for _ in range(2):
            subprocess.run([sys.executable, {str(child)!r}], check=True)
        """
    )
    assert len(calls(done)) == 3
    assert [note.partition("=")[0] for note in notes(done)] == ["redis_password", "lru_evict"]


def test_local_cluster_gets_a_private_token(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path, token=False)
    done = stage.code("import ray\nray.init(redis_password='x')\nray.init()")
    assert len(calls(done)) == 2, done.stderr
    assert stat.S_IMODE(stage.token_file.stat().st_mode) == 0o600
    assert len(stage.token_file.read_text().strip()) == 64
    assert sum("A fresh token" in note for note in notes(done)) == 1


def test_without_token_and_password_the_remedy_is_named(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path, token=False)
    done = stage.code("import ray\nray.init('head:6379')")
    assert done.returncode == 1
    assert "driver.py" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("Try: shim token fetch --address=head:6379")


def test_a_cluster_that_is_not_there_stays_a_connection_error(tmp_path: Path) -> None:
    """Old scripts try ``auto`` first, and start their own when that fails."""
    stage = Stage.build(tmp_path, token=False)
    done = stage.code(
        "import ray\ntry:\n    ray.init('head:1', redis_password='')\nexcept ConnectionError:\n    ray.init()"
    )
    assert [call["args"] for call in calls(done)] == [[None]]


def test_script_that_tries_auto_first_starts_its_own_in_the_end(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path, token=False)
    text = "import ray\ntry:\n    ray.init('auto', redis_password='x')\nexcept TypeError:\n    ray.init()\nray.init()"
    done = stage.code(text)
    assert calls(done)[0]["args"] == ["auto"], "Ray itself says that there is none"
    assert "RAY_AUTH_TOKEN_PATH" not in calls(done)[0]["env"]
    assert calls(done)[1]["env"]["RAY_AUTH_TOKEN_PATH"] == str(stage.token_file)
    assert stage.token_file.exists()


def test_function_is_the_same_in_every_module_that_has_it(stage: Stage) -> None:
    done = stage.code("import pickle, ray\nassert pickle.loads(pickle.dumps(ray.init)) is ray.init")
    assert done.returncode == 0, done.stderr


def test_failed_join_says_why(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path, token=False)
    done = stage.code(f"import ray\nray.init('127.0.0.1:1', redis_password={PASSWORD!r})", env={"SHIM_JOIN_PORT": "1x"})
    assert done.returncode == 1
    assert "JoinError" in done.stderr
    assert PASSWORD not in done.stdout
    assert "SHIM_JOIN_PORT" in done.stderr or "join-port" in done.stderr


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("ray.init(redis_password=123)", "redis_password is of type int, not a string."),
        ("ray.init(redis_password='a', _redis_password='b')", "redis_password and _redis_password give different"),
        ("ray.init(redis_pasword='a')", "Did you mean redis_password?"),
        ("ray.init(redis_address='a:1', address='b:1')", "redis_address and address are two names"),
    ],
)
def test_bad_call_is_an_error_at_its_own_line(stage: Stage, call: str, said: str) -> None:
    done = stage.code(f"import ray\n\n\ndef main():\n    {call}\n\n\nmain()\n")
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
    assert 'driver.py", line 5, in main' in done.stderr
    assert done.stderr.count("File ") == 3, "one frame of ours at most"


def test_password_of_the_script_and_of_the_person_must_agree(stage: Stage) -> None:
    done = stage.code("import ray\nray.init(redis_password='a')", env={"RAY_REDIS_PASSWORD": "b"})
    assert done.returncode == 1
    assert "redis_password= and RAY_REDIS_PASSWORD give different Redis passwords" in done.stderr


def test_ray_without_tokens_is_named_with_the_upgrade(stage: Stage) -> None:
    done = stage.code("import ray\nray.init()", env={"STUB_RAY_VERSION": "2.51.2"})
    assert "Ray 2.51.2 has no token authentication" in done.stderr
    assert "pip install" in done.stderr


def test_variable_that_may_belong_to_another_program_stays(stage: Stage) -> None:
    text = "import os, subprocess\nsubprocess.run(['sh', '-c', 'echo $REDIS_PASSWORD'])"
    assert "theirs" in stage.code(text, env={"REDIS_PASSWORD": "theirs"}).stdout


@pytest.mark.parametrize(("version", "call", "told"), [("2.53.0", "", 1), ("2.53.0", "'h:1'", 0), ("2.54.1", "", 0)])
def test_open_port_of_a_local_ray_is_told(stage: Stage, version: str, call: str, told: int) -> None:
    done = stage.code(f"import ray\nray.init({call})", env={"STUB_RAY_VERSION": version})
    assert sum("port 52365" in note for note in notes(done)) == told
    assert len(calls(done)) == 1


def test_script_reads_the_password_variable_and_its_children_do_not_inherit_it(stage: Stage) -> None:
    done = stage.code(
        """
        import os, subprocess, sys
        import ray
        ray.init("h:1", redis_password=os.environ["RAY_REDIS_PASSWORD"])
        show = "import os; print('CHILD', 'RAY_REDIS_PASSWORD' in os.environ)"
        subprocess.run([sys.executable, "-c", show])
        print("OWN", b"RAY_REDIS_PASSWORD" in open("/proc/self/environ", "rb").read())
        print("AGAIN", os.environ["RAY_REDIS_PASSWORD"])
        """,
        env={"RAY_REDIS_PASSWORD": PASSWORD},
    )
    assert "CHILD False" in done.stdout
    assert "OWN False" in done.stdout
    assert f"AGAIN {PASSWORD}" in done.stdout
    assert "RAY_REDIS_PASSWORD" not in calls(done)[0]["env"], "Ray's processes get a copy of os.environ"


@pytest.mark.parametrize("python", [sys.executable, other_python()])
def test_everything_is_as_with_plain_python(tmp_path: Path, python: str | None) -> None:
    if python is None:
        pytest.skip("there is no Python 3.9 or 3.10 here. Try: uv python install 3.9")
    stage = Stage.build(tmp_path, python)
    script = stage.write(
        "driver.py",
        """
        import json, os, sys, pickle, ray
        def f(): pass
        ray.init(address="h:1")
        shown = dict(argv=sys.argv, name=__name__, path=sys.path, file=__file__, pickled=str(pickle.dumps(f)),
                     loader=type(ray.__spec__.loader).__name__, stdin=sys.stdin.read(), modules="compat" in sys.modules,
                     shim="shim" in sys.modules, executable=sys.executable, flags=str(sys.flags), cwd=os.getcwd())
        print(json.dumps(shown))
        sys.exit(int(sys.argv[1]))
        """,
    )
    for words in (
        [script.name, "3"],
        ["-u", script, "4", "--x", "-"],
        ["-m", "driver", "0"],
        ["-", "0"],
        ["-Bc", script.read_text(), "5"],
    ):
        stdin = script.read_text().replace("__file__", "''") if words[0] == "-" else "input"
        without_file = [str(word).replace("__file__", "''") for word in words]
        plain, ours = stage.plain(*without_file, stdin=stdin), stage.run(*without_file, stdin=stdin)
        assert ours.returncode == plain.returncode, ours.stderr
        assert json.loads(ours.stdout.splitlines()[-1]) == json.loads(plain.stdout.splitlines()[-1])
        assert ours.stderr == plain.stderr


def test_legacy_call_works_in_an_older_python(tmp_path: Path) -> None:
    python = other_python()
    if python is None:
        pytest.skip("there is no Python 3.9 or 3.10 here. Try: uv python install 3.9")
    done = Stage.build(tmp_path, python).code("import ray\nray.init(redis_address='h:1', redis_password='x')")
    assert [call["args"] for call in calls(done)] == [["h:1"]] or calls(done)[0]["kwargs"] == {}, done.stderr
    assert len(notes(done)) == 2


def test_own_sitecustomize_runs_and_the_path_shows_nothing_of_ours(stage: Stage) -> None:
    stage.write("../site/sitecustomize.py", "import sys\nsys.mine = 'ran'\n")
    done = stage.code("import sys, sitecustomize\nprint(sys.mine, sitecustomize.__file__, sys.path)")
    assert "ran" in done.stdout
    assert str(stage.site / "sitecustomize.py") in done.stdout
    assert "hook" not in done.stdout


def test_broken_ray_fails_with_the_traceback_it_has_anyway(stage: Stage) -> None:
    stage.write("ray/__init__.py", "def f():\n    1 / 0\n\n\nf()\n")
    stage.write("driver.py", "import ray\n")
    assert stage.run("driver.py").stderr == stage.plain("driver.py").stderr


def test_module_of_the_persons_own_called_ray_is_left_alone(stage: Stage) -> None:
    stage.write("ray.py", "def init(**kwargs):\n    print('mine', kwargs)\n")
    done = stage.code("import ray\nray.init(redis_password='x')")
    assert "mine {'redis_password': 'x'}" in done.stdout


def test_tracebacks_of_rays_own_errors_have_one_frame_of_ours(stage: Stage) -> None:
    done = stage.code("import ray\nray.init(something_of_a_fork=1)")
    assert "RuntimeError: Unknown keyword argument(s): something_of_a_fork" in done.stderr
    assert sum("legacy/hook" in line for line in done.stderr.splitlines()) == 1


def test_spawned_processes_are_translated_and_import_main_as_ever(stage: Stage) -> None:
    done = stage.code(
        """
        import multiprocessing
        import ray

        def work(x):
            ray.init("h:1", redis_password="pw")
            return __name__, x

        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(work, [1]))
        """
    )
    assert "[('__mp_main__', 1)]" in done.stdout, done.stderr
    assert len(calls(done)) == 1


def test_no_secret_is_in_environment_or_words(stage: Stage) -> None:
    done = stage.code(
        """
        import os, pathlib
        for name in ("environ", "cmdline"):
            print(pathlib.Path("/proc/self", name).read_bytes())
        print(sorted(os.listdir("/proc/self/fd")), dict(os.environ).get("SHIM_RUN"))
        """,
        env={"RAY_REDIS_PASSWORD": PASSWORD, "RAY_AUTH_TOKEN": TOKEN},
    )
    assert done.returncode == 0
    assert PASSWORD not in done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_token_of_a_variable_is_handed_on_as_a_path(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path, token=False)
    done = stage.code(
        "import os, ray\nray.init('h:1')\nprint(open(os.environ['RAY_AUTH_TOKEN_PATH']).read())",
        env={"RAY_AUTH_TOKEN": TOKEN},
    )
    assert TOKEN in done.stdout
    assert "RAY_AUTH_TOKEN" not in calls(done)[0]["env"]


@pytest.mark.parametrize("option", ["-I", "-uE", "-BS"])
def test_options_that_shut_the_hook_out_are_refused(stage: Stage, option: str) -> None:
    done = stage.run(option, stage.write("driver.py", "print('ran')"))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"With -{option[-1]}, shim cannot help" in done.stderr


def test_password_file_is_handed_to_the_join_and_not_to_the_environment(stage: Stage) -> None:
    secret = stage.write("secret", PASSWORD + "\n")
    done = stage.run("--redis-password-file", secret, stage.write("d.py", "import ray\nray.init(redis_password='b')"))
    assert "redis_password= and --redis-password-file give different" in done.stderr
    empty = stage.run("--redis-password-file", stage.write("empty", ""), "d.py")
    assert (empty.returncode, empty.stdout) == (1, "")


def test_variable_that_was_named_is_not_inherited(stage: Stage) -> None:
    text = "import os, subprocess\nprint(os.environ['MINE'])\nsubprocess.run(['sh', '-c', 'echo child: $MINE'])"
    done = stage.run("--redis-password-env", "MINE", stage.write("d.py", text), env={"MINE": PASSWORD})
    assert sorted(done.stdout.split()) == ["child:", PASSWORD]


def test_password_in_the_scripts_words_is_remarked_once(stage: Stage) -> None:
    done = stage.code("import sys; print(sys.argv[1:])", "--redis-password", PASSWORD)
    assert PASSWORD in done.stdout, "the script gets what it was given"
    assert [note for note in notes(done) if "any local user can read" in note] == notes(done)
    assert len(notes(done)) == 1
    assert PASSWORD not in done.stderr


def test_nothing_to_run_is_a_wrong_call(stage: Stage) -> None:
    assert stage.run().returncode == 2
    assert stage.run("--redis-password=x", "d.py").returncode == 2
    assert "Examples:" in stage.run("-h").stdout
