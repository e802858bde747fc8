"""A join works on a real service; every other thing that may listen there is told apart; nothing leaks."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from shim.errors import ShimError
from shim.join.client import fetch
from shim.join.envelope import RecordError
from shim.join.failure import JoinError, NotYetError, WrongPasswordError
from shim.join.record import JoinRecord, seal
from shim.join.service import close_door, open_door
from shim.secret import Secret
from shim.store import server
from shim.store.binary import find
from tests.shim.join.conftest import PASSWORD, TOKEN, listening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shim.join.credential import Derived
    from shim.store.binary import Binary
    from tests.shim.join.conftest import Door


def join(port: int, gcs_port: int = 1, password: Secret = PASSWORD, wait: float = 0, **more: object) -> JoinRecord:
    return fetch("127.0.0.1", port, password, timeout=2, gcs_port=gcs_port, wait=wait, **more)  # type: ignore[arg-type]


def test_right_password_gets_the_record(door: Door, record: JoinRecord) -> None:
    got = join(door.port)
    assert got == record
    assert got.token.reveal() == TOKEN


def test_wrong_password_is_refused_at_once(door: Door) -> None:
    start = time.monotonic()
    with pytest.raises(WrongPasswordError, match="refuses this Redis password"):
        join(door.port, password=Secret(str(uuid.uuid4())), wait=60)
    assert time.monotonic() - start < 30  # no second try: waiting does not help


# What goes over the wire.


@contextlib.contextmanager
def recording(port: int, seen: bytearray):  # type: ignore[no-untyped-def]
    """Relay to ``port`` and keep every byte of both directions."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                seen.extend(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def relay(connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as onward:
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join(5)

    with listening(relay) as proxy:
        yield proxy


def test_wire_carries_neither_password_nor_token(door: Door, record: JoinRecord) -> None:
    seen = bytearray()
    with recording(door.port, seen) as proxy:
        assert join(proxy).token == record.token
    assert b"shim:join" in seen, "the recording is of a join"
    assert b'"sealed":"' in seen
    text = bytes(seen).lower()
    for secret in (PASSWORD.reveal(), TOKEN, TOKEN.encode().hex(), PASSWORD.reveal().encode().hex()):
        assert secret.lower().encode() not in text
    assert record.fingerprint.encode() not in text


def test_eavesdropper_cannot_open_the_record_with_what_crossed_the_wire(door: Door, derived: Derived) -> None:
    """The join password, which crosses in clear, derives no sealing key."""
    from shim.join.credential import Derived as Keys
    from shim.join.record import open_record

    with socket.create_connection(("127.0.0.1", door.port)) as wire:
        wire.sendall(f"AUTH join {derived.join_password.reveal()}\r\nGET shim:join\r\n".encode())
        heard = b""
        while b'"v":1}' not in heard:
            heard += wire.recv(65536)
    data = heard[heard.index(b"{") : heard.rindex(b"}") + 1]
    with pytest.raises(RecordError):
        open_record(data, Keys(derived.join_password), now=time.time())
    assert open_record(data, derived, now=time.time()).token.reveal() == TOKEN


# Heads that lie.


def fake_head(record: bytes, *, ping: bytes = b"-NOAUTH Authentication required.") -> Callable[[socket.socket], None]:
    """Answer as a join service would, to any password, and give ``record``."""

    def answer(connection: socket.socket) -> None:
        replies = {
            b"PING": ping + b"\r\n",
            b"AUTH": b"+OK\r\n",
            b"GET": b"$%d\r\n%s\r\n" % (len(record), record),
        }
        while data := connection.recv(65536):
            for name, reply in replies.items():
                if b"\r\n" + name + b"\r\n" in data:
                    connection.sendall(reply)

    return answer


def test_forged_record_does_not_open(record: JoinRecord) -> None:
    """A fake head that saw everything on the wire, but does not know the legacy password."""
    from shim.join.credential import Derived as Keys

    forged = seal(dataclasses.replace(record, token=Secret("evil" * 16)), Keys(Secret("00" * 64)))
    with listening(fake_head(forged)) as port, pytest.raises(RecordError, match="forgery"):
        join(port)


