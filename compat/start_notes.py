"""What to tell a person about the parts of a ``ray start`` command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .note import Note, Sure
from .releases import FIRST_TOKEN, UNGUARDED

if TYPE_CHECKING:
    from .argv import Part
    from .start_changes import Change
    from .start_credentials import Given
    from .version import Version

_LONGEST = 60  # characters of a value: a JSON of resources would fill the screen


def changed(part: Part, now: Part | None, change: Change) -> Note:
    """Tell what a renamed or removed option became."""
    why = change.why
    if now is None and change.becomes:
        why = "has it on heads only"
    return Note(
        id=f"start{part.name and part.name.replace('--', '-')}",
        was=_show(part),
        now=_show(now) if now else "",
        since=change.since,
        sure=change.sure,
        why=why,
    )


def assumed_head() -> Note:
    """Tell that a node with neither ``--head`` nor ``--address`` is taken for a head."""
    return Note("start-assumed-head", "neither --head nor --address", "--head", None, Sure.LIKELY, "starting a head")


def external_redis(part: Part) -> Note:
    """Tell that ``--address`` on a head is an external Redis, not a cluster to join."""
    address = without_login(part.value or "")
    return Note(
        "start-external-redis",
        f"--address={address} with --head",
        f"RAY_REDIS_ADDRESS={address}",
        UNGUARDED,
        Sure.CERTAIN,
        "deprecated it: on a head it names an external Redis",
    )


def password_taken(part: Part, external: str | None, target: Version) -> Note:
    """Tell what the password was for: a Redis that is still there, or nothing any more."""
    was = part.name or ""
    if external:
        now = f"the password of the external Redis at {without_login(external)}"
        return Note("start-redis-password-live", was, now, None, Sure.CERTAIN, "that Redis still checks it")
    if target.release < UNGUARDED:
        why = "it still guards Redis in this Ray"
        return Note("start-redis-password-live", was, "the password of Ray's Redis", None, Sure.CERTAIN, why)
    now = "RAY_AUTH_MODE=token" if target.release >= FIRST_TOKEN else ""
    return Note("start-redis-password", was, now, UNGUARDED, Sure.CERTAIN, "stopped checking it")


def password_variable(given: Given) -> Note:
    """Tell that a variable was taken as the legacy password."""
    return Note(
        "start-redis-password-variable",
        given.place,
        "the legacy password",
        None,
        Sure.CERTAIN,
        "Ray itself does not read it",
    )


def username_taken(part: Part, external: str | None) -> Note:
    """Tell what the user name was for."""
    now = f"the user name at the external Redis {without_login(external)}" if external else ""
    why = "that Redis still checks it" if external else "Ray sends it to an external Redis only"
    return Note("start-redis-username", part.name or "", now, None, Sure.CERTAIN, why)


def without_login(address: str) -> str:
    """Return a Redis address without the user name and password that a URL may carry."""
    scheme, mark, rest = address.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _show(part: Part) -> str:
    if part.value is None:
        return part.name or ""
    value = part.value if len(part.value) <= _LONGEST else part.value[:_LONGEST] + "…"
    return f"{part.name}={value}"
