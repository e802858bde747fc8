"""The join service: a second, tiny instance of the server, open on the network, that holds one key.

Whoever logs in as ``join`` may GET that key. Nobody may do anything else, ourselves included: the user who
wrote it is deleted, and the ACL file with him, so that a restart of the process brings nobody back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.join.credential import KEY, USER
from shim.probe.resp import connect
from shim.secret import Secret
from shim.store import server
from shim.store.acl import DEFAULT_OFF, user_line

if TYPE_CHECKING:
    from pathlib import Path

    from shim.probe.resp import Session
    from shim.process import Process
    from shim.store.binary import Binary

PUBLISHER = "publisher"

READER_RULES = ("resetchannels", f"~{KEY}", "-@all", "+get")
PUBLISHER_RULES = ("resetchannels", f"~{KEY}", "-@all", "+set", "+acl|deluser")

_LIMITS = (
    ("save", ""),  # the record is in memory only
    ("appendonly", "no"),
    ("timeout", "30"),  # seconds; whoever connects and says nothing gives the place back
    ("maxclients", "512"),
    ("maxmemory", "16mb"),
    ("client-query-buffer-limit", "1mb"),  # the least that the server takes
    ("proto-max-bulk-len", "1mb"),
    ("acllog-max-len", "32"),
)
_LIMITS_7 = (("maxmemory-clients", "8mb"),)  # Redis 7.0 and every Valkey: all clients' buffers together


def open_door(
    *,
    folder: Path,
    binary: Binary,
    addresses: tuple[str, ...],
    port: int,
    sealed: bytes,
    join_password: Secret,
    marker: str,
) -> Process:
    """Start the join service, put the record into it, and throw away the means to change it.

    Args:
        folder: Private folder of the service; holds no secret once this returns.
        binary: The server program.
        addresses: What to listen on.
        port: The join port.
        sealed: The sealed record (`shim.join.record.seal`).
        join_password: What the ``join`` user logs in with (`Derived.join_password`).
        marker: Value of `shim.process.MARKER` in its environment.

    Returns:
        The running service; end it with `close_door`.

    Raises:
        ShimError: It did not start, or did not take the record. Nothing is left running.
    """
    publisher = Secret.generate()
    spec = server.ServerSpec(
        folder=folder,
        binary=binary,
        bind=addresses,
        port=port,
        users=(
            DEFAULT_OFF,
            user_line(USER, join_password, READER_RULES),
            user_line(PUBLISHER, publisher, PUBLISHER_RULES),
        ),
        settings=_LIMITS + (_LIMITS_7 if binary.at_least(7, 0) else ()),
        marker=marker,
    )
    try:
        process = server.launch(spec)
    finally:
        # Read once, at the start. Left there, it would bring the publisher back, and keep a password's hash.
        (folder / server.USERS).unlink(missing_ok=True)
    try:
        _publish(addresses[0], port, sealed, publisher)
    except BaseException:
        server.halt(process, grace=2)
        raise
    return process


def close_door(process: Process) -> None:
    """End the join service: nobody joins any more, and the record is gone. Twice is fine.

    Raises:
        ShimError: It does not end.
    """
    server.halt(process, grace=2)


def _publish(address: str, port: int, sealed: bytes, publisher: Secret) -> None:
    try:
        with connect(address, port, timeout=10) as session:
            _do(session, "AUTH", PUBLISHER, publisher.reveal())
            _do(session, "SET", KEY, sealed)
            _do(session, "ACL", "DELUSER", PUBLISHER)
    except OSError as error:
        raise _unpublished(str(error)) from None


def _do(session: Session, *command: str | bytes) -> None:
    reply = session.call(*command)
    if reply not in ("OK", 1):
        raise _unpublished(f"{command[0]!s} gave {str(reply).partition(' ')[0]}")


def _unpublished(why: str) -> ShimError:
    return ShimError(
        f"The join service did not take the join record ({why}).",
        fix="Try again: shim join open. If it stays so, please report it with the version of the server.",
    )