def test_changed_record_does_not_open(sealed: bytes) -> None:
    changed = sealed.replace(b'"cluster":"28', b'"cluster":"29')
    with listening(fake_head(changed)) as port, pytest.raises(RecordError, match="changed since"):
        join(port)


def test_record_from_the_future_is_a_clock_error(record: JoinRecord, derived: Derived) -> None:
    late = seal(dataclasses.replace(record, issued_at=int(time.time()) + 3600), derived)
    with listening(fake_head(late)) as port, pytest.raises(RecordError, match="clock says"):
        join(port)


def test_fake_head_with_the_true_record_is_harmless(sealed: bytes, record: JoinRecord) -> None:
    with listening(fake_head(sealed)) as port:
        assert join(port) == record


def test_open_redis_gets_no_credential(sealed: bytes) -> None:
    """It would say OK to any AUTH: it must not even hear ours."""
    heard = bytearray()
    inner = fake_head(sealed, ping=b"+PONG")

    class Spy:
        def __init__(self, connection: socket.socket) -> None:
            self._connection = connection
            self.sendall = connection.sendall

        def recv(self, size: int) -> bytes:
            data = self._connection.recv(size)
            heard.extend(data)
            return data

    with (
        listening(lambda connection: inner(Spy(connection))) as port,  # type: ignore[arg-type]
        pytest.raises(JoinError, match="asks for no password"),
    ):
        join(port)
    assert b"PING" in heard
    assert b"AUTH" not in heard


# Things that are no join service.


def await_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
    pytest.fail(f"nothing listens on {port}")


