"""Explain an error message, a traceback or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compat.messages import alike, find
from compat.option import Product
from shim.explain.entries import find_entries, tell_stories
from shim.explain.kind import Kind
from shim.explain.model import Cure, Explanation, suggest

if TYPE_CHECKING:
    from compat.messages import Found
    from compat.version import Version

_MOST = 100 * 1024 * 1024  # characters


def explain_error(text: str, ray: Version) -> Explanation:
    """Explain what known errors stand in a text. Nothing of the text itself is repeated."""
    cures = tuple(Cure(found, _said_here(found, ray)) for found in find(text[:_MOST]))
    if not cures:
        verdict = "This holds no error message that is known here. (Another kind of text? Say which: --as.)"
        return Explanation(Kind.ERROR, "", ray, verdict, suggestions=suggest(alike(text)))
    names = [
        value for cure in cures for value in cure.found.names.values() if value.startswith("-") or "redis" in value
    ]
    stories = tell_stories([option for name in dict.fromkeys(names) for option in find_entries(name)[:1]], ray)
    first = cures[0].found
    return Explanation(Kind.ERROR, "", ray, first.cause, stories=stories, cures=cures)


def _said_here(found: Found, ray: Version) -> bool:
    return found.message.of is not Product.RAY or found.message.said_by(ray)
