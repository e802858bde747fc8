"""gRPC against a server on h2, and against peers that speak no gRPC."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import StreamEnded

from shim.probe import grpc, http2
from shim.probe.answer import Answer, Misspoken, Verdict
from shim.secret import Secret
from tests.shim.probe import peers

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Callable

HOST = "127.0.0.1"
TOKEN = Secret("0123456789abcdef" * 4)
ID = bytes(range(28))
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def ray_like(guarded: bool) -> peers.Handler:
    def method(headers: dict[str, str], message: bytes) -> tuple[int, str, bytes]:
        known = {
            "/ray.rpc.NodeInfoGcsService/GetClusterId": b"\n\x00\x12\x1c" + ID,
            "/ray.rpc.RayletDriver/ClusterInfo": b"" if message == b"\x08\x06" else None,
            "/ray.rpc.NodeManagerService/GetSystemConfig": b"",
            "/ray.rpc.CoreWorkerService/NumPendingTasks": b"",
            "/ray.rpc.ReporterService/HealthCheck": b"",
        }
        data = known.get(headers[":path"])
        if data is None:
            return grpc.UNIMPLEMENTED, "", b""
        if guarded and headers.get("authorization") != f"Bearer {TOKEN.reveal()}":
            return grpc.UNAUTHENTICATED, "InvalidAuthToken: Authentication token is missing or incorrect", b""
        return grpc.OK, "", data

    return peers.grpc_server(method)


def always(status: int, message: str = "") -> peers.Handler:
    return peers.grpc_server(lambda headers, body: (status, message, b""))


PROBES = [grpc.gcs, grpc.client, grpc.raylet, grpc.worker, grpc.agent]


@pytest.mark.parametrize("ask", PROBES)
def test_a_guarded_port_lets_only_the_token_in(ask: Callable[..., Answer]) -> None:
    with peers.listening(ray_like(guarded=True)) as number:
        assert ask(HOST, number, None).verdict is Verdict.REFUSED
        assert ask(HOST, number, Secret("wrong")).verdict is Verdict.REFUSED
        assert ask(HOST, number, TOKEN).verdict is Verdict.OPEN


@pytest.mark.parametrize("ask", PROBES)
def test_an_unguarded_port_is_open_to_strangers(ask: Callable[..., Answer]) -> None:
    with peers.listening(ray_like(guarded=False)) as number:
        assert ask(HOST, number, None).verdict is Verdict.OPEN


def test_the_cluster_id_is_told_to_the_token_only() -> None:
    with peers.listening(ray_like(guarded=True)) as number:
        assert grpc.cluster_id(HOST, number, TOKEN) == ID.hex()
        assert grpc.cluster_id(HOST, number, None) is None
    assert grpc.cluster_id(HOST, peers.free_port(), TOKEN) is None


@pytest.mark.parametrize("data", [b"", b"\x12\x1c" + ID[1:], b"\n\x05other" + ID, b"\x12\x1c" + ID + b"x"])
def test_a_reply_without_an_id_gives_none(data: bytes) -> None:
    with peers.listening(peers.grpc_server(lambda headers, body: (0, "", data))) as number:
        assert grpc.cluster_id(HOST, number, None) is None


def test_an_unknown_method_is_no_refusal() -> None:
    with peers.listening(always(grpc.UNIMPLEMENTED)) as number:
        answer = grpc.gcs(HOST, number, None)
    assert answer.verdict is Verdict.OTHER
    assert "not this service" in answer.detail


def test_a_wrong_cluster_id_is_no_refusal_of_the_token() -> None:
    with peers.listening(always(grpc.UNAUTHENTICATED, "WrongClusterID")) as number:
        assert grpc.raylet(HOST, number, None).verdict is Verdict.OTHER


@pytest.mark.parametrize(("status", "verdict"), [(7, Verdict.REFUSED), (14, Verdict.OTHER), (5, Verdict.OTHER)])
def test_other_statuses(status: int, verdict: Verdict) -> None:
    with peers.listening(always(status)) as number:
        assert grpc.gcs(HOST, number, None).verdict is verdict


def test_the_message_of_a_status_is_decoded() -> None:
    with peers.listening(always(2, "caf%C3%A9 %25")) as number:
        assert grpc.call(HOST, number, "/a/b").message == "café %"


def test_a_large_reply_arrives_whole() -> None:
    data = bytes(range(256)) * 200
    sent: list[bytes] = []

    def method(headers: dict[str, str], message: bytes) -> tuple[int, str, bytes]:
        sent.append(message)
        return 0, "", data[:16000]

    with peers.listening(peers.grpc_server(method)) as number:
        assert grpc.call(HOST, number, "/a/b", message=b"hello").data == data[:16000]
    assert sent == [b"hello"]


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "HTTP"),
        (b"-ERR unknown command 'PRI'\r\n", "Redis"),
        (b"\x15\x03\x03\x00\x02\x02\x0a", "TLS"),
        (b"\xff" * 100, "something else"),
    ],
)
def test_a_peer_of_another_protocol_is_named(words: bytes, guess: str) -> None:
    with peers.listening(peers.says(words)) as number:
        answer = grpc.gcs(HOST, number, None)
    assert (answer.verdict, answer.detail) == (Verdict.OTHER, f"it speaks {guess}, not gRPC")


def test_http2_that_is_no_grpc_is_misspoken() -> None:
    def handler(connection: socket.socket, over: threading.Event) -> None:
        http = H2Connection(H2Configuration(client_side=False))
        http.initiate_connection()
        while data := connection.recv(65536):
            if any(isinstance(event, StreamEnded) for event in http.receive_data(data)):
                http.send_headers(1, [(":status", "404")], end_stream=True)
            connection.sendall(http.data_to_send())

    with peers.listening(handler) as number, pytest.raises(Misspoken, match="HTTP/2, but not gRPC"):
        grpc.call(HOST, number, "/a/b")


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08",  # RST_STREAM, CANCEL
        b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + b"\x00" * 8,  # GOAWAY
    ],
)
def test_a_reset_stream_is_a_broken_connection(frame: bytes) -> None:
    with peers.listening(peers.drips(b"", start=SETTINGS + frame)) as number:
        assert grpc.gcs(HOST, number, None).detail == "it broke the connection off"


@pytest.mark.parametrize(
    "handler",
    [
        peers.stays_silent,
        peers.drips(b"\x00"),
        peers.drips(SETTINGS),
        peers.drips(b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + b"ping-it!", start=SETTINGS),
    ],
)
def test_a_slow_peer_ends_within_the_deadline(handler: peers.Handler) -> None:
    with peers.listening(handler) as number:
        start = time.monotonic()
        assert grpc.gcs(HOST, number, TOKEN, timeout=0.5).verdict in (Verdict.SILENT, Verdict.OTHER)
        assert time.monotonic() - start < 1.2


@pytest.mark.parametrize("words", [b"", SETTINGS, SETTINGS[:5]])
def test_a_peer_that_hangs_up_is_a_broken_connection(words: bytes) -> None:
    with peers.listening(peers.says(words)) as number:
        assert grpc.gcs(HOST, number, None).detail == "it broke the connection off"


@pytest.mark.parametrize("flood", [SETTINGS, b"\x00" * 1000, b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_flood_ends(flood: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2, "LIMIT", 100_000)
    with peers.listening(peers.floods(flood * 50, start=flood)) as number:
        assert grpc.gcs(HOST, number, None, timeout=5).verdict is Verdict.OTHER


def test_garbage_of_every_kind_is_an_answer() -> None:
    """Nothing but an Answer comes out, whatever comes in: 60 mutations of a real reply, fixed seed."""
    chance = random.Random(20)
    http = H2Connection(H2Configuration(client_side=False))
    http.initiate_connection()
    http.receive_data(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS)
    real = http.data_to_send() + bytes.fromhex("00000a010400000001") + b"\x88\x40\x01\xffa\x01\xfe\x00\x00\x00"
    for _ in range(60):
        words = bytearray(real)
        for _ in range(chance.randrange(1, 6)):
            words[chance.randrange(len(words))] = chance.randrange(256)
        with peers.listening(peers.says(bytes(words))) as number:
            assert grpc.gcs(HOST, number, None, timeout=1).verdict in (Verdict.OTHER, Verdict.SILENT)


def test_headers_that_are_no_text_are_an_answer() -> None:
    """On a stream that nobody opened, h2 4.4.1 lets a UnicodeDecodeError through (found by mutation)."""
    words = SETTINGS + bytes.fromhex("00000801050000 19de0e01880001ff01fe0000")
    with peers.listening(peers.says(words)) as number:
        assert grpc.gcs(HOST, number, None).detail == "it speaks broken HTTP/2, not gRPC"


def test_nothing_that_listens_is_absent_and_a_full_backlog_is_silent() -> None:
    assert grpc.gcs(HOST, peers.free_port(), None).verdict is Verdict.ABSENT
    with peers.filtered() as number:
        assert grpc.gcs(HOST, number, None, timeout=0.3).verdict is Verdict.SILENT
