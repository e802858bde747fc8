"""Explain a variable, or the bare name of an option, argument or key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compat.options import OPTIONS
from compat.passwords import is_famous
from compat.ray_start import NEWEST
from compat.releases import FIRST_TOKEN
from shim.explain.entries import (
    era_now,
    find_entries,
    is_password,
    kin,
    nearest_spellings,
    tell_elsewhere,
    tell_stories,
)
from shim.explain.masking import HIDDEN, is_secretive, mask_text
from shim.explain.model import Explanation, Modern
from shim.explain.words import WHY_PASSWORD, WHY_TOKEN, name_verdict, short, token_warnings

if TYPE_CHECKING:
    from compat.option import LegacyOption
    from compat.version import Version
    from shim.explain.kind import Kind


def explain_name(text: str, ray: Version, kind: Kind) -> Explanation:
    """Explain a name: ``redis_password``, ``--redis-port``, ``RAY_TOKEN=…`` or ``rayStartParams.redis-password``."""
    asked = text.strip().removeprefix("export ").strip().strip("'\"").removesuffix(":")
    name, equals, value = (each.strip() for each in asked.partition("="))
    shown = f"{name}={_show_value(name, value)}" if equals else mask_text(name)
    entries = _find(asked, name)
    if not entries:
        verdict = f"No Ray, Redis or KubeRay option called {mask_text(name)} is known."
        return Explanation(kind, shown, ray, verdict, suggestions=nearest_spellings(name))
    first = entries[0]
    others = list(dict.fromkeys([*entries[1:], *kin(first)]))
    verdict, protects = _judge(first, name, value, ray)
    target = ray if ray.release >= FIRST_TOKEN else NEWEST
    warnings = [*token_warnings(ray), *_warn(name, value)]
    modern = Modern(target, (f"# {first.modern}",), warnings=tuple(warnings))
    why = WHY_PASSWORD if is_password(first) else WHY_TOKEN if "AUTH" in name else ()
    return Explanation(
        kind=kind,
        shown=shown,
        ray=ray,
        verdict=verdict,
        protects=protects,
        stories=tell_stories([first], ray),
        elsewhere=tell_elsewhere(others, ray),
        modern=modern,
        why=why,
    )


def _find(asked: str, name: str) -> list[LegacyOption]:
    exact = [option for option in OPTIONS if asked in option.names or asked == option.id]
    if exact:
        return exact
    same = [option for option in OPTIONS if name in option.names]
    found = find_entries(asked) or find_entries(name)
    return [option for option in found if option not in same or len(found) == 1] or same


def _judge(option: LegacyOption, name: str, value: str, ray: Version) -> tuple[str, bool | None]:
    now = era_now(option, ray)
    if name == "RAY_AUTH_MODE" and value and value.lower() != "token" and ray.release >= FIRST_TOKEN:
        if value.lower() == "k8s" and now is not None and now.effect.value == "protected":
            return name_verdict(option, now, ray), True
        what = "turns token authentication off" if value.lower() == "disabled" else "is no mode, and means off"
        return f"On Ray {short(ray)} RAY_AUTH_MODE={value[:20]} {what}: the cluster is open, and nothing warns.", False
    effect = now.effect.value if now else ""
    protects = (
        True if effect == "protected" else False if effect in ("ignored", "open", "misleading", "not read") else None
    )
    return name_verdict(option, now, ray), protects


def _show_value(name: str, value: str) -> str:
    known = name.isupper() and name.startswith("RAY_") and not is_secretive(name)
    return mask_text(value) if known else HIDDEN


def _warn(name: str, value: str) -> list[str]:
    if value and is_secretive(name) and is_famous(value):
        return ["This value is printed in public documents: everybody knows it. Do not use it."]
    return []
