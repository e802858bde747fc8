"""Translate the arguments of a legacy ``ray.init``, ``ray.client`` or ``ray.util.connect`` call."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .errors import LegacyError
from .note import Note, Sure
from .ray_init import CLIENT_ARGUMENTS, KNOWN, InitArgument
from .ray_start import NEWEST
from .releases import FIRST_TOKEN, UNGUARDED
from .spelling import nearest
from .start_address import EXTERNAL_REDIS_VARIABLE
from .start_credentials import Given, refuse_disagreement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .version import Version

__all__ = ["Given", "InitCall", "translate_connect", "translate_init"]

PASSWORD_ARGUMENTS = ("redis_password", "_redis_password")
_USERNAME = "_redis_username"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class InitCall:
    """A call, translated.

    Attributes:
        kwargs: What the target's ``ray.init`` (or ``ray.util.connect``) is to be called with. It holds the
            password only if ``external_redis`` is set: there the password is live.
        passwords: Every argument that gave a legacy password; they all gave the same one.
        external_redis: The Redis that the call's own head would use (``RAY_REDIS_ADDRESS``).
        notes: What changed.
    """

    kwargs: dict[str, Any] = field(repr=False)
    passwords: tuple[Given, ...]
    external_redis: str | None = field(repr=False)
    notes: tuple[Note, ...]


def translate_init(kwargs: Mapping[str, Any], target: Version, environ: Mapping[str, str] = _NOTHING) -> InitCall:
    """Translate the keyword arguments of an old ``ray.init`` call. Idempotent.

    Args:
        kwargs: The arguments as written, for any Ray since 0.5.
        target: The Ray that is to be called.
        environ: Only ``RAY_REDIS_ADDRESS`` is read.

    Raises:
        LegacyError: a misspelt argument, a wrong type, or two arguments that disagree.
    """
    if target.release <= NEWEST:  # a newer Ray may have arguments that no table here knows
        _refuse_misspelt(kwargs)
    passwords = _find_passwords(kwargs)
    address = kwargs.get("address") or kwargs.get("redis_address")
    external = None if address else environ.get(EXTERNAL_REDIS_VARIABLE) or None
    translated: dict[str, Any] = {}
    notes: list[Note] = []
    for name, value in kwargs.items():
        if name in PASSWORD_ARGUMENTS:
            if external and passwords:
                translated["_redis_password"] = passwords[0].password
            if not external or name != "_redis_password":
                notes.append(_password_note(name, external, target))
        elif name == _USERNAME and not external:
            notes.append(_note(name, name, "", None, "Ray sends it to an external Redis only"))
        else:
            _translate_argument(name, value, kwargs, target, translated, notes)
    return InitCall(translated, passwords, external, tuple(notes))


def translate_connect(kwargs: Mapping[str, Any], target: Version) -> InitCall:
    """Translate the keyword arguments of ``ray.util.connect`` or of ``ray.client(…)``'s ``connect``.

    Neither ever had a password: one given all the same is taken out, also from ``ray_init_kwargs``.

    Raises:
        LegacyError: as ``translate_init`` does.
    """
    passwords = _find_passwords(kwargs)
    notes = [_password_note(name, None, target) for name in kwargs if name in PASSWORD_ARGUMENTS]
    translated = {name: value for name, value in kwargs.items() if name not in PASSWORD_ARGUMENTS}
    if kwargs.get("ray_init_kwargs"):
        inner = translate_init(kwargs["ray_init_kwargs"], target)
        translated["ray_init_kwargs"] = inner.kwargs
        passwords = (*passwords, *inner.passwords)
        refuse_disagreement(passwords)
        notes.extend(inner.notes)
    return InitCall(translated, passwords, None, tuple(notes))


def _find_passwords(kwargs: Mapping[str, Any]) -> tuple[Given, ...]:
    found = []
    for name in PASSWORD_ARGUMENTS:
        value = kwargs.get(name)
        if value is not None and not isinstance(value, str):
            raise LegacyError(
                f"{name} is of type {type(value).__name__}, not a string.",
                fix=f'Write {name}="…" or leave it out.',
            )
        if value:
            found.append(Given(name, value))
    refuse_disagreement(found)
    return tuple(found)


def _translate_argument(
    name: str,
    value: object,
    kwargs: Mapping[str, Any],
    target: Version,
    translated: dict[str, Any],
    notes: list[Note],
) -> None:
    argument = KNOWN.get(name)
    if argument is None or argument.changed is None or target.release < argument.changed:
        if value is not None or translated.get(name) is None:  # its old name may have given one already
            translated[name] = value
        return
    if argument.becomes:
        value = _read_config(name, value) if argument.becomes == "_system_config" else value
        modern = kwargs.get(argument.becomes)
        if modern is not None and value is not None and modern != value:
            raise LegacyError(
                f"{name} and {argument.becomes} are two names of one argument, and disagree.",
                fix=f"Keep {argument.becomes} only.",
            )
        if modern is None:
            translated[argument.becomes] = value
    notes.append(_changed(argument))


def _read_config(name: str, value: object) -> object:
    # 0.8 took a JSON text, 1.0 and later take a dict.
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise LegacyError(f"{name} is not JSON: {error}", fix="Write _system_config={…}, a dict.") from None


def _refuse_misspelt(kwargs: Mapping[str, Any]) -> None:
    for name in kwargs:
        if name not in KNOWN and name not in CLIENT_ARGUMENTS:
            meant = nearest(name, KNOWN) or ("redis_password" if "password" in name.lower() else None)
            if meant:
                raise LegacyError(f"No ray.init has an argument {name}.", fix=f"Did you mean {meant}?")


def _changed(argument: InitArgument) -> Note:
    return _note(
        argument.name,
        f"{argument.name}=",
        f"{argument.becomes}=" if argument.becomes else "",
        argument.changed,
        argument.why,
        argument.sure,
    )


def _password_note(name: str, external: str | None, target: Version) -> Note:
    if external:
        return _note(name, f"{name}=", "_redis_password=", None, "the external Redis still checks it")
    if target.release < UNGUARDED:
        return _note(name, f"{name}=", "the password of Ray's Redis", None, "it still guards Redis in this Ray")
    now = "RAY_AUTH_MODE=token" if target.release >= FIRST_TOKEN else ""
    return _note(name, f"{name}=", now, UNGUARDED, "stopped checking it")


def _note(name: str, was: str, now: str, since: Version | None, why: str, sure: Sure = Sure.CERTAIN) -> Note:
    return Note(f"init-{name.strip('_').replace('_', '-')}", was, now, since, sure, why)
