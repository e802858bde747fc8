"""Did you mean: the known name that a misspelt one comes close to."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLOSE = 0.8  # --adress, --redis-pasword; not --metrics-port for --metrics-export-port


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to ``name``, or None. Leading dashes and ``_`` for ``-`` do not count."""
    plain = {_plain(one): one for one in known}
    found = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_CLOSE)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return name.lstrip("-").replace("_", "-").lower()
