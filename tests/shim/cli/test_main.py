"""Errors are two sentences on standard error with the right exit code; results alone are on standard output."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from compat.errors import LegacyError
from shim.cli import main
from shim.errors import ShimError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.shim.cli.conftest import Said

HEAVY = ("redis", "hiredis", "cryptography", "h2", "zxcvbn", "ray", "asyncio", "ssl")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ShimError("It is so.", fix="Do that."), 1),
        (ShimError("It is so.", fix="Do that.", exit_code=3), 3),
        (UsageError("It is so.", fix="Do that."), 2),
        (LegacyError("It is so.", fix="Do that."), 2),
    ],
)
def test_an_error_is_two_lines_and_a_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(main.cli, "main", fail)
    with pytest.raises(SystemExit) as ended:
        main.run(["x"])
    assert ended.value.code == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "Error: It is so.\nTry:   Do that.\n"


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1), (10, 10), ("text", 0)])
def test_what_a_command_returns_is_the_exit_code(returned: object, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main.cli, "main", lambda *_, **__: returned)
    with pytest.raises(SystemExit) as ended:
        main.run([])
    assert ended.value.code == code


def test_an_interrupted_question_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise click.Abort

    monkeypatch.setattr(main.cli, "main", stop)
    with pytest.raises(SystemExit) as ended:
        main.run([])
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Aborted.\n"


WRONG = {
    "an unknown command": (["strat"], "Did you mean 'start'?"),
    "another": (["frobnicate"], "There is no command 'frobnicate'."),
    "an unknown option": (["status", "--nope"], "No such option"),
    "a misspelt option of ours": (["start", "--joinport=7"], "--join-port"),
    "a misspelt option of ray's": (["start", "--head", "--redis-prot=7"], "Did you mean"),
    "a missing option": (["token", "fetch"], "Missing option '--address'"),
    "a missing value": (["start", "--name"], "--name has no value"),
    "a value that is none": (["start", "--join-port=x"], "--join-port"),
    "a port too high": (["join", "open", "--join-port=65536"], "--join-port"),
    "an address that is none": (["token", "fetch", "--address=ray://h:1", "--redis-password=x"], "is not HOST:PORT"),
    "a name that is none": (["join", "status", "--name=../x"], "cannot be the name of a cluster"),
    "a shell that is none": (["completion", "csh"], "csh"),
    "a stray word": (["token", "fetch", "--address=h:1", "word"], "no option"),
    "no password and no terminal": (["token", "fetch", "--address=h:1"], "no terminal to ask on"),
}


@pytest.mark.parametrize(("words", "named"), WRONG.values(), ids=WRONG)
def test_a_wrong_call_is_explained_on_standard_error_with_code_2(
    words: list[str], named: str, shim: Callable[..., Said]
) -> None:
    said = shim(*words)
    assert (said.code, said.out) == (2, "")
    assert named in said.err
    assert re.search(r"^Error: ", said.err, re.MULTILINE)
    assert re.search(r"^Try:? ", said.err, re.MULTILINE), "what to do"
    assert "Traceback" not in said.err


FAILED = {
    "no token": (["token", "show"], "There is no token"),
    "no head": (["join", "status"], "No head of cluster 'default' runs"),
    "no head to close": (["join", "close", "--name", "x"], "No head of cluster 'x' runs"),
    "no such ray": (["start", "--head", "--ray-bin=/none"], "There is no program /none"),
    "no such file": (["token", "fetch", "--address=h:1", "--redis-password-file=/none"], "/none cannot be read"),
}


@pytest.mark.parametrize(("words", "named"), FAILED.values(), ids=FAILED)
def test_a_failure_is_explained_on_standard_error_with_code_1(
    words: list[str], named: str, shim: Callable[..., Said]
) -> None:
    said = shim(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"Error: {named}")
    assert "\nTry:   " in said.err


@pytest.mark.parametrize("option", ["--redis-pasword=s3cret", "--redis_password=s3cret", "--nope=s3cret"])
@pytest.mark.parametrize("words", [["status"], ["stop"], ["token", "show"], ["join", "open"], ["start", "--head"]])
def test_no_error_repeats_a_value(words: list[str], option: str, shim: Callable[..., Said]) -> None:
    said = shim(*words, option, RAY_REDIS_PASSWORD="another-s3cret", PATH="/nowhere")
    assert said.code != 0
    assert "s3cret" not in said.out + said.err


def test_without_a_command_the_help_is_shown(shim: Callable[..., Said]) -> None:
    said = shim()
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: shim [OPTIONS] COMMAND")


def test_the_version_is_told(shim: Callable[..., Said]) -> None:
    import shim as package

    assert shim("--version") == shim("-V")
    assert shim("--version").out == f"shim {package.__version__}\n"


def loaded(*words: str) -> set[str]:
    """Return the names of all modules that a command imports."""
    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    code += "from shim.cli.entry import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "words",
    [["--help"], ["token", "show"], ["token", "show", "--fingerprint"], ["token", "path"], ["start", "-h"], ["stop"]],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(words: list[str]) -> None:
    assert not loaded(*words) & set(HEAVY)


def test_a_command_does_not_import_the_others() -> None:
    assert not loaded("token", "path") & {"shim.cli.start", "shim.cli.join", "shim.cluster.plan", "shim.store"}


@pytest.mark.parametrize("words", [["token", "show"], ["--nope"]], ids=" ".join)
def test_colour_is_for_terminals_that_want_it(
    words: list[str], shim: Callable[..., Said], terminal: Callable[..., Said]
) -> None:
    assert "\x1b[" not in shim(*words).err
    assert "\x1b[" not in terminal(*words, NO_COLOR="1").out


def test_an_error_has_colour_on_a_terminal(terminal: Callable[..., Said]) -> None:
    assert "\x1b[" in terminal("token", "show").out
    assert "\x1b[" in terminal("token", "show", NO_COLOR="").out  # no-color.org: empty counts as not set


JSON = {
    "status": (["status", "--json"], 1, {"version": 1, "nodes": []}),
    "status of all": (["status", "--all", "--json"], 1, {"version": 1, "nodes": []}),
    "stop": (["stop", "--json"], 0, {"version": 1, "stopped": []}),
}


@pytest.mark.parametrize(("words", "code", "record"), JSON.values(), ids=JSON)
def test_json_is_json_with_a_version(
    words: list[str], code: int, record: dict[str, object], shim: Callable[..., Said]
) -> None:
    said = shim(*words)
    assert (said.code, said.err) == (code, "")
    assert json.loads(said.out) == record


def test_where_nothing_was_started_nothing_is_made(shim: Callable[..., Said], own_home: Path) -> None:
    assert shim("status").out == "Nothing was started here (or not by shim).\nNext: shim start --head\n"
    assert shim("stop").out == "Nothing was started here under the name 'default'.\n"
    assert shim("stop", "--all").code == 0
    assert list(own_home.iterdir()) == []


def test_a_reader_that_hangs_up_early_is_no_traceback(own_home: Path) -> None:
    command = f"{sys.executable} -m shim token path | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=os.environ)
    assert "Traceback" not in done.stderr
