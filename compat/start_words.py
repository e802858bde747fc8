"""Words of a ``ray start`` command line that no Ray understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import LegacyError
from .ray_start import KNOWN
from .spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from .argv import Part
    from .version import Version

_SECRETIVE = ("password", "passwd")


def refuse_misspelt(parts: Sequence[Part], known: Collection[str]) -> None:
    """Refuse a near-miss of a known option, and a word that belongs to no option.

    An unknown option that comes close to nothing is left to Ray, with the words after it.

    Raises:
        LegacyError: says what was probably meant. Never holds a value.
    """
    unknown_before = False
    for place, part in enumerate(parts, start=1):
        if part.name is None:
            if not unknown_before:
                raise LegacyError(
                    f"`ray start` takes only options, and word {place} belongs to none.",
                    fix='Put a value with a space into quotes: --redis-password="two words".',
                )
        elif part.takes is None and part.name != "--":
            unknown_before = True
            _refuse_near_miss(part.name, known)


def refuse_too_new(parts: Sequence[Part], target: Version) -> None:
    """Refuse an option that came after the target.

    Raises:
        LegacyError: names the Ray that has it. Ray itself would say so only when it is started.
    """
    for part in parts:
        option = KNOWN.get(part.name or "")
        if option is not None and option.too_new_for(target):
            raise LegacyError(
                f"Ray {target} has no option {option.name}; Ray {option.since} has it.",
                fix=f"Leave {option.name} out, or upgrade Ray.",
            )


def _refuse_near_miss(name: str, known: Collection[str]) -> None:
    meant = nearest(name, known)
    if meant is None and any(word in name.lower() for word in _SECRETIVE):
        meant = "--redis-password"
    if meant is not None:
        raise LegacyError(f"No Ray has an option {name}.", fix=f"Did you mean {meant}?")
