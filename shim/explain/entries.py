"""Find what the table of legacy spellings knows about a text."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from compat.option import KUBERAY, Product
from compat.options import OPTIONS, Effect, LegacyOption, look_up
from shim.explain.model import Elsewhere, Story

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compat.option import Era
    from compat.version import Version

_MOST = 3


def era_now(option: LegacyOption, ray: Version) -> Era | None:
    """Return the era that holds: for a Ray; for another product its newest, since nobody names its release here."""
    if option.of is Product.RAY:
        return option.era_at(ray)
    return option.era_at(KUBERAY[-1])


def find_entries(text: str) -> list[LegacyOption]:
    """Return the entries that really stand in a text, those about passwords first; no guesses."""
    found = [option for option in look_up(text) if _stands(option, text)]
    return sorted(found, key=lambda option: not is_password(option))


def tell_stories(options: Iterable[LegacyOption], ray: Version) -> tuple[Story, ...]:
    """Tell each entry's eras, with the one that holds."""
    return tuple(Story(option, era_now(option, ray)) for option in options)


def tell_elsewhere(options: Sequence[LegacyOption], ray: Version) -> tuple[Elsewhere, ...]:
    """Tell in a word what other spellings of one name do."""
    told = []
    for option in options:
        if option.since is None and option.of is Product.RAY and option.spelling.endswith("with a password"):
            continue  # a command that never had one
        now = era_now(option, ray)
        told.append(Elsewhere(option.spelling, now.effect.value if now else "unknown"))
    return tuple(told)


def kin(option: LegacyOption) -> list[LegacyOption]:
    """Return the other entries with a name that differs only in dashes, underscores and prefixes."""
    plain = {_plain(name) for name in option.names}
    return [other for other in OPTIONS if other is not option and plain & {_plain(name) for name in other.names}]


def nearest_spellings(name: str) -> tuple[str, ...]:
    """Return the spellings that come closest to a name that is not in the table."""
    by_name: dict[str, str] = {}
    for option in OPTIONS:
        for each in option.names:
            by_name.setdefault(_plain(each), option.spelling)
    return tuple(by_name[near] for near in difflib.get_close_matches(_plain(name), by_name, _MOST, 0.6))


def is_password(option: LegacyOption) -> bool:
    """Tell whether a spelling names a Redis password."""
    return any(_plain(name).endswith("redis-password") for name in option.names) or option.id == "client-password"


def refused(stories: Iterable[Story]) -> list[Story]:
    """Return those that the Ray in question stops at."""
    return [story for story in stories if story.now is not None and story.now.effect is Effect.REFUSED]


def _stands(option: LegacyOption, text: str) -> bool:
    if text.strip() in (option.id, option.spelling):
        return True
    return any(name in text or "HOST:8265" in name for name in option.names)


def _plain(name: str) -> str:
    name = name.removeprefix("rayStartParams.").removeprefix("-D").removeprefix("ray.redis.")
    plain = name.lstrip("-_").replace("_", "-").lower()
    return {"password": "redis-password", "redispassword": "redis-password"}.get(plain, plain)
