"""Translate a legacy ``ray`` command line other than ``ray start``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .argv import Part, Takes, read
from .errors import LegacyError
from .note import Note, Sure
from .ray_commands import GLOBAL, OPTIONS, RENAMED, TOOK_PASSWORD
from .ray_start import NEWEST
from .releases import FIRST_TOKEN, UNGUARDED
from .spelling import nearest
from .start_credentials import PASSWORD_OPTIONS, Given, refuse_disagreement
from .version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Command", "Given", "translate_command"]


@dataclass(frozen=True)
class Command:
    """A ``ray`` command line, translated.

    Attributes:
        name: The command (``status``); empty if there is none.
        ray_args: What the target's ``ray`` gets: order kept, no password in it.
        passwords: Every place that gave a legacy password; they all gave the same one.
        notes: What changed.
    """

    name: str
    ray_args: tuple[str, ...]
    passwords: tuple[Given, ...]
    notes: tuple[Note, ...]


def translate_command(argv: Sequence[str], target: Version) -> Command:
    """Translate what followed ``ray`` in an old script. Idempotent.

    Args:
        argv: The words after ``ray``, options of ``ray`` itself included. Not for ``start``: that is
            ``compat.start.translate_start``.
        target: The Ray that is to run them.

    Raises:
        LegacyError: a misspelt option, a missing value, or two places that disagree.
        ValueError: the command is ``start``.
    """
    before, name, after = _split(argv)
    if name == "start":
        raise ValueError("ray start is translated by compat.start.translate_start")
    notes: list[Note] = []
    newest = RENAMED.get(name)
    if newest is not None and target.release >= newest[1]:
        notes.append(_note(name, f"ray {name}", f"ray {newest[0]}", newest[1], "renamed it"))
        name = newest[0]
    known = OPTIONS.get(name.replace("_", "-"))
    if known is None:
        return Command(name, (*before, *((name,) if name else ()), *after), (), tuple(notes))
    parts = read(after, {**known, **dict.fromkeys(PASSWORD_OPTIONS, Takes.VALUE)})
    if target.release <= NEWEST:
        _refuse_misspelt(name, parts, known)
    passwords = _find_passwords(parts)
    kept = [word for part in parts for word in _translate_part(name, part, target, notes)]
    return Command(name, (*before, name, *kept), passwords, tuple(dict.fromkeys(notes)))


def _split(argv: Sequence[str]) -> tuple[list[str], str, list[str]]:
    before: list[str] = []
    for part in read(argv, GLOBAL):
        if part.name is None:
            return before, part.words[0], list(argv[len(before) + 1 :])
        before.extend(part.words)
    return before, "", []


def _find_passwords(parts: Sequence[Part]) -> tuple[Given, ...]:
    given = [Given(part.name, part.value) for part in parts if part.name in PASSWORD_OPTIONS and part.value]
    refuse_disagreement(given)
    return tuple(dict.fromkeys(given))


def _translate_part(name: str, part: Part, target: Version, notes: list[Note]) -> tuple[str, ...]:
    if part.name in PASSWORD_OPTIONS:
        notes.append(_password_note(name, part.name, target))
        return ()
    if part.name == "--redis-address" and target.release >= Version(0, 8, 1):
        renamed = part.renamed("--address", Takes.VALUE)
        was, now = f"--redis-address={part.value}", f"--address={part.value}"
        notes.append(_note(f"{name}-redis-address", was, now, Version(0, 8, 1), "renamed it"))
        return renamed.words
    return part.words


def _password_note(name: str, option: str, target: Version) -> Note:
    number = f"{name}-redis-password"
    if name not in TOOK_PASSWORD:
        return _note(number, option, "", None, f"no Ray has it in `ray {name}`")
    if target.release < UNGUARDED:
        return _note(number, option, "the password of Ray's Redis", None, "it still guards Redis in this Ray")
    now = "RAY_AUTH_MODE=token" if target.release >= FIRST_TOKEN else ""
    return _note(number, option, now, UNGUARDED, "stopped checking it")


def _refuse_misspelt(name: str, parts: Sequence[Part], known: Mapping[str, Takes]) -> None:
    for part in parts:
        if part.name is None or part.takes is not None or part.name == "--":
            continue
        meant = nearest(part.name, (*known, *PASSWORD_OPTIONS))
        if meant is not None:
            raise LegacyError(f"`ray {name}` has no option {part.name}.", fix=f"Did you mean {meant}?")


def _note(number: str, was: str, now: str, since: Version | None, why: str) -> Note:
    return Note(f"command-{number.replace('_', '-')}", was, now, since, Sure.CERTAIN, why)
