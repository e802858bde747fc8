"""`shim.init`, `shim.install`, `shim.uninstall`; the translation in a worker; and names that a project has too."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from shim.errors import UsageError
from shim.legacy.hook import carry
from shim.legacy.python_options import python_options, refuse_closed_door
from tests.shim.legacy.driver_stage import ROOT, Stage, calls, notes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage.build(tmp_path)


def code(stage: Stage, text: str) -> Any:
    """Run plain Python on a script; shim is importable, as after pip install."""
    script = stage.write("driver.py", text)
    return stage.plain(script.name, env={"PYTHONPATH": f"{stage.site}:{ROOT}"})


def test_init_translates_and_returns_what_ray_returns(stage: Stage) -> None:
    done = code(stage, "import shim\nprint(shim.init(redis_address='h:1', redis_password='pw', num_cpus=1))")
    assert "the context" in done.stdout, done.stderr
    assert [(call["args"], call["kwargs"]) for call in calls(done)] == [(["h:1"], {"num_cpus": 1})]
    assert len(notes(done)) == 2


def test_init_leaves_ray_itself_as_it_is(stage: Stage) -> None:
    done = code(
        stage, "import ray, shim\nreal = ray.init\nshim.init('h:1', redis_password='x')\nassert ray.init is real"
    )
    assert done.returncode == 0, done.stderr


def test_install_and_uninstall_are_exact_and_idempotent(stage: Stage) -> None:
    done = code(
        stage,
        """
        import sys
        import ray, ray.util.client.worker
        import shim
        shown = lambda: [ray.init, ray.client, ray.util.connect, ray._private.worker.init,
                         ray.remote_function.pickle_dumps,
                         ray._private.function_manager.pickle_dumps, ray.util.client.worker.Worker._dumps_from_client]
        before, finders = shown(), len(sys.meta_path)
        shim.uninstall()
        shim.install()
        inside = shown()
        shim.install()
        assert shown() == inside and not set(before) & set(inside)
        ray.init("h:1", redis_password="x")
        shim.uninstall()
        shim.uninstall()
        assert shown() == before
        assert not any(type(one).__name__ == "RayFinder" for one in sys.meta_path)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert len(calls(done)) == 1


def test_uninstall_respects_what_others_put_there(stage: Stage) -> None:
    done = code(
        stage,
        "import ray, shim\nshim.install()\nray.init = mine = lambda: 1\nshim.uninstall()\nassert ray.init is mine",
    )
    assert done.returncode == 0, done.stderr


def test_install_waits_for_ray_to_be_imported(stage: Stage) -> None:
    done = code(
        stage, "import sys, shim\nshim.install()\nassert 'ray' not in sys.modules\nimport ray\nray.init(redis_port=1)"
    )
    assert len(calls(done)) == 1, done.stderr


def test_install_under_shim_run_changes_nothing(stage: Stage) -> None:
    stage.write(
        "driver.py",
        "import ray\na = ray.init\nimport shim\nshim.install()\nassert a is ray.init\nray.init(redis_port=1)",
    )
    done = stage.run("driver.py", env={"PYTHONPATH": f"{stage.site}:{ROOT}"})
    assert len(calls(done)) == 1, done.stderr


def test_import_of_shim_is_light() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import shim, sys; print(sorted(sys.modules))"], cwd=ROOT, capture_output=True, text=True
    )
    assert "'compat'" not in done.stdout
    assert "click" not in done.stdout


def test_function_brings_the_translation_to_a_worker_that_has_no_shim(stage: Stage) -> None:
    """Its module may call ray.init when it is imported; and what it sends on brings the translation too."""
    stage.write("there/model.py", "import ray\nray.init('h:1', redis_password='x')\ndef work():\n    return 'done'\n")
    sent = code(
        stage,
        """
        import sys, os, ray, shim
        sys.path.append("there")
        os.environ["STUB_RAY_INITIALIZED"] = ""
        shim.install()
        import model
        sys.stdout.write("SENT " + ray._private.function_manager.pickle_dumps(model.work, "no").hex())
        """,
    )
    data = re.search(r"SENT (\w+)", sent.stdout)
    assert data, sent.stderr
    assert len(data[1]) / 2 < 40_000
    worker = f"""
        import pickle, sys, ray
        sys.path.append("there")
        function = pickle.loads(bytes.fromhex("{data[1]}"))
        print(function(), "shim" in sys.modules, "compat" in sys.modules)
        ray.init(redis_port=1)
        assert pickle.loads(ray.remote_function.pickle_dumps(len, "")) is len
        assert len(ray.remote_function.pickle_dumps(len, "")) > 9000
    """
    stage.write("worker.py", worker)
    done = stage.plain("-I", "-c", f"import sys; sys.path[:0] = ['.', {str(stage.site)!r}]; import worker",
                       env={"STUB_RAY_INITIALIZED": "1"})  # fmt: skip
    assert "done False False" in done.stdout, done.stderr
    assert [call["args"] for call in calls(done)] == [["h:1"], [None]]
    assert notes(done) == [], "the driver has said it"


