"""The proof of a join service sees a closed one as closed, and each way of being open as open."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from shim.join.proof import prove
from shim.probe.resp import connect
from shim.secret import Secret
from shim.store import server
from shim.store.acl import ADMIN_RULES, DEFAULT_OFF, user_line
from tests.shim.join.conftest import PASSWORD, listening

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shim.join.credential import Derived
    from shim.store.binary import Binary
    from tests.shim.join.conftest import Door

READER = ("resetchannels", "~shim:join", "-@all", "+get")


def results(port: int, password: Secret) -> dict[str, bool]:
    return {proof.name: proof.passed for proof in prove("127.0.0.1", port, password)}


def test_a_real_one_passes_and_lives_on(door: Door, derived: Derived, sealed: bytes) -> None:
    """The proof tries SHUTDOWN and SET too: on a running cluster they must change nothing."""
    for _ in range(2):
        assert results(door.port, derived.join_password) == {
            "stranger-refused": True,
            "record-readable": True,
            "nothing-else": True,
        }
    with connect("127.0.0.1", door.port) as session:
        session.call("AUTH", "join", derived.join_password.reveal())
        assert session.call("GET", "shim:join") == sealed


def test_a_wrong_password_reads_nothing(door: Door) -> None:
    found = results(door.port, Secret.generate())
    assert (found["stranger-refused"], found["record-readable"]) == (True, False)


def test_nothing_there_is_no_pass(free_port: Callable[[], int], derived: Derived) -> None:
    assert results(free_port(), derived.join_password) == {"stranger-refused": False, "record-readable": False}


@contextlib.contextmanager
def lax(binary: Binary, folder: Path, port: int, users: tuple[str, ...], record: bytes | None) -> Iterator[None]:
    """Run a server with users of our choice; ``admin`` writes the record and goes."""
    admin = Secret.generate()
    users = (*users, user_line("admin", admin, ADMIN_RULES))
    spec = server.ServerSpec(folder, binary, ("127.0.0.1",), port, users)
    process = server.launch(spec)
    try:
        with connect("127.0.0.1", port) as session:
            session.call("AUTH", "admin", admin.reveal())
            if record is not None:
                session.call("SET", "shim:join", record)
            session.call("ACL", "DELUSER", "admin")
        yield
    finally:
        server.halt(process)


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (("~shim:join", "-@all", "+get", "+set"), "SET shim:join"),
        (("~shim:join", "-@all", "+get", "+del"), "DEL shim:join"),
        (("~*", "-@all", "+get"), "GET another-key"),
        (("~shim:join", "-@all", "+get", "+config|get"), "CONFIG GET"),
        (("~shim:join", "-@all", "+get", "+keys"), "KEYS *"),
        (("~shim:join", "-@all", "+get", "+acl|list"), "ACL LIST"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_right_too_many_is_named(
    rules: tuple[str, ...],
    named: str,
    binary: Binary,
    tmp_path: Path,
    free_port: Callable[[], int],
    derived: Derived,
) -> None:
    if "|" in rules[-1] and not binary.at_least(7, 0):
        pytest.skip("Redis 6 has no rules for subcommands beyond `+config|get` of whole commands")
    port = free_port()
    users = (DEFAULT_OFF, user_line("join", derived.join_password, ("resetchannels", *rules)))
    with lax(binary, tmp_path / "lax", port, users, b"record"):
        (proof,) = (one for one in prove("127.0.0.1", port, derived.join_password) if one.name == "nothing-else")
    assert not proof.passed
    assert named in proof.detail
    assert derived.join_password.reveal() not in proof.detail


def test_an_empty_one_is_no_pass(
    binary: Binary, tmp_path: Path, free_port: Callable[[], int], derived: Derived
) -> None:
    port = free_port()
    users = (DEFAULT_OFF, user_line("join", derived.join_password, READER))
    with lax(binary, tmp_path / "lax", port, users, None):
        found = results(port, derived.join_password)
    assert found == {"stranger-refused": True, "record-readable": False, "nothing-else": True}


def test_what_says_yes_to_everybody_is_no_pass(derived: Derived) -> None:
    """An open Redis answers OK to any AUTH: "I got in with my password" proves nothing."""

    def agree(connection: socket.socket) -> None:
        while data := connection.recv(4096):
            connection.sendall(b"+OK\r\n" * max(1, data.count(b"*")))

    with listening(agree) as port:
        found = results(port, derived.join_password)
    assert found["stranger-refused"] is False
    assert found["record-readable"] is False


def test_what_hangs_is_no_pass_and_ends_in_time(derived: Derived) -> None:
    with listening(lambda connection: connection.recv(1)) as port:  # type: ignore[arg-type]
        proofs = prove("127.0.0.1", port, derived.join_password, timeout=0.3)
    assert [proof.passed for proof in proofs] == [False, False]
    assert PASSWORD.reveal() not in str(proofs)
