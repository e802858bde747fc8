"""A command line, taken apart and shown without its secrets."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from compat.start_notes import without_login
from shim.explain.masking import HIDDEN, is_secretive, join, mask_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ENDS = frozenset({"&", "&&", "||", "|", ";", ">", ">>", "2>&1", "<"})
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """A command line, taken apart: variables before it, ``ray``'s command, and the words after."""

    environ: Mapping[str, str]
    name: str
    argv: tuple[str, ...]

    @property
    def token(self) -> bool:
        """Tell whether the line itself turns token mode on."""
        return self.environ.get("RAY_AUTH_MODE", "").lower() == "token"


def split(text: str) -> list[str]:
    """Split a command line as a shell does, as well as it can be done: quotes may be open, lines continued."""
    text = re.sub(r"\\\r?\n", " ", text).strip().removeprefix("$ ")
    try:
        return shlex.split(text)
    except ValueError:
        return text.replace("'", " ").replace('"', " ").split()


def take_apart(words: Sequence[str]) -> Line:
    """Tell variables, ``ray``, its command and the words after it apart; options alone are those of ``start``."""
    environ: dict[str, str] = {}
    for place, word in enumerate(words):
        found = _ASSIGNMENT.fullmatch(word)
        if found:
            environ[found["name"]] = found["value"].rstrip(";")
        elif PurePosixPath(word).name in ("ray", "shim"):
            rest = _until_end(words[place + 1 :])
            return Line(environ, rest[0] if rest else "", rest[1:])
        elif word.startswith("--"):
            return Line(environ, "start", _until_end(words[place:]))
    return Line(environ, "", ())


def _until_end(words: Sequence[str]) -> tuple[str, ...]:
    for place, word in enumerate(words):
        if word in _ENDS:
            return tuple(words[:place])
    return tuple(words)


def names_of(line: Line) -> str:
    """Write a line without its values, for the table of spellings."""
    names = [word.partition("=")[0] for word in line.argv if word.startswith("-")]
    variables = [f"{name}={value}" if name == "RAY_AUTH_MODE" else name for name, value in line.environ.items()]
    return " ".join([*variables, "ray", line.name, *names])


def show(line: Line) -> str:
    """Return a line as it may be shown."""
    variables = [f"{name}={_show_value(name, value)}" for name, value in line.environ.items()]
    return join([*variables, "ray", *mask_after_name((line.name, *line.argv) if line.name else line.argv)])


def _show_value(name: str, value: str) -> str:
    known = name.startswith("RAY_") and not is_secretive(name)
    return without_login(value) if known else HIDDEN


def mask_after_name(words: Sequence[str]) -> list[str]:
    """Mask what follows a command's name, and keep the name."""
    return [*words[:1], *mask_words(words[1:])] if words and not words[0].startswith("-") else mask_words(words)