def test_real_open_redis_is_told(binary: Binary, tmp_path: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    child = subprocess.Popen(
        [str(binary.path), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        await_port(port)
        with pytest.raises(JoinError, match="asks for no password"):
            join(port)
    finally:
        child.kill()
        child.wait()


def speaking(first: bytes, *, at_once: bool = False) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        if at_once or connection.recv(65536):
            connection.sendall(first)
            connection.recv(65536)

    return answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "speaks HTTP"),
        (speaking(b"\x15\x03\x01\x00\x02\x02\x46"), "speaks TLS"),
        (speaking(b"SSH-2.0-OpenSSH_9.2\r\n", at_once=True), "no join service"),
        (speaking(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", at_once=True), "no join service"),
        (speaking(b"-DENIED Redis is running in protected mode\r\n"), "refuses this address"),
        (speaking(b"-ERR max number of clients reached\r\n"), "busy"),
        (speaking(b"$99999999999\r\n"), "does not answer properly"),
        (speaking(b""), "does not answer properly"),
        (lambda connection: None, "does not answer properly"),
    ],
    ids=["HTTP", "TLS alert", "SSH", "gRPC", "protected mode", "busy", "endless", "silent", "hangs up"],
)
def test_what_is_no_join_service_is_told(answer: Callable[[socket.socket], None], says: str) -> None:
    with listening(answer) as port, pytest.raises(JoinError, match=says) as caught:
        join(port)
    assert f"127.0.0.1:{port}" in caught.value.what
    assert caught.value.fix


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_real_tls_server_is_no_join_service(tmp_path: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=head -keyout k -out c"
    subprocess.run(["openssl", *request.split()], check=True, capture_output=True, cwd=tmp_path)
    command = ["openssl", "s_server", "-quiet", "-key", "k", "-cert", "c", "-accept", f"127.0.0.1:{port}"]
    child = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        await_port(port)
        with pytest.raises(JoinError, match=r"speaks TLS|does not answer properly: .*(closed|reset)"):
            join(port)
    finally:
        child.kill()
        child.communicate()


def test_service_without_record_is_told(
    binary: Binary, tmp_path: Path, derived: Derived, free_port: Callable[[], int]
) -> None:
    from shim.join.service import READER_RULES
    from shim.store.acl import DEFAULT_OFF, user_line

    users = (DEFAULT_OFF, user_line("join", derived.join_password, READER_RULES))
    spec = server.ServerSpec(tmp_path / "empty", binary, ("127.0.0.1",), free_port(), users)
    process = server.launch(spec)
    try:
        with pytest.raises(NotYetError, match="holds no join record"):
            join(spec.port)
    finally:
        server.halt(process)


# Nobody there.


def test_closed_join_is_told_from_an_absent_head(free_port: Callable[[], int], gcs: int) -> None:
    port = free_port()
    with pytest.raises(JoinError, match="The join is closed, or a firewall") as caught:
        join(port, gcs_port=gcs, wait=60)
    assert "shim join open" in caught.value.fix
    assert "auth_token" in caught.value.fix
    with pytest.raises(NotYetError, match=r"No head answers at 127\.0\.0\.1: neither"):
        join(port, gcs_port=free_port())


def test_silent_join_port_beside_a_gcs_is_a_firewall(gcs: int) -> None:
    """A full backlog drops connections without a word, as a firewall does."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        with pytest.raises(JoinError, match=r"but the join port \d+ does not: a firewall\?"):
            fetch("127.0.0.1", port, PASSWORD, timeout=0.5, gcs_port=gcs, wait=60)
        for client in waiting:
            client.close()


def test_unknown_name_is_told() -> None:
    with pytest.raises(NotYetError, match=r"The name head\.invalid does not resolve"):
        fetch("head.invalid", 6389, PASSWORD, timeout=1, gcs_port=6379, wait=0)


def test_waits_for_a_head_that_is_not_there_yet(
    tmp_path: Path, sealed: bytes, derived: Derived, record: JoinRecord, free_port: Callable[[], int]
) -> None:
    port, told, opened = free_port(), [], []
    binary = find("embedded")

    def progress(line: str) -> None:
        told.append(line)
        opened.append(
            open_door(
                folder=tmp_path / "join",
                binary=binary,
                addresses=("127.0.0.1",),
                port=port,
                sealed=sealed,
                join_password=derived.join_password,
                marker="",
            )
        )

    try:
        assert join(port, gcs_port=free_port(), wait=60, progress=progress) == record
    finally:
        for process in opened:
            close_door(process)
    assert len(told) == 1, "one line per reason, not one per try"
    assert "No head answers" in told[0]


def test_waiting_ends(free_port: Callable[[], int]) -> None:
    start = time.monotonic()
    with pytest.raises(NotYetError, match="No head answers"):
        join(free_port(), gcs_port=free_port(), wait=1)
    assert 1 <= time.monotonic() - start < 5


def test_bad_password_text_is_refused_before_anything_is_sent() -> None:
    with (
        listening(lambda connection: pytest.fail("connected")) as port,
        pytest.raises(ShimError, match="NUL"),
    ):
        join(port, password=Secret("a\0b"))


def test_no_error_tells_a_secret(door: Door, gcs: int, free_port: Callable[[], int]) -> None:
    wrong = Secret(str(uuid.uuid4()))
    for arguments in ((door.port, gcs, wrong), (free_port(), gcs, wrong), (gcs, gcs, wrong)):
        with pytest.raises(ShimError) as caught:
            join(*arguments)
        assert wrong.reveal() not in caught.value.what + caught.value.fix


def test_a_join_takes_little_more_than_its_key_derivation(door: Door) -> None:
    """Measured in fresh processes, imports included; the same machine, the same load."""
    derive = "from shim.join.credential import derive; from shim.secret import Secret; derive(Secret('x' * 40))"
    fetching = (
        "import os; from shim.join.client import fetch; from shim.secret import Secret;"
        f"fetch('127.0.0.1', {door.port}, Secret(os.environ['PW']), timeout=5, gcs_port=1, wait=0)"
    )
    alone = min(_seconds(derive) for _ in range(3))
    whole = min(_seconds(fetching) for _ in range(3))
    assert whole < alone + 0.6


def _seconds(code: str) -> float:
    start = time.monotonic()
    environment = {**os.environ, "PW": PASSWORD.reveal()}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)
    return time.monotonic() - start
