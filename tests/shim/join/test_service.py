"""The door shows one key to one user, and lets nobody do anything else."""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING

import hiredis
import pytest

from shim.errors import ShimError
from shim.join.record import JoinRecord, open_record
from shim.join.service import close_door, open_door
from shim.probe.answer import Verdict
from shim.probe.resp import Session, connect, stranger
from shim.process import MARKER
from shim.secret import Secret
from shim.store import server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shim.join.credential import Derived
    from shim.store.binary import Binary
    from tests.shim.join.conftest import Door


def enter(door: Door, derived: Derived) -> Session:
    session = connect("127.0.0.1", door.port)
    assert session.call("AUTH", "join", derived.join_password.reveal()) == "OK"
    return session


def error(session: Session, *command: str | bytes) -> str:
    reply = session.call(*command)
    assert isinstance(reply, hiredis.ReplyError), f"{command[:2]} was allowed"
    return str(reply)


def test_join_user_reads_the_record(door: Door, derived: Derived, sealed: bytes, record: JoinRecord) -> None:
    with enter(door, derived) as session:
        data = session.call("GET", "shim:join")
    assert data == sealed
    assert open_record(sealed, derived, now=record.issued_at) == record


def test_stranger_is_refused(door: Door) -> None:
    assert stranger("127.0.0.1", door.port).verdict is Verdict.REFUSED
    with connect("127.0.0.1", door.port) as session:
        assert error(session, "PING").startswith("NOAUTH")
        assert error(session, "GET", "shim:join").startswith("NOAUTH")
        for user in ("join", "default", "publisher", "admin"):
            assert error(session, "AUTH", user, secrets.token_hex(32)).startswith("WRONGPASS")
            assert error(session, "AUTH", user, "").startswith("WRONGPASS")


def test_other_addresses_than_loopback_are_served(door: Door, derived: Derived) -> None:
    """Protected mode would turn them away; 127.0.0.2 is such an address for a Redis."""
    with socket.create_connection(("127.0.0.1", door.port), source_address=("127.0.0.2", 0)) as wire:
        wire.sendall(b"PING\r\n")
        assert wire.recv(100).startswith(b"-NOAUTH")


FORBIDDEN = """
    PING | INFO | SET shim:join x | SETEX shim:join 9 x | GETSET shim:join x | GETDEL shim:join
    GETEX shim:join | APPEND shim:join x | DEL shim:join | UNLINK shim:join | EXPIRE shim:join 1
    PERSIST shim:join | STRLEN shim:join | GET other | MGET shim:join | GETRANGE shim:join 0 9
    EXISTS shim:join | TYPE shim:join | DUMP shim:join | COPY shim:join x | RENAME shim:join x
    OBJECT ENCODING shim:join | TOUCH shim:join | WATCH shim:join | KEYS * | SCAN 0 | RANDOMKEY
    DBSIZE | FLUSHALL | FLUSHDB | SWAPDB 0 0 | SELECT 0 | MOVE shim:join 0 | CONFIG GET *
    CONFIG SET maxmemory 0 | CONFIG REWRITE | CONFIG RESETSTAT | ACL LIST | ACL WHOAMI | ACL SAVE
    ACL LOAD | ACL SETUSER join +@all | ACL GETUSER join | ACL LOG | ACL CAT | EVAL return 0
    EVALSHA a 0 | SCRIPT LOAD x | FUNCTION LIST | FCALL x 0 | MULTI | EXEC | DISCARD | SUBSCRIBE x
    PUBLISH x y | PSUBSCRIBE * | MONITOR | CLIENT LIST | CLIENT KILL TYPE normal | CLIENT SETNAME x
    CLIENT ID | COMMAND | DEBUG SLEEP 0 | MODULE LIST | MODULE LOAD /x | SAVE | BGSAVE | LASTSAVE
    BGREWRITEAOF | SHUTDOWN NOSAVE | REPLICAOF NO ONE | SLAVEOF 127.0.0.1 1 | PSYNC ? -1 | SYNC
    REPLCONF ack 0 | MIGRATE 127.0.0.1 1 shim:join 0 1 | RESTORE shim:join 0 x | SORT shim:join
    WAIT 0 0 | LATENCY RESET | SLOWLOG GET | MEMORY USAGE shim:join | CLUSTER INFO | FAILOVER | TIME
    ECHO x | LOLWUT | XADD s * a b | HSET h a b | LPUSH l x | SADD s x | INCR n | PFADD p x
    GEOADD g 1 1 x | SETRANGE shim:join 0 x | BITFIELD shim:join GET u8 0
"""

REFUSALS = (
    "NOPERM",
    "EXECABORT Transaction discarded because of: NOPERM",
    "ERR unknown command",
    "ERR DEBUG",
    "ERR MODULE",
)
"""Some versions lack some commands; some refuse DEBUG and MODULE before they ask the ACL."""


def test_join_user_can_do_nothing_but_read_its_key(door: Door, derived: Derived, sealed: bytes) -> None:
    commands = [command.split() for line in FORBIDDEN.strip().splitlines() for command in line.split("|")]
    for command in commands:
        with enter(door, derived) as session:
            answer = error(session, *command)
            assert answer.startswith(REFUSALS), (command, answer)
    with enter(door, derived) as session:
        assert session.call("GET", "shim:join") == sealed


