"""Translate a legacy ``ray start`` command line for the Ray at hand."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from . import start_notes as notes
from .argv import Part, Takes, read
from .ray_start import NEWEST, TAKES
from .start_address import check_worker_address, find_external_redis, refuse_bad_address
from .start_changes import apply_changes
from .start_credentials import (
    CREDENTIALS,
    PASSWORD_OPTIONS,
    Given,
    find_passwords,
    find_username,
    take_out_credentials,
)
from .start_words import refuse_misspelt, refuse_too_new

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .note import Note
    from .version import Version

__all__ = ["Given", "Role", "StartCommand", "split_own", "translate_start"]

_KNOWN = MappingProxyType({**TAKES, **dict.fromkeys(CREDENTIALS, Takes.VALUE)})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Role(enum.Enum):
    """What a node of the cluster is."""

    HEAD = "head"
    WORKER = "worker"


@dataclass(frozen=True)
class StartCommand:
    """A ``ray start`` command line, translated.

    Attributes:
        role: What the node is to be.
        ray_args: What ``ray start`` of the target gets: order kept, no Redis credentials in it.
        passwords: Every place that gave the legacy password; they all gave the same one.
        external_redis: The Redis that the head is to use (``--head --address=X`` or ``RAY_REDIS_ADDRESS``);
            there the password is live. It is not in ``ray_args``: hand it to Ray as ``RAY_REDIS_ADDRESS``.
        redis_username: The user name for that Redis.
        values: Each option of ``ray_args`` that has a value, and the last value given; names without dashes.
        flags: Every other option of ``ray_args`` that some Ray knows; names without dashes.
        notes: What changed.
    """

    role: Role
    ray_args: tuple[str, ...]
    passwords: tuple[Given, ...]
    external_redis: str | None = field(repr=False)  # may be a URL with a password in it
    redis_username: str | None
    values: Mapping[str, str]
    flags: frozenset[str]
    notes: tuple[Note, ...]


def translate_start(
    argv: Sequence[str],
    target: Version,
    environ: Mapping[str, str] = _NOTHING,
    *,
    also_known: Collection[str] = (),
) -> StartCommand:
    """Translate what followed ``ray start`` (or ``shim start``) in an old script. Idempotent.

    Args:
        argv: The words after ``start``.
        target: The Ray that is to run them.
        environ: Only ``RAY_REDIS_PASSWORD`` and ``RAY_REDIS_ADDRESS`` are read.
        also_known: Options of the caller's own, for "did you mean".

    Raises:
        LegacyError: a misspelt option, one that is newer than the target, a missing value, or two places that
            disagree.
    """
    parts = read(argv, _KNOWN)
    if target.release <= NEWEST:  # a newer Ray may have options that no table here knows
        refuse_misspelt(parts, (*TAKES, *also_known))
    refuse_bad_address(parts)
    passwords = find_passwords(parts, environ)
    username = find_username(parts)
    said: list[Note] = []
    role = _tell_role(parts)
    parts = apply_changes(parts, target, said, on_head=role is Role.HEAD)
    external = None
    if role is Role.HEAD:
        parts = _say_head(parts, said)
        external, parts = find_external_redis(parts, target, environ, said)
    else:
        check_worker_address(parts)
    parts = take_out_credentials(parts, external, target, said)
    refuse_too_new(parts, target)
    said.extend(notes.password_variable(given) for given in passwords if given.place not in PASSWORD_OPTIONS)
    return StartCommand(
        role=role,
        ray_args=tuple(word for part in parts for word in part.words),
        passwords=passwords,
        external_redis=external,
        redis_username=username,
        values=MappingProxyType({p.name.lstrip("-"): p.value for p in parts if p.name and p.value is not None}),
        flags=frozenset(p.name.lstrip("-") for p in parts if p.takes and p.name and p.value is None),
        notes=tuple(dict.fromkeys(said)),
    )


def split_own(argv: Sequence[str], own: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Separate the caller's own options from Ray's, both in order.

    Args:
        argv: The words after ``start``.
        own: Each own option as typed (``--store``) and whether it takes a value.

    Returns:
        The own words, which click can parse, and the rest, for ``translate_start``. A value stays with its
        option: ``--resources '--store'`` is Ray's.

    Raises:
        LegacyError: an option has no value, or a flag has one.
    """
    mine = {name: Takes.VALUE if takes_value else Takes.FLAG for name, takes_value in own.items()}
    ours: list[str] = []
    theirs: list[str] = []
    for part in read(argv, {**_KNOWN, **mine}):
        (ours if part.name in mine else theirs).extend(part.words)
    return ours, theirs


def _tell_role(parts: Sequence[Part]) -> Role:
    names = {part.name for part in parts}
    joins = names & {"--address", "--redis-address"}
    return Role.WORKER if joins and "--head" not in names else Role.HEAD


def _say_head(parts: list[Part], said: list[Note]) -> list[Part]:
    if any(part.name == "--head" for part in parts):
        return parts
    said.insert(0, notes.assumed_head())
    return [Part("--head", None, ("--head",), Takes.FLAG), *parts]
