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
    found = difflib.get_close_matches(_plain(name), {_plain(one) for one in known}, n=1, cutoff=_CLOSE)
    if not found:
        return None
    alike = [one for one in known if _plain(one) == found[0]]
    return max(alike, key=lambda one: difflib.SequenceMatcher(None, name, one).ratio())


def _plain(name: str) -> str:
    return name.lstrip("-").replace("_", "-").lower()
