"""Read a command line as click reads it: which words are options, and which are their values."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import LegacyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRUTHS = frozenset({"1", "0", "true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"})


class Takes(enum.Enum):
    """What follows an option."""

    VALUE = "value"
    FLAG = "flag"
    COUNT = "count"  # -v, -vv, --verbose
    MAYBE = "maybe"  # a flag in some releases, a true-or-false value in others


@dataclass(frozen=True)
class Part:
    """One option with its value, or one word that belongs to no option.

    Attributes:
        name: The option as written, with its dashes; None for any other word. ``--`` and all after it is one
            part.
        value: The option's value, if it has one.
        words: The words of the command line that this part was made of, untouched.
        takes: What the option takes; None if nobody knows the option.
    """

    name: str | None
    value: str | None = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    takes: Takes | None

    @property
    def joined(self) -> bool:
        """True for ``--port=6379``, false for ``--port 6379``."""
        return self.value is not None and len(self.words) == 1

    def renamed(self, name: str, takes: Takes) -> Part:
        """Return the same value under another option, spelled the same way (with ``=`` or a space)."""
        value = self.value or ""
        return Part(name, value, (f"{name}={value}",) if self.joined else (name, value), takes)


def read(argv: Sequence[str], known: Mapping[str, Takes]) -> list[Part]:
    """Split a command line into options and words; ``known`` maps a spelling (``--port``) to what it takes.

    An option that takes a value takes the next word whatever it looks like, as in click.

    Raises:
        LegacyError: an option has no value, or a flag has one.
    """
    parts: list[Part] = []
    place = 0
    while place < len(argv):
        part = _read_part(argv, place, known)
        parts.append(part)
        place += len(part.words)
    return parts


def _read_part(argv: Sequence[str], place: int, known: Mapping[str, Takes]) -> Part:
    word = argv[place]
    if word == "--":
        return Part("--", None, tuple(argv[place:]), None)
    if not word.startswith("-") or word == "-":
        return Part(None, None, (word,), None)
    if re.fullmatch("-v+", word) and known.get("-v") is Takes.COUNT:
        return Part("-v", None, (word,), Takes.COUNT)
    name, equals, value = word.partition("=")
    takes = known.get(name)
    if equals:
        if takes in (Takes.FLAG, Takes.COUNT):
            raise LegacyError(f"{name} takes no value, but has one.", fix=f"Write {name} alone, or leave it out.")
        return Part(name, value, (word,), takes)
    following = argv[place + 1] if place + 1 < len(argv) else None
    if takes is Takes.VALUE:
        if following is None:
            raise LegacyError(f"{name} has no value.", fix=f"Write {name}=VALUE.")
        return Part(name, following, (word, following), takes)
    if takes is Takes.MAYBE and following is not None and following.lower() in _TRUTHS:
        return Part(name, following, (word, following), takes)
    return Part(name, None, (word,), takes)