def test_every_command_of_this_server_but_get_is_forbidden(
    door: Door, derived: Derived, binary: Binary, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    """The list above is ours; this one is the server's own (`COMMAND`, asked of another instance)."""
    from shim.store.acl import ADMIN_RULES, DEFAULT_OFF, user_line

    admin = Secret.generate()
    users = (DEFAULT_OFF, user_line("admin", admin, ADMIN_RULES))
    spec = server.ServerSpec(tmp_path / "other", binary, ("127.0.0.1",), free_port(), users)
    process = server.launch(spec)
    try:
        with connect("127.0.0.1", spec.port) as session:
            session.call("AUTH", "admin", admin.reveal())
            reply = session.call("COMMAND")
    finally:
        server.halt(process)
    assert isinstance(reply, list)
    arity = {entry[0].decode(): abs(entry[1]) for entry in reply}
    assert len(arity) > 200
    for name in sorted(set(arity) - {"auth", "hello", "quit", "reset", "get"}):  # the first four: for everybody
        with enter(door, derived) as session:
            answer = error(session, name, *["shim:join"] * (arity[name] - 1))
            assert answer.startswith((*REFUSALS, "ERR unknown subcommand", "ERR Unknown subcommand")), name


def test_publisher_is_gone(
    binary: Binary,
    tmp_path: Path,
    derived: Derived,
    free_port: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even with the password, which only this test knows, nobody can write."""
    known = Secret.generate()
    monkeypatch.setattr("shim.join.service.Secret.generate", lambda: known)
    port = free_port()
    process = open_door(
        folder=tmp_path / "join",
        binary=binary,
        addresses=("127.0.0.1",),
        port=port,
        sealed=b"x",
        join_password=derived.join_password,
        marker="",
    )
    try:
        with connect("127.0.0.1", port) as session:
            assert error(session, "AUTH", "publisher", known.reveal()).startswith("WRONGPASS")
    finally:
        close_door(process)


def test_publisher_cannot_come_back(door: Door) -> None:
    """No file that a restart would read brings him back."""
    assert not (door.folder / server.USERS).exists()
    for path in door.folder.rglob("*"):
        if path.is_file():
            assert b"user publisher" not in path.read_bytes(), path


def test_nothing_on_disk_holds_record_or_password(door: Door, derived: Derived, sealed: bytes) -> None:
    import hashlib

    password = derived.join_password.reveal().encode()
    secret = (sealed, sealed[-64:], password, hashlib.sha256(password).hexdigest().encode())
    close_door(door.process)  # nor does it write anything when it ends
    for path in door.folder.rglob("*"):
        if path.is_file():
            assert not [text for text in secret if text in path.read_bytes()], path
            assert path.stat().st_mode & 0o077 == 0, path


def test_no_secret_in_argv_or_environment(door: Door, derived: Derived) -> None:
    from pathlib import Path

    for name in ("cmdline", "environ"):
        text = Path(f"/proc/{door.process.pid}/{name}").read_bytes()
        assert derived.join_password.reveal().encode() not in text
        if name == "environ":
            assert f"{MARKER}={door.folder.parent}".encode() in text


def test_idle_and_oversized_clients_are_bounded(door: Door, derived: Derived) -> None:
    text = (door.folder / server.CONFIG).read_text()
    for line in ("timeout 30", "maxclients 512", "maxmemory 16mb", "proto-max-bulk-len 1mb", 'save ""'):
        assert line in text
    with connect("127.0.0.1", door.port) as session:
        assert "Protocol error" in error(session, "AUTH", "join", b"x" * (2 * 2**20))
    with enter(door, derived) as session:  # and the service lives on
        assert session.call("GET", "shim:join")


def test_closing_twice_is_fine_and_frees_the_port(door: Door, free_port: Callable[[], int]) -> None:
    close_door(door.process)
    close_door(door.process)
    assert stranger("127.0.0.1", door.port).verdict is Verdict.ABSENT


def test_it_opens_again_on_the_same_folder(door: Door, binary: Binary, derived: Derived) -> None:
    close_door(door.process)
    process = open_door(
        folder=door.folder,
        binary=binary,
        addresses=("127.0.0.1",),
        port=door.port,
        sealed=b"second",
        join_password=derived.join_password,
        marker="",
    )
    try:
        with enter(door, derived) as session:
            assert session.call("GET", "shim:join") == b"second"
    finally:
        close_door(process)


def test_failed_publication_leaves_nothing_running(
    binary: Binary, tmp_path: Path, derived: Derived, free_port: Callable[[], int]
) -> None:
    port = free_port()
    with pytest.raises(ShimError, match="did not take the join record"):
        open_door(
            folder=tmp_path / "join",
            binary=binary,
            addresses=("127.0.0.1",),
            port=port,
            sealed=b"x" * (2 * 2**20),  # larger than the service takes
            join_password=derived.join_password,
            marker="",
        )
    assert stranger("127.0.0.1", port).verdict is Verdict.ABSENT
    assert not (tmp_path / "join" / server.USERS).exists()


def test_port_in_use_names_the_holder_and_leaves_no_hash(binary: Binary, tmp_path: Path, derived: Derived) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ShimError, match="in use by pid"):
        open_door(
            folder=tmp_path / "join",
            binary=binary,
            addresses=("127.0.0.1",),
            port=taken.getsockname()[1],
            sealed=b"x",
            join_password=derived.join_password,
            marker="",
        )
    assert not (tmp_path / "join" / server.USERS).exists()
