"""Completion works in every shell, also in the middle of a line."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.shim.cli.conftest import Said


@pytest.mark.parametrize(("shell", "line"), [("bash", "complete "), ("zsh", "compdef "), ("fish", "complete ")])
def test_each_shell_gets_a_script(shell: str, line: str, shim: Callable[..., Said]) -> None:
    said = shim("completion", shell)
    assert (said.code, said.err) == (0, "")
    assert line in said.out
    assert f"_SHIM_COMPLETE={shell}_complete" in said.out


def test_bash_accepts_its_script(shim: Callable[..., Said]) -> None:
    done = subprocess.run(["bash", "-n"], input=shim("completion", "bash").out, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")


def complete(shim: Callable[..., Said], line: str) -> list[str]:
    """Complete the last word of a line, as bash asks."""
    words = line.split(" ")
    said = shim(_SHIM_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    assert said.err == ""
    return [found.partition(",")[2] for found in said.out.splitlines()]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("shim st", {"start", "stop", "status"}),
        ("shim token ", {"show", "path", "generate", "fetch"}),
        ("shim join o", {"open"}),
        ("shim start --jo", {"--join-port", "--join-timeout"}),
        ("shim start --head --port=6379 --num-cpus 4 --jo", {"--join-port", "--join-timeout"}),
        ("shim start --redis-password s3cret --dry", {"--dry-run"}),
        ("shim token fetch --add", {"--address"}),
        ("shim completion ", {"bash", "zsh", "fish"}),
    ],
)
def test_words_are_completed(line: str, wanted: set[str], shim: Callable[..., Said]) -> None:
    assert wanted <= set(complete(shim, line))


@pytest.mark.parametrize(
    "line", ["shim start --name ", "shim start --redis-port ", "shim token fetch --address ", "shim join open --name "]
)
def test_an_option_that_waits_for_its_value_is_no_error(line: str, shim: Callable[..., Said]) -> None:
    complete(shim, line)