def test_what_cannot_be_pickled_is_explained_by_ray_alone(stage: Stage) -> None:
    done = code(
        stage,
        """
        import ray, shim, threading
        shim.install()
        try:
            ray.remote_function.pickle_dumps(threading.Lock(), "no")
        except TypeError as error:
            print(error)
        """,
    )
    assert done.stdout == "cannot pickle '_thread.lock' object\n", done.stderr


def test_luggage_is_all_that_a_translation_needs(stage: Stage) -> None:
    done = stage.code(
        """
        import sys, json, ray
        ray.init("h:1", redis_password="x")
        ray.remote_function.pickle_dumps(len, "")
        print(json.dumps([name for name in sys.modules if name.startswith("_shim_")]))
        """
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1])) - {"_shim_private", "_shim_hook.finder"}
    listed = {f"{package}.{name}".strip(".") for package, names in carry.NEEDED.items() for name in names}
    assert loaded == listed


@pytest.mark.parametrize("names", [("compat.py", "shim.py"), ("compat/__init__.py", "shim/__init__.py")])
@pytest.mark.parametrize("path", ["script folder", "PYTHONPATH"])
def test_modules_of_the_same_names_are_the_projects_own(stage: Stage, names: tuple[str, str], path: str) -> None:
    where = "" if path == "script folder" else "lib/"
    for name in names:
        stage.write(where + name, "MINE = __name__\n")
    script = stage.write(
        "driver.py", "import compat, shim, ray\nray.init(redis_port=1)\nprint(compat.MINE, shim.MINE)\n"
    )
    environ = {"PYTHONPATH": f"{stage.folder / where}:{stage.site}:{ROOT}"}
    done = stage.run(script.name, env=environ)
    assert done.stdout.splitlines()[-1] == "compat shim", done.stderr
    assert len(calls(done)) == 1


def test_import_shim_works_beside_a_compat_of_the_projects_own(stage: Stage) -> None:
    stage.write("compat.py", "MINE = 1\n")
    done = code(
        stage, "import shim, compat\nshim.init(redis_port=1)\nimport compat as again\nprint(compat.MINE, again.MINE)"
    )
    assert done.stdout.splitlines()[-1] == "1 1", done.stderr


def test_join_is_asked_of_our_own_modules(tmp_path: Path) -> None:
    """The token is made by a shim that is started from the project's folder, with its shim.py on PYTHONPATH."""
    stage = Stage.build(tmp_path, token=False)
    for name in ("shim.py", "compat.py"):
        stage.write(name, "raise SystemExit('the wrong one')\n")
    stage.write("driver.py", "import ray\nray.init(redis_password='x')\n")
    done = stage.run("driver.py", env={"PYTHONPATH": f"{stage.site}:{stage.folder}"})
    assert len(calls(done)) == 1, done.stderr
    assert stage.token_file.exists()


def test_call_back_does_not_import_from_the_drivers_folder(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path, token=False)
    stage.write("click.py", "raise SystemExit('the wrong one')\n")
    stage.write("driver.py", "import ray\nray.init(redis_password='x')\n")
    done = stage.run("driver.py")
    assert len(calls(done)) == 1, done.stderr


def test_program_is_ours_whatever_is_on_the_path(stage: Stage) -> None:
    """This is how the console script starts us."""
    for name in ("shim.py", "compat.py"):
        stage.write(name, "raise SystemExit('the wrong one')\n")
    start = "from ray_redis_shim import main; main()"
    program = [sys.executable, "-c", start, "run", "--help"]
    environ = stage.environ({"PYTHONPATH": f"{stage.folder}:{ROOT}"})
    done = subprocess.run(program, cwd=stage.folder, env=environ, capture_output=True, text=True)
    assert "Examples:" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["s.py", "-I"], []),
        (["-u", "-X", "dev", "s.py", "-E"], ["-u", "-X"]),
        (["-Wignore", "-Xdev", "-m", "x", "-I"], ["-Wignore", "-Xdev", "-m"]),
        (["-Bc", "-I", "-S"], ["-Bc"]),
        (["-cI", "-I"], ["-cI"]),
        (["-", "-I"], []),
        (["--check-hash-based-pycs", "always", "-q", "--", "-I"], ["--check-hash-based-pycs", "-q"]),
    ],
)
def test_options_of_python_end_where_the_script_begins(words: list[str], options: list[str]) -> None:
    assert python_options(words) == options
    refuse_closed_door(words)


@pytest.mark.parametrize("words", [["-I", "s.py"], ["-uIm", "x"], ["-X", "dev", "-S", "s.py"], ["-E", "-c", "1"]])
def test_each_closed_door_is_seen(words: list[str]) -> None:
    with pytest.raises(UsageError, match="shim cannot help"):
        refuse_closed_door(words)
