"""``ray stop``, as ``shim stop``: Ray's options are taken, and have nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compat.argv import read
from compat.command import translate_command
from compat.ray_commands import OPTIONS
from compat.ray_start import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WHY = "shim stop ends gracefully, then firmly, what shim started"


def own_words(words: Sequence[str], say: Callable[[str], None]) -> list[str]:
    """Return the words that are ``shim stop``'s own, and tell what became of Ray's.

    Raises:
        LegacyError: A misspelt option of Ray's, or a value that is missing.
    """
    command = translate_command(["stop", *words], NEWEST)
    for note in command.notes:
        say(str(note))
    own: list[str] = []
    for part in read(command.ray_args[1:], OPTIONS["stop"]):
        if part.name in OPTIONS["stop"]:
            say(f"{' '.join(part.words)} was dropped ({_WHY})")
        else:
            own.extend(part.words)
    return own
