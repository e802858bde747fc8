"""The Redis credentials of a ``ray start`` command line: found, compared, and taken out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import start_notes as notes
from .errors import LegacyError
from .ray_start import TAKES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .argv import Part
    from .note import Note
    from .version import Version

PASSWORD_OPTIONS = ("--redis-password", "--redis_password")
USERNAME_OPTIONS = ("--redis-username", "--redis_username")
CREDENTIALS = PASSWORD_OPTIONS + USERNAME_OPTIONS
PASSWORD_VARIABLE = "RAY_REDIS_PASSWORD"  # noqa: S105 a name, not a password


@dataclass(frozen=True)
class Given:
    """A place where the legacy password was given (``--redis-password``, ``RAY_REDIS_PASSWORD``)."""

    place: str
    password: str = field(repr=False)


def find_passwords(parts: Sequence[Part], environ: Mapping[str, str]) -> tuple[Given, ...]:
    """Return every place that gives a password, once each; they all agree. Empty means not given.

    Raises:
        LegacyError: two places disagree, or the value is plainly the next option.
    """
    found: dict[Given, None] = {}
    for part in parts:
        if part.name in PASSWORD_OPTIONS and part.value:
            _refuse_swallowed_option(part)
            found[Given(part.name, part.value)] = None
    if environ.get(PASSWORD_VARIABLE):
        found[Given(PASSWORD_VARIABLE, environ[PASSWORD_VARIABLE])] = None
    refuse_disagreement(tuple(found))
    return tuple(found)


def refuse_disagreement(passwords: Sequence[Given]) -> None:
    """Raise LegacyError if two places give different passwords; the message names the places only."""
    if len({given.password for given in passwords}) > 1:
        places = list(dict.fromkeys(given.place for given in passwords))
        named = " and ".join(places) if len(places) > 1 else f"two {places[0]}"
        raise LegacyError(f"{named} give different passwords.", fix="Keep one of them.")


def find_username(parts: Sequence[Part]) -> str | None:
    """Return the user name for an external Redis: the last one given, None if none or empty."""
    names = [part.value for part in parts if part.name in USERNAME_OPTIONS]
    return (names[-1] or None) if names else None


def take_out_credentials(parts: Sequence[Part], external: str | None, target: Version, said: list[Note]) -> list[Part]:
    """Return the command line without password and user name; what they were for is told in ``said``."""
    for part in parts:
        if part.name in PASSWORD_OPTIONS:
            said.append(notes.password_taken(part, external, target))
        elif part.name in USERNAME_OPTIONS:
            said.append(notes.username_taken(part, external))
    return [part for part in parts if part.name not in CREDENTIALS]


def _refuse_swallowed_option(part: Part) -> None:
    # `--redis-password $EMPTY --head`: the shell drops the empty word; click takes --head for the password.
    assert part.name is not None and part.value is not None  # noqa: PT018, S101 the caller looked
    if not part.joined and part.value.partition("=")[0] in TAKES:
        raise LegacyError(
            f"{part.name} has no value: the next word is an option. An empty variable?",
            fix=f'Write {part.name}="$VARIABLE" with the quotes, and see that the variable is set.',
        )
