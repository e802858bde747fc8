"""shim explain as people call it: words, standard input, exit codes, colours."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.imports import ROOT

SHIM = [sys.executable, "-c", "from shim.cli.entry import main; main()", "explain"]


def run(*arguments: str, given: str | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [*SHIM, "--ray-version", "2.60.0", *arguments]
    environment = {**os.environ, "COLUMNS": "100", **environ}
    return subprocess.run(command, input=given or "", capture_output=True, text=True, cwd=ROOT, env=environment)


@pytest.mark.parametrize(
    "arguments",
    [
        ["ray start --head --redis-password=s3cret"],
        ["--", "ray", "start", "--head", "--redis-password=s3cret"],
        ["ray", "start", "--head", "--redis-password", "s3cret"],
        ["--as", "command", "ray start --head --redis-password=s3cret"],
        ["--as=command", "--", "ray", "start", "--head", "--redis-password=s3cret"],
    ],
)
def test_a_command_line_is_one_word_or_many(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert "this password protects nothing" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "name",
    ["--redis-shard-ports", "-Dray.redis.password", "-Dray.redis.head-password", "--redis_password", "RAY_TOKEN"],
)
def test_a_name_needs_no_quoting_though_it_looks_like_an_option(name: str) -> None:
    done = run(name)
    assert done.returncode == 0, done.stderr
    assert "Usage" not in done.stdout


def test_a_log_comes_from_standard_input() -> None:
    log = "started\nRay x\nNOAUTH Authentication required.\nsecret s3cret\n"
    for arguments in (["-"], []):
        done = run(*arguments, given=log)
        assert done.returncode == 0, done.stderr
        assert "line 3, said by Redis, Valkey" in done.stdout
        assert "s3cret" not in done.stdout


def test_what_is_no_text_is_read_all_the_same() -> None:
    command = [*SHIM, "--ray-version", "2.60", "-"]
    done = subprocess.run(command, input=b"\xff\xfe\x00 NOAUTH Authentication required.", capture_output=True, cwd=ROOT)
    assert done.returncode == 0


def test_nothing_known_is_1_and_names_the_nearest() -> None:
    done = run("redis_pasword")
    assert done.returncode == 1
    assert "Did you mean" in done.stdout


@pytest.mark.parametrize(("arguments", "fix"), [(["-"], "shim explain -"), (["--ray-version", "x", "y"], "2.60.0")])
def test_called_wrongly_is_2(arguments: list[str], fix: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert fix in done.stderr


def test_json_comes_wherever_it_is_asked_for() -> None:
    for arguments in (["--json", "RAY_TOKEN"], ["RAY_TOKEN", "--json"]):
        found = json.loads(run(*arguments).stdout)
        assert (found["kind"], found["known"], found["protects"]) == ("variable", True, False)


def test_the_ray_beside_is_asked_for_its_version() -> None:
    done = subprocess.run([*SHIM, "--json", "RAY_TOKEN"], capture_output=True, text=True, cwd=ROOT)
    assert json.loads(done.stdout)["ray"].startswith(("2.", "3."))


def screen(**environ: str) -> bytes:
    """Return what a terminal gets."""
    ours, theirs = pty.openpty()
    command = [*SHIM, "--ray-version", "2.60", "RAY_TOKEN"]
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, cwd=ROOT, env={**plain, **environ}):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the terminal's other side is closed
                break
            shown += part
    os.close(ours)
    return shown


def test_colours_are_for_terminals_and_not_with_no_color() -> None:
    assert b"\x1b[" in screen(TERM="xterm")
    assert b"\x1b[" not in screen(TERM="xterm", NO_COLOR="1")
    assert "\x1b[" not in run("RAY_TOKEN").stdout
