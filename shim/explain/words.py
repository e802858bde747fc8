"""The sentences of a verdict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compat.option import Product, Where
from compat.options import Effect
from compat.releases import FIRST_GUARD, FIRST_TOKEN, FIRST_WHOLE, release
from shim.explain.entries import is_password

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compat.option import Era, LegacyOption
    from compat.version import Version
    from shim.explain.model import Story

WHY_PASSWORD = (
    "Ray 1.11 stopped starting a Redis (PR ray#21232): the option stayed, what checked it went, and nothing warns.",
    "Even before, it guarded the Redis ports only: GCS, raylets, Ray Client and dashboard answered anybody.",
)
WHY_EXTERNAL = (
    "The GCS keeps its data in that Redis, and that Redis does check the password: it stays.",
    "It keeps strangers out of the Redis, not out of the cluster: that is the token's work.",
)
WHY_TOKEN = (
    "Since Ray 2.52 one token guards every gRPC and HTTP port but metrics and Serve; 2.54 closed the last gap.",
)

_NOT_A_LINE = (Where.ENV, Where.OTHER)


def short(version: Version) -> str:
    """Write a version as people say it: 2.60, 0.8.7."""
    return re.sub(r"^([1-9]\d*\.\d+)\.0$", r"\1", str(version))


def password_verdict(ray: Version, port: str) -> str:
    """Say what a Redis password of a command line or call is worth on a Ray."""
    offers = release(ray)
    if offers.password_guards:
        return (
            f"On Ray {short(ray)} this password guards the cluster's Redis (port {port}) and nothing else: "
            "GCS, raylets, Ray Client and dashboard answer anybody."
        )
    if ray.release < FIRST_GUARD:
        return f"Ray {short(ray)} has no passwords yet: anyone who reaches port {port} can run code."
    return f"On Ray {short(ray)} this password protects nothing: anyone who reaches port {port} can run code."


def refusal(stories: Sequence[Story], ray: Version, what: str) -> str:
    """Say that a Ray refuses something, and for which spelling."""
    names = list(dict.fromkeys(_name(story.option) for story in stories))
    listed = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"Ray {short(ray)} refuses this {what}: it has no {listed}."


def name_verdict(option: LegacyOption, now: Era | None, ray: Version) -> str:
    """Say what one spelling does on a Ray."""
    where = f"Ray {short(ray)}" if option.of is Product.RAY else f"today's {option.of.value}"
    name = option.spelling
    if now is None:
        first = f" it came with {option.of.value} {short(option.since)}." if option.since else ""
        return f"{where} does not know {name}:{first}" if first else f"{where} does not know {name}."
    if is_password(option) and option.where not in _NOT_A_LINE and now.effect is not Effect.LIVE:
        no_more = f" {_capital(where)} refuses {name} besides." if now.effect is Effect.REFUSED else ""
        return f"{password_verdict(ray, '6379')}{no_more}"
    what = _first_sentence(_whole(option, now))
    return {
        Effect.PROTECTED: f"On {where} {name} protects: {what}",
        Effect.LIVE: f"On {where} {name} is live: {what}",
        Effect.IGNORED: f"{_capital(where)} accepts {name} and does nothing with it: it protects nothing.",
        Effect.REFUSED: f"{_capital(where)} refuses {name}: {what}",
        Effect.OPEN: f"{name} protects nothing: {what}",
        Effect.MISLEADING: f"{name} is not what it looks like: {what}",
        Effect.NOT_READ: f"Setting {name} changes nothing: {what}",
    }[now.effect]


def token_warnings(ray: Version) -> list[str]:
    """Say what is missing on a Ray without tokens, or with a gap."""
    here, whole = short(ray), short(FIRST_WHOLE)
    if ray.release < FIRST_TOKEN:
        return [
            f"Ray {here} has no tokens: upgrade to {whole} or later. Until then only a firewall keeps strangers out."
        ]
    if ray.release < FIRST_WHOLE:
        gap = "the dashboard agent's port 52365 runs anybody's commands, token or not"
        return [f"On Ray {here} {gap}: upgrade to {whole} or later, or close that port."]
    return []


def _name(option: LegacyOption) -> str:
    return option.names[0] if option.where in (Where.CLI, Where.PYTHON) else option.spelling


def _whole(option: LegacyOption, now: Era) -> str:
    """Return what an era says; where it only says "the same", what the one before it said."""
    told = option.eras[: option.eras.index(now) + 1]
    return next((era.what for era in reversed(told) if not era.what.startswith("The same")), now.what)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[a-z)`\d])\. (?=[A-Z])", text, maxsplit=1)[0].rstrip(".:;") + "."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
