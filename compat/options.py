"""Every legacy spelling, in one table, and how to find one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import (
    options_commands,
    options_environment,
    options_foreign,
    options_init,
    options_kubernetes,
    options_start,
    options_tokens,
)
from .option import Effect, Era, LegacyOption, Product, Where
from .spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["OPTIONS", "Effect", "Era", "LegacyOption", "Product", "Where", "look_up"]

OPTIONS: tuple[LegacyOption, ...] = (
    *options_start.OPTIONS,
    *options_commands.OPTIONS,
    *options_init.OPTIONS,
    *options_environment.OPTIONS,
    *options_tokens.OPTIONS,
    *options_kubernetes.OPTIONS,
    *options_foreign.OPTIONS,
)

_DASHBOARD = r"['\"]?[^/\s'\"]+:8265"  # the port, behind a prefix that wants another one
_WORD = re.compile(r"(?:-{0,2}|~/|\.)[A-Za-z_.][\w./-]*(?:=k8s\b)?")


def look_up(text: str) -> list[LegacyOption]:
    """Find the entries for a name, a command line, a call or a variable.

    Args:
        text: ``--redis-password``, ``ray status --redis_password x``, ``ray.init(redis_password="x")``,
            ``RAY_AUTH_MODE=k8s``, an entry's id, …

    Returns:
        The entries whose names stand in the text; of those, the text's own command's if it names one.
        If there is none, those of the nearest name ("did you mean": no name of theirs stands in the text),
        or nothing.
    """
    for option in OPTIONS:
        if text.strip() in (option.id, option.spelling):
            return [option]
    words = set(_WORD.findall(text))
    words.update(
        f"{prefix}HOST:8265" for prefix in (("ray://"), "RAY_ADDRESS=") if re.search(prefix + _DASHBOARD, text)
    )
    found = [one for one in OPTIONS if any(name in (text if " " in name else words) for name in one.names)]
    return _of_command(found, text) or _guess(words)


def _of_command(found: list[LegacyOption], text: str) -> list[LegacyOption]:
    here = [one for one in found if one.command and re.search(rf"\b{re.escape(one.command)}\b", text)]
    roles = {"start-address": bool(re.search(r"--head\b", text))}
    roles["start-address-with-head"] = not roles["start-address"]
    return [one for one in here if not roles.get(one.id)] or found


def _guess(words: Iterable[str]) -> list[LegacyOption]:
    names = list(dict.fromkeys(name for option in OPTIONS for name in option.names))
    for word in sorted(words, key=len, reverse=True):
        meant = nearest(word, names)
        if meant:
            return [option for option in OPTIONS if meant in option.names]
    return []
