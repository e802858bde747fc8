"""The two roles of ``ray start --address``: a head's external Redis, and the cluster that a worker joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import start_notes as notes
from .errors import LegacyError
from .version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .argv import Part
    from .note import Note

EXTERNAL_REDIS_VARIABLE = "RAY_REDIS_ADDRESS"
_VARIABLE_SINCE = Version(1, 11, 0)  # ray start --head --address warns from here on, and names the variable
_DOORS = {"ray://": "Ray Client", "http://": "the dashboard", "https://": "the dashboard"}


def refuse_bad_address(parts: Sequence[Part]) -> None:
    """Refuse an address that no Ray of any release would take.

    Raises:
        LegacyError: an empty one, or a head with ``--redis-address``.
    """
    names = {part.name for part in parts}
    if {"--head", "--redis-address"} <= names:
        raise LegacyError(
            "--head and --redis-address do not go together: a head has a server of its own.",
            fix="To start a head, leave out --redis-address. To add a node to a cluster, leave out --head.",
        )
    for part in parts:
        if part.name in ("--address", "--redis-address") and not (part.value or "").strip():
            raise LegacyError(
                f"{part.name} is empty. An empty variable?", fix=f"Write {part.name}=HOST:6379, the head's."
            )


def find_external_redis(
    parts: list[Part], target: Version, environ: Mapping[str, str], said: list[Note]
) -> tuple[str | None, list[Part]]:
    """Return the Redis that a head is to use (None: its own), and the command line without ``--address``.

    ``--address`` wins over ``RAY_REDIS_ADDRESS``, as in Ray (``ray/_private/node.py``).

    Raises:
        LegacyError: the address is no Redis.
    """
    given = [part for part in parts if part.name == "--address"]
    if not given:
        return environ.get(EXTERNAL_REDIS_VARIABLE) or None, parts
    address = given[-1].value or ""
    if address.startswith(tuple(_DOORS)) or address in ("auto", "local"):
        raise LegacyError(
            f"With --head, --address={notes.without_login(address)} must name a Redis of yours, and this is none.",
            fix="To start a head, leave out --address. To add a node to a cluster, leave out --head.",
        )
    if target.release < _VARIABLE_SINCE:
        return address, parts
    said.append(notes.external_redis(given[-1]))
    return address, [part for part in parts if part.name != "--address"]


def check_worker_address(parts: Sequence[Part]) -> None:
    """Refuse the address of another door of the cluster.

    Raises:
        LegacyError: ``ray://`` (Ray Client) or ``http://`` (dashboard).
    """
    for part in parts:
        address = part.value or ""
        for scheme, door in _DOORS.items():
            if part.name == "--address" and address.startswith(scheme):
                raise LegacyError(
                    f"--address={notes.without_login(address)} is the door of {door}; a node joins at the GCS.",
                    fix="Write --address=HOST:6379, the host and the --port of the head.",
                )
