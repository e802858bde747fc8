"""Explain anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.explain.call import explain_call, find_call
from shim.explain.command import explain_command
from shim.explain.error import explain_error
from shim.explain.kind import Kind, tell_kind
from shim.explain.line import split
from shim.explain.masking import join
from shim.explain.model import Explanation
from shim.explain.name import explain_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compat.version import Version


def explain(what: str | Sequence[str], ray: Version, kind: Kind | None = None) -> Explanation:
    """Explain a command line, a call, a variable, an option's name or an error message.

    Args:
        what: The text; or several words, as a shell has split a command line.
        ray: The Ray in question.
        kind: What it is; told from the text if None.

    Returns:
        What is known; ``known`` is false if nothing is. It holds no secret of ``what``.
    """
    words = [what] if isinstance(what, str) else list(what)
    text = words[0] if len(words) == 1 else _join(words)
    kind = kind or tell_kind(text)
    if kind is Kind.CALL:
        call = find_call(text)
        if call is None:
            verdict = "This is no call of ray.init, ray.util.connect or ray.client that Python can read."
            return Explanation(kind, "", ray, verdict, suggestions=("ray.init(address='HOST:6379')",))
        return explain_call(call, ray)
    if kind is Kind.COMMAND:
        return explain_command(words if len(words) > 1 else split(text), ray)
    if kind is Kind.ERROR:
        return explain_error(text, ray)
    return explain_name(text, ray, kind)


def _join(words: Sequence[str]) -> str:
    first = words[0] if words else ""
    looks_like_command = first.rpartition("/")[2] in ("ray", "shim") or first.startswith("-") or "=" in first
    return join(words) if looks_like_command else " ".join(words)
