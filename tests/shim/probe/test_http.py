"""HTTP against real small servers, and against peers that are none."""

from __future__ import annotations

import http.server
import threading
import time
from typing import TYPE_CHECKING

import pytest

from shim.probe import http as probe
from shim.probe.answer import Answer, Misspoken, Verdict
from shim.secret import Secret
from tests.shim.probe import peers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
TOKEN = Secret("0123456789abcdef" * 4)
VERSION = b'{"version": "4", "ray_version": "2.60.0"}'


@pytest.fixture
def ray_like() -> Iterator[Callable[[bool], int]]:
    """Start a server with the paths and the token check of Ray's dashboard and agent; guarded or not."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def start(guarded: bool) -> int:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sent = self.headers.get("Authorization")
                if guarded and sent != f"Bearer {TOKEN.reveal()}":
                    self.reply(403 if sent else 401)
                elif self.path == "/api/version":
                    self.reply(200, VERSION)
                elif self.path == "/api/job_agent/jobs/":
                    self.reply(405, allow="OPTIONS,POST")
                else:
                    self.reply(404)

            def do_POST(self) -> None:
                self.reply(200, self.rfile.read(int(self.headers["Content-Length"])))

            def reply(self, status: int, body: bytes = b"", allow: str = "") -> None:
                self.send_response(status)
                self.send_header("Allow", allow)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("ask", [probe.dashboard, probe.agent])
def test_a_guarded_port_lets_only_the_token_in(
    ray_like: Callable[[bool], int], ask: Callable[[str, int, Secret | None], Answer]
) -> None:
    number = ray_like(True)
    assert ask(HOST, number, None).verdict is Verdict.REFUSED
    assert ask(HOST, number, Secret("wrong")).verdict is Verdict.REFUSED
    assert ask(HOST, number, TOKEN).verdict is Verdict.OPEN


@pytest.mark.parametrize("ask", [probe.dashboard, probe.agent])
def test_an_unguarded_port_is_open_to_strangers(
    ray_like: Callable[[bool], int], ask: Callable[[str, int, Secret | None], Answer]
) -> None:
    assert ask(HOST, ray_like(False), None).verdict is Verdict.OPEN


def test_a_server_that_is_not_ray_could_not_be_looked_at(ray_like: Callable[[bool], int]) -> None:
    answer = probe.runtime_env_agent(HOST, ray_like(False), None)
    assert answer.verdict is Verdict.OTHER
    assert "404" in answer.detail


def test_a_200_that_is_no_version_of_ray_is_no_dashboard() -> None:
    with peers.listening(peers.says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")) as number:
        assert probe.dashboard(HOST, number, None).verdict is Verdict.OTHER


def test_a_path_that_does_not_take_post_either_is_no_agent() -> None:
    with peers.listening(peers.says(b"HTTP/1.1 405 No\r\nAllow: PUT\r\nContent-Length: 0\r\n\r\n")) as number:
        assert probe.agent(HOST, number, None).verdict is Verdict.OTHER


def test_body_and_headers_come_back(ray_like: Callable[[bool], int]) -> None:
    reply = probe.request(HOST, ray_like(False), "/", method="POST", body=b"\x00\xff")
    assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"\x00\xff", "2")


def test_a_body_until_the_end_of_an_http10_connection_comes_back() -> None:
    with peers.listening(peers.says(b"HTTP/1.0 200 OK\r\n\r\nmetrics")) as number:
        assert probe.request(HOST, number, "/metrics").body == b"metrics"


def test_a_body_without_end_is_cut_off() -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with peers.listening(peers.floods(b"x" * 65536, start)) as number:
        assert len(probe.request(HOST, number, "/").body) == probe.LIMIT


@pytest.mark.parametrize(
    ("words", "guess"),
    [
        (b"-ERR unknown command 'GET'\r\n", "Redis"),
        (b"\x15\x03\x03\x00\x02\x02\x0a", "TLS"),
        (b"\x00\x00\x06\x04\x00\x00\x00\x00\x00", "HTTP/2"),
        (b"\xff\xfe\n", "something else"),
    ],
)
def test_a_peer_of_another_protocol_is_named(words: bytes, guess: str) -> None:
    with peers.listening(peers.says(words)) as number:
        answer = probe.dashboard(HOST, number, None)
        assert (answer.verdict, answer.detail) == (Verdict.OTHER, f"it speaks {guess}, not HTTP")


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
    ],
)
def test_broken_http_is_misspoken(words: bytes) -> None:
    with peers.listening(peers.says(words)) as number, pytest.raises(Misspoken):
        probe.request(HOST, number, "/")


@pytest.mark.parametrize(
    "handler",
    [
        peers.stays_silent,
        peers.drips(b"A", start=b"HTTP/1.1 200 "),
        peers.drips(b"A: b\r\n", start=b"HTTP/1.1 200 OK\r\n"),
        peers.drips(b"x", start=b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"),
        peers.floods(b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_a_slow_peer_is_silent_within_the_deadline(handler: peers.Handler) -> None:
    with peers.listening(handler) as number:
        start = time.monotonic()
        assert probe.dashboard(HOST, number, TOKEN, timeout=0.4).verdict is Verdict.SILENT
        assert time.monotonic() - start < 1


def test_a_broken_connection_and_an_absent_one_are_answers() -> None:
    with peers.listening(peers.resets) as number:
        assert probe.dashboard(HOST, number, None).verdict is Verdict.OTHER
    with peers.listening(peers.says(b"")) as number:
        assert probe.dashboard(HOST, number, None).detail == "it broke the connection off"
    assert probe.dashboard(HOST, peers.free_port(), None).verdict is Verdict.ABSENT


@pytest.mark.parametrize("text", ["inner\nnewline", "snow\u2603man", "null\0"])
def test_a_token_that_no_header_can_carry_is_not_shown(text: str) -> None:
    with pytest.raises(OSError, match="no header can carry") as caught:
        probe.request(HOST, peers.free_port(), "/", token=Secret(text))
    assert text not in "".join(map(str, caught.value.args))
    assert caught.value.__context__ is None
    assert probe.dashboard(HOST, peers.free_port(), Secret(text)).verdict is Verdict.OTHER
