"""Did you mean: the known name that a misspelt one comes close to."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_CLOSE = 0.8  # --adress, --redis-pasword; not --metrics-port for --metrics-export-port


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name closest to ``name``, or None if none is close.

    Leading dashes, case, and ``_`` for ``-`` do not count, except to choose between equals.
    """
    plain = {_plain(one) for one in known}
    found = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_CLOSE) or _same_letters(_plain(name), plain)
    if not found:
        return None
    alike = [one for one in known if _plain(one) == found[0]]
    return max(alike, key=lambda one: difflib.SequenceMatcher(None, name, one).ratio())


def _same_letters(name: str, known: Collection[str]) -> list[str]:
    """Return the known names with the same letters in another order: --haed is too short to come close otherwise."""
    return [one for one in sorted(known) if len(one) > 3 and sorted(one) == sorted(name)][:1]


def _plain(name: str) -> str:
    return name.lstrip("-").replace("_", "-").lower()
