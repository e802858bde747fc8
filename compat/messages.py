"""Every known error message, in one table, and how to find them in a log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from compat import (
    messages_arguments,
    messages_gcs,
    messages_kubernetes,
    messages_network,
    messages_redis,
    messages_tokens,
)
from compat.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MESSAGES", "Found", "Message", "alike", "find"]

MESSAGES: tuple[Message, ...] = (
    *messages_arguments.MESSAGES,
    *messages_tokens.MESSAGES,
    *messages_redis.MESSAGES,
    *messages_gcs.MESSAGES,
    *messages_kubernetes.MESSAGES,
    *messages_network.MESSAGES,
)

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_WORD = re.compile(r"[a-z]{4,}")
_ENOUGH = 0.5  # of a sample's words


@dataclass(frozen=True)
class Found:
    """A known message in a text.

    Attributes:
        message: The row of the table.
        line: Where it first stands, counted from 1.
        times: How often it stands in the text.
        names: What the pattern's groups matched: names of options and arguments, never values.
    """

    message: Message
    line: int
    times: int
    names: Mapping[str, str]

    @property
    def cause(self) -> str:
        """The cause, with the names filled in."""
        return _fill(self.message.cause, self.names)

    @property
    def fix(self) -> tuple[str, ...]:
        """The steps, with the names filled in."""
        return tuple(_fill(step, self.names) for step in self.message.fix)


def find(text: str) -> list[Found]:
    """Find every known message in a log or traceback, most specific first.

    A message that names its cause comes before a mere symptom, a longer wording before a shorter one; one that is
    only a part of another is left out.
    """
    text = _COLOUR.sub("", text)
    matches = [(row, list(row.regex.finditer(text))) for row in MESSAGES]
    spans = [match.span() for _, found in matches for match in found]
    rows = []
    for row, found in matches:
        own = [match for match in found if not any(_inside(match.span(), span) for span in spans)]
        if own:
            longest = max(len(match[0]) for match in own)
            rows.append((row.symptom, -longest, own[0].start(), _found(row, own, text)))
    return [found for *_, found in sorted(rows, key=lambda each: each[:3])]


def alike(text: str, most: int = 3) -> list[Message]:
    """Return the messages that share the most words with a text in which no known one stands."""
    words = set(_WORD.findall(text.lower()))
    scores = [(max(_shared(words, sample) for sample in row.samples), row) for row in MESSAGES]
    close = [(score, row) for score, row in scores if score >= _ENOUGH]
    return [row for _, row in sorted(close, key=lambda each: -each[0])[:most]]


def _shared(words: set[str], sample: str) -> float:
    wanted = set(_WORD.findall(sample.lower()))
    return len(words & wanted) / len(wanted) if wanted else 0.0


def _inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= span[0] and span[1] <= other[1] and other[1] - other[0] > span[1] - span[0]


def _found(row: Message, own: list[re.Match[str]], text: str) -> Found:
    names = {name: value for name, value in own[0].groupdict().items() if value}
    return Found(row, text.count("\n", 0, own[0].start()) + 1, len(own), MappingProxyType(names))


def _fill(template: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        template = template.replace(f"{{{name}}}", value)
    return template
