"""Cluster launcher files (``ray up cluster.yaml``) that would start nodes with legacy commands.

Read line by line, not as YAML: what is looked for stands in shell commands, and a person is told line numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from compat.argv import Takes, read
from compat.ray_start import KNOWN
from compat.start_credentials import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compat.version import Version

_VALUES = ("--min-workers", "--max-workers", "--cluster-name", "-n", "--port-forward", "-p", "--node-ip", "--args",
           "--extra-screen-args", "--run-env", "--log-style", "--log-color")  # fmt: skip
_TAKES: Mapping[str, Takes] = MappingProxyType(dict.fromkeys(_VALUES, Takes.VALUE))

_COMMANDS = re.compile(r"(?P<indent>\s*)[\"']?\w+_commands[\"']?\s*:")
_RAY_START = re.compile(r"\bray\s+start\b")
_OPTION = re.compile(r"(?<![\w-])--[A-Za-z][\w-]*")
_COMMENT = re.compile(r"(^|\s)#.*")
_OPENING = ("up", "create-or-update", "create_or_update")
_WITH_START = ("attach", "exec", "exec-cmd", "exec_cmd", "submit")


@dataclass(frozen=True)
class LegacyLine:
    """A line of a launcher file and the legacy options in it, without their values."""

    number: int
    options: tuple[str, ...]

    def __str__(self) -> str:
        return f"line {self.number}: {', '.join(self.options)}"


def starting_file(name: str, words: Sequence[str]) -> str | None:
    """Return the launcher file of a command that starts nodes with it; None when it starts none.

    Args:
        name: The ``ray`` command.
        words: What followed it.
    """
    own = words[: words.index("--")] if "--" in words else words
    if name not in _OPENING and not (name in _WITH_START and "--start" in own):
        return None
    return next((part.words[0] for part in read(own, _TAKES) if part.name is None), None)


def find_legacy_lines(text: str, target: Version) -> list[LegacyLine]:
    """Return the lines whose shell commands give a Redis password, or an option that this Ray has no more."""
    found = []
    for number, line in _command_lines(text):
        options = dict.fromkeys(option for option in _OPTION.findall(line) if _is_legacy(option, target))
        if options:
            found.append(LegacyLine(number, tuple(options)))
    return found


def _is_legacy(name: str, target: Version) -> bool:
    option = KNOWN.get(name)
    return name in CREDENTIALS or (option is not None and option.gone is not None and target.release >= option.gone)


def _command_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines under a key such as ``head_start_ray_commands``, and any other with ``ray start`` in it."""
    depth: int | None = None  # of the key whose commands we are in
    for number, written in enumerate(text.splitlines(), start=1):
        line = _COMMENT.sub("", written)
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        if depth is not None and (indent < depth or (indent == depth and not line.lstrip().startswith("-"))):
            depth = None
        key = _COMMANDS.match(line)
        if key:
            depth = len(key["indent"])
        if depth is not None or _RAY_START.search(line):
            yield number, line
