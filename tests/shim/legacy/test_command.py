"""``shim ray``: what Ray is given, and that everything else is as with plain ``ray``."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from shim.legacy.command_names import NAMES
from tests.shim.legacy.stage import Stage, add_standin, set_stage, told

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "a5e0c7f2-legacy"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = set_stage(tmp_path)
    made.give_token()
    return made


@pytest.mark.parametrize(
    "words",
    [
        ("status", "-v", "--address=h:1"),
        ("--logging-level", "debug", "list", "actors"),
        ("job", "submit", "--address", "http://h:8265", "--", "python", "x.py", "a b", "$HOME", "*", "", "ü"),
        ("exec", "cluster.yaml", "echo 'a b'"),
        ("a-command-of-tomorrow", "--new=1"),
        ("status", "--an-option-of-tomorrow"),
        ("get-auth-token", "--generate"),
    ],
)
def test_what_is_modern_reaches_ray_word_for_word(stage: Stage, words: tuple[str, ...]) -> None:
    done = stage.shim_ray(*words)
    assert told(done)["argv"][1:] == list(words)
    assert done.stderr == ""


def test_the_password_option_is_dropped_with_a_note_and_is_in_no_argv(stage: Stage) -> None:
    done = stage.shim_ray("status", "--address=h:1", f"--redis_password={PASSWORD}")
    seen = told(done)
    assert seen["argv"][1:] == ["status", "--address=h:1"]
    assert "shim: --redis_password became RAY_AUTH_MODE=token (Ray 1.11.0 stopped checking it)" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_names_from_before_click_7_are_translated(stage: Stage) -> None:
    done = stage.shim_ray("get_head_ip", "c.yaml")
    assert told(done)["argv"][1:] == ["get-head-ip", "c.yaml"]
    assert "ray get_head_ip became ray get-head-ip" in done.stderr


def test_ray_gets_token_mode_and_the_path_of_the_token(stage: Stage) -> None:
    seen = stage.told("status")["environ"]
    assert seen["RAY_AUTH_MODE"] == "token"
    assert seen["RAY_AUTH_TOKEN_PATH"] == str(stage.token)
    assert "RAY_AUTH_TOKEN" not in seen


def test_a_token_in_the_environment_is_handed_on_in_memory(stage: Stage) -> None:
    seen = stage.told("status", RAY_AUTH_TOKEN="from-the-environment")
    assert seen["token"] == "from-the-environment\n"
    assert "from-the-environment" not in json.dumps(seen["environ"])
    assert [path for path in stage.home.rglob("*") if path.is_file()] == [stage.token]


def test_passwords_in_the_environment_do_not_reach_ray(stage: Stage) -> None:
    seen = stage.told("status", RAY_REDIS_PASSWORD=PASSWORD)
    assert PASSWORD not in json.dumps(seen)


def test_another_mode_is_overruled_aloud(stage: Stage) -> None:
    done = stage.shim_ray("status", RAY_AUTH_MODE="disabled")
    assert told(done)["environ"]["RAY_AUTH_MODE"] == "token"
    assert "RAY_AUTH_MODE=disabled became RAY_AUTH_MODE=token" in done.stderr


def test_a_token_file_that_others_can_read_is_tightened(stage: Stage) -> None:
    stage.token.chmod(0o644)
    assert "it is 0600 now" in stage.shim_ray("status").stderr
    assert stage.token.stat().st_mode & 0o777 == 0o600


def test_the_persons_other_variables_reach_ray(stage: Stage) -> None:
    seen = stage.told("status", RAY_ADDRESS="h:1", MINE="a b", PYTHONPATH="/nowhere")["environ"]
    assert (seen["RAY_ADDRESS"], seen["MINE"], seen["PYTHONPATH"]) == ("h:1", "a b", "/nowhere")


def test_a_password_for_the_persons_own_program_goes_on_with_a_warning(stage: Stage) -> None:
    done = stage.shim_ray("job", "submit", "--", "python", "x.py", f"--redis-password={PASSWORD}")
    assert told(done)["argv"][-1] == f"--redis-password={PASSWORD}"
    assert "it is your program's" in done.stderr
    assert PASSWORD not in done.stderr


def test_without_a_token_a_command_that_needs_one_says_where_to_get_it(stage: Stage) -> None:
    stage.token.unlink()
    done = stage.shim_ray("status")
    assert done.returncode == 1
    assert "There is no token" in done.stderr
    assert "shim token fetch" in done.stderr


@pytest.mark.parametrize("words", [("microbenchmark",), ("status", "--help"), ("--version",), ("--help",), ()])
def test_without_a_token_all_else_runs(stage: Stage, words: tuple[str, ...]) -> None:
    stage.token.unlink()
    seen = stage.told(*words)
    assert seen["argv"][1:] == list(words)
    assert seen["environ"]["RAY_AUTH_MODE"] == "token"
    assert seen["token"] is None


@pytest.mark.parametrize("code", [0, 1, 2, 77, 255])
def test_the_exit_code_is_rays(stage: Stage, code: int) -> None:
    assert stage.shim_ray("status", f"exit-{code}").returncode == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("secret", [(), (f"--redis_password={PASSWORD}",)], ids=["as it is", "re-executed"])
def test_a_signal_reaches_ray_itself(stage: Stage, number: signal.Signals, secret: tuple[str, ...]) -> None:
    command = [*stage.shim, "ray", "status", *secret, "wait"]
    child = subprocess.Popen(command, env=stage.environ(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    seen = json.loads(child.stdout.readline())
    assert seen["pid"] == child.pid  # one process: nothing of shim is left to pass anything on
    child.send_signal(number)
    assert child.wait(20) == -number  # a shell shows 128 + number
    child.stdout.close()


def test_standard_input_goes_to_ray(stage: Stage) -> None:
    done = stage.shim_ray("status", "cat", stdin="line 1\nline 2\n")
    assert done.stdout.splitlines()[1:] == ["line 1", "line 2"]


def test_on_a_terminal_ray_is_on_the_terminal(stage: Stage) -> None:
    leader, follower = pty.openpty()
    command = [*stage.shim, "ray", "status"]
    child = subprocess.Popen(command, env=stage.environ(), stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    text = b""
    try:
        while part := os.read(leader, 4096):
            text += part
    except OSError:  # Linux's way of saying that the other end is closed
        pass
    os.close(leader)
    assert child.wait(20) == 0
    assert json.loads(text.splitlines()[0])["tty"] == [True, True, True]


@pytest.mark.parametrize("words", [(), ("stats",), ("stop",)])
def test_completion_is_rays_own(stage: Stage, words: tuple[str, ...]) -> None:
    stage.token.unlink()
    asked = {"_RAY_COMPLETE": "bash_complete", "COMP_WORDS": "ray stat", "COMP_CWORD": "1"}
    done = stage.shim_ray(*words, **asked)
    seen = told(done)
    assert asked.items() <= seen["environ"].items()
    assert seen["argv"][1:] == list(words)
    assert done.stderr == ""


@pytest.mark.ray
def test_shims_completion_offers_what_ray_has(tmp_path: Path, ray_bin: Path, shim_bin: Path) -> None:
    asked = {"_SHIM_COMPLETE": "bash_complete", "COMP_WORDS": "shim ray job su", "COMP_CWORD": "3"}
    done = subprocess.run([shim_bin], env={**os.environ, **asked}, capture_output=True, text=True)
    assert done.stdout.split() == ["plain,submit"], done.stderr


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (["stats"], "There is no command `ray stats`", "Did you mean `ray status`?"),
        (["helth-check"], "There is no command `ray helth-check`", "`ray health-check`"),
        (["status", "--adress=h:1"], "`ray status` has no option --adress", "Did you mean --address?"),
        (["memory", "--redis_pasword=x"], "no option --redis_pasword", "Did you mean --redis_password?"),
        (["status", "--redis_password"], "--redis_password has no value", "--redis_password=VALUE"),
        (["status", "--redis_password", "--address", "h:1"], "--redis_password has no value", "quotes"),
        (["status", "--redis_password=a", "--redis-password=b"], "give different passwords", "Keep one"),
        (["stop", "--forse"], "`ray stop` has no option --forse", "Did you mean --force?"),
        (["stop", "--grace-period"], "--grace-period has no value", "--grace-period=VALUE"),
        (["--logging-level"], "--logging-level has no value", "--logging-level=VALUE"),
    ],
)
def test_a_line_that_is_wrong_says_what_was_meant(stage: Stage, words: list[str], what: str, fix: str) -> None:
    done = stage.shim_ray(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert what in done.stderr
    assert fix in done.stderr


def test_a_misspelt_name_is_left_to_a_ray_that_no_table_knows(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, version="3.1.0")
    stage.give_token()
    assert stage.told("stats")["argv"][1:] == ["stats"]


def test_a_ray_without_tokens_is_refused_with_the_upgrade(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, beside=True, version="2.51.0")
    done = stage.shim_ray("status")
    assert done.returncode == 1
    assert "Ray 2.51.0" in done.stderr
    assert "ray[default]>=2.54" in done.stderr


def test_without_any_ray_it_says_how_to_get_one(stage: Stage) -> None:
    done = stage.shim_ray("status", PATH="/usr/bin:/bin")
    assert done.returncode == 1
    assert "pip install" in done.stderr


def test_the_ray_beside_shim_comes_before_the_one_on_path(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, beside=True)
    stage.give_token()
    other = add_standin(tmp_path / "other", "2.58.1")
    seen = stage.told("status", PATH=f"{other.parent}:/usr/bin:/bin")
    assert seen["cmdline"][1] == str(stage.ray)


def test_own_help_is_on_h_and_rays_on_help(stage: Stage) -> None:
    assert "Usage: shim ray ARGS" in stage.shim_ray("-h").stdout
    assert stage.told("--help")["argv"][1:] == ["--help"]


def test_symmetric_run_finds_the_wrapper_so_that_its_start_and_stop_are_shims(stage: Stage) -> None:
    seen = stage.told("symmetric-run", "--address=h:6379", "--", "python", "x.py")
    first = seen["environ"]["PATH"].split(":")[0]
    assert first.startswith(str(stage.home / ".local/state/shim/bin"))


def test_symmetric_run_takes_no_password_on_its_command_line(stage: Stage) -> None:
    done = stage.shim_ray("symmetric-run", f"--redis-password={PASSWORD}", "--", "x")
    assert done.returncode == 2
    assert "RAY_REDIS_PASSWORD" in done.stderr
    assert PASSWORD not in done.stderr


@pytest.mark.ray
def test_every_command_of_the_real_ray_is_known_by_name(ray_bin: Path) -> None:
    code = "from ray.scripts.scripts import cli; print(*cli.commands)"
    names = subprocess.run([ray_bin.with_name("python"), "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(names.split()) - NAMES == set()
