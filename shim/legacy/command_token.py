"""The token for one ``ray`` command: found as Ray does, or fetched by joining, and handed on as a path."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from compat.argv import Takes, read
from compat.start_credentials import PASSWORD_VARIABLE, Given, refuse_disagreement
from shim import token
from shim.cluster.environment import token_environment
from shim.errors import ShimError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATIENCE = 10.0
"""Seconds to wait for a head that is not there yet; old ``ray status`` gave up about as soon."""

_K8S = "RAY_ENABLE_K8S_TOKEN_AUTH"


def command_environment(environ: Mapping[str, str], found: token.Token | None) -> dict[str, str]:
    """Return the environment for the command: token mode said aloud, the token as a path and never as a value.

    A token that is only in the person's ``RAY_AUTH_TOKEN`` goes into memory that the command inherits: no file is
    left of it, and the children of the command can read it for as long as the command runs.
    """
    if found is None or (found.source.kind == "default" and environ.get(_K8S)):
        environment = token_environment(environ, Path())
        del environment["RAY_AUTH_TOKEN_PATH"]
        return environment
    in_memory = found.source.kind == "environment"
    return token_environment(environ, _in_memory(found) if in_memory else Path(found.source.where))


def _in_memory(found: token.Token) -> Path:
    descriptor = os.memfd_create("ray token", 0)
    os.write(descriptor, found.secret.reveal().encode() + b"\n")
    return Path(f"/proc/{os.getpid()}/fd/{descriptor}")  # exec keeps the pid


def find_token(
    words: Sequence[str],
    passwords: Sequence[Given],
    environ: Mapping[str, str],
    home: Path,
    say: Callable[[str], None],
) -> token.Token | None:
    """Return this machine's token; without one, join where the command names a head and a password is given.

    Raises:
        ShimError: The token that is here cannot be used, or the join failed.
        LegacyError: Two places give different passwords.
    """
    found = token.find(environ, home)
    if found is not None:
        if found.source.kind != "environment":
            with contextlib.suppress(ShimError):  # another owner's, or a disk that refuses: Ray can read it
                if changed := token.tighten(Path(found.source.where)):
                    say(changed)
        return found
    given = [*passwords]
    if environ.get(PASSWORD_VARIABLE):
        given.append(Given(PASSWORD_VARIABLE, environ[PASSWORD_VARIABLE]))
    refuse_disagreement(given)
    address = gcs_address(words, environ)
    return _join(address, given[0], environ, home, say) if address and given else None


def gcs_address(words: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return the ``HOST:PORT`` of the head that a command names, with ``--address`` or ``RAY_ADDRESS``."""
    own = words[: words.index("--")] if "--" in words else words
    try:
        parts = read(own, {"--address": Takes.VALUE})
    except ValueError:
        return None  # Ray says that the value is missing
    named = [part.value for part in parts if part.name == "--address" and part.value]
    address = named[-1] if named else environ.get("RAY_ADDRESS", "")
    return address if ":" in address and "://" not in address else None


def _join(
    address: str, given: Given, environ: Mapping[str, str], home: Path, say: Callable[[str], None]
) -> token.Token:
    from shim.cluster.worker import fetch_record, find_door
    from shim.secret import Secret

    door = find_door(address, _join_port(environ))
    record = fetch_record(door, Secret(given.password), PATIENCE, say)
    place = token.default_path(home)
    token.save(place, record.token)
    say(f"Joined {door.address}: the token ({record.fingerprint}) is in {place}.")
    return token.Token(record.token, token.Source("default", str(place)))


def _join_port(environ: Mapping[str, str]) -> int | None:
    text = environ.get("SHIM_JOIN_PORT")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= 65535):
        raise UsageError(f"SHIM_JOIN_PORT={text} is no port.", fix="Set it to a number from 1 to 65535.")
    return int(text)
