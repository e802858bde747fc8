"""Ray's HTTP ports, with the standard library's http.client (imported late: it costs 12 ms)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shim.probe.answer import Answer, Misspoken, Verdict, from_error, guess
from shim.probe.bearer import bearer
from shim.probe.wire import Wire, dial

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from shim.secret import Secret

UNAUTHORIZED, FORBIDDEN, METHOD_NOT_ALLOWED = 401, 403, 405

LIMIT = 65536
"""Bytes of a body at most; the rest is not read."""


@dataclass(frozen=True)
class Reply:
    """Status, the first `LIMIT` bytes of the body, and the headers (names in lower case)."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def request(
    host: str,
    port: int,
    path: str,
    *,
    token: Secret | None = None,
    method: str = "GET",
    body: bytes | None = None,
    timeout: float = 5.0,
    tls: ssl.SSLContext | None = None,
) -> Reply:
    """Send one request and return its reply, whatever the status; redirects are not followed.

    Args:
        host: Name or address.
        port: TCP port.
        path: Path and query, as sent.
        token: Sent as ``Authorization: Bearer ...``; None asks as a stranger.
        method: HTTP method.
        body: Bytes to send, or None.
        timeout: Seconds for all of it, the connection included.
        tls: Context for a dashboard behind HTTPS.

    Raises:
        Misspoken: The peer speaks no HTTP.
        OSError: The connection failed or broke; TimeoutError at the deadline.
    """
    import http.client

    headers = dict(bearer(token))
    with dial(host, port, timeout, tls) as wire:
        connection = http.client.HTTPConnection(host, port)
        connection.sock = _Socket(wire)
        try:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            names = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, reply.read(LIMIT), names)
        except ConnectionError:  # http.client's RemoteDisconnected is one
            raise
        except http.client.BadStatusLine as error:
            raise Misspoken(f"it speaks {guess(str(error).encode())}, not HTTP") from None
        except http.client.HTTPException:
            raise Misspoken("it speaks broken HTTP") from None


class _Socket:
    """What http.client needs of a socket, on a `Wire`: one deadline for everything."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def sendall(self, data: bytes) -> None:
        self._wire.send(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._wire))

    def close(self) -> None:
        """Do nothing: http.client closes early, while the body is still to be read; who dialled hangs up."""


class _Incoming(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._wire.receive(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def dashboard(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> Answer:
    """Ask the dashboard (8265) for its version: guarded since 2.52, and cheap."""
    return _ask(host, port, "/api/version", token, timeout, lambda reply: b'"ray_version"' in reply.body)


def agent(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> Answer:
    """Ask the dashboard agent (52365) with GET for what it only does on POST: run a job.

    The token is checked before the method. So 405 says that a POST would have been obeyed, and nothing ran:
    a stranger gets it on 2.52 and 2.53, and 401 from 2.54 on. (A GET of a job's logs would look the same,
    but makes an open agent connect to the cluster as a driver.)
    """
    return _ask(host, port, "/api/job_agent/jobs/", token, timeout, _is_post_only)


def runtime_env_agent(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> Answer:
    """Ask the runtime environment agent (a random port) likewise, for what it does on POST."""
    return _ask(host, port, "/get_or_create_runtime_env", token, timeout, _is_post_only)


def _is_post_only(reply: Reply) -> bool:
    return reply.status == METHOD_NOT_ALLOWED and "POST" in reply.headers.get("allow", "")


def _ask(
    host: str, port: int, path: str, token: Secret | None, timeout: float, let_in: Callable[[Reply], bool]
) -> Answer:
    try:
        reply = request(host, port, path, token=token, timeout=timeout)
    except OSError as error:
        return from_error(error)
    who = "strangers" if token is None else "this token"
    if reply.status in (UNAUTHORIZED, FORBIDDEN):
        return Answer(Verdict.REFUSED, f"it refuses {who}")
    if let_in(reply):
        return Answer(Verdict.OPEN, f"it lets {who} in")
    return Answer(
        Verdict.OTHER, f"could not look: it speaks HTTP, but is not what was expected (status {reply.status})"
    )
