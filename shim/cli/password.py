"""The places that a legacy password may come from, besides the legacy option and ``RAY_REDIS_PASSWORD``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from shim.errors import ShimError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

F = TypeVar("F", bound="Callable[..., object]")

OPTIONS = ("--redis-password", "--redis_password")


def password_options(command: F) -> F:
    """Add the options that name a place."""
    return click.option(
        "--redis-password-file",
        metavar="FILE",
        help="Read the legacy password from the first line of a file.",
    )(
        click.option(
            "--redis-password-env",
            metavar="NAME",
            help="Read the legacy password from a variable of your own.",
        )(command)
    )


def gather(file: str | None, variable: str | None, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return Ray's words without ``--redis-password=-``, and what the places of ours gave.

    Raises:
        ShimError: A place that was named holds nothing.
    """
    rest, from_stdin = _without_dash(words)
    given = [_read_stdin()] if from_stdin else []
    if file is not None:
        given.append(_read_file(Path(file)))
    if variable is not None:
        if not os.environ.get(variable):
            raise UsageError(f"The variable {variable} is not set, or empty.", fix=f"export {variable}=…")
        given.append(os.environ[variable])
    return rest, given


def prompt(purpose: str) -> str:
    """Ask on the terminal.

    Raises:
        UsageError: There is none.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            f"The Redis password is needed {purpose}, and there is no terminal to ask on.",
            fix="Use --redis-password-file FILE, --redis-password-env NAME, or --redis-password=- and a pipe.",
        )
    return str(click.prompt(f"Redis password ({purpose})", hide_input=True, err=True))


def _without_dash(words: Sequence[str]) -> tuple[list[str], bool]:
    rest: list[str] = []
    found, skip = False, False
    for place, word in enumerate(words):
        if skip:
            skip = False
            continue
        name, _, value = word.partition("=")
        if name in OPTIONS and (value == "-" or (word == name and list(words[place + 1 : place + 2]) == ["-"])):
            found, skip = True, word == name
        else:
            rest.append(word)
    return rest, found


def _read_stdin() -> str:
    if sys.stdin.isatty():
        return prompt("asked for by --redis-password=-")
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise UsageError("Standard input holds no Redis password.", fix="Pipe it in: shim start … < FILE")
    return line


def _read_file(path: Path) -> str:
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ShimError(f"{path} cannot be read: {reason}.", fix=f"Check it: ls -l {path}") from None
    if not lines or not lines[0]:
        raise ShimError(f"{path} holds no password in its first line.", fix=f"Put the password there: {path}")
    return lines[0]
