"""gRPC without grpcio and without Ray's protobufs: one call, and whether it was let in.

Ray's servers check the token before anything else, and each method here only reads and needs no
arguments, so that the status alone tells. Unknown methods answer UNIMPLEMENTED with or without a token:
that means "could not look", never "refused". The methods behave alike on Ray 2.52.1, 2.53.0, 2.54.1 and
2.60.0 (seen). The object manager is left out: all it offers (push, pull, free) acts.
"""

from __future__ import annotations

import re
import struct
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shim.network import join_host
from shim.probe.answer import Answer, Misspoken, Verdict, from_error
from shim.probe.bearer import bearer
from shim.probe.http2 import Exchange
from shim.probe.wire import dial

if TYPE_CHECKING:
    import ssl

    from shim.secret import Secret

OK, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED = 0, 7, 12, 16

GET_CLUSTER_ID = "/ray.rpc.NodeInfoGcsService/GetClusterId"
PING = b"\x08\x06"  # ClusterInfoRequest{type: PING}; other types need a client's session (proxier.py)


CLUSTER_ID = rb"(?:\n\x00)?\x12\x1c(.{28})"  # GetClusterIdReply: an empty status, then 28 bytes


@dataclass(frozen=True)
class GrpcReply:
    """How a call ended: gRPC's status and message, and the first message of the reply (raw protobuf)."""

    status: int
    message: str
    data: bytes


def call(
    host: str,
    port: int,
    method: str,
    *,
    token: Secret | None = None,
    message: bytes = b"",
    timeout: float = 5.0,
    tls: ssl.SSLContext | None = None,
) -> GrpcReply:
    """Call a unary method and return how it ended, whatever the status.

    Args:
        host: Name or address.
        port: TCP port.
        method: ``/package.Service/Method``.
        token: Sent as ``authorization: Bearer ...``; None calls as a stranger.
        message: The protobuf request, at most 16 kB (empty: all defaults).
        timeout: Seconds for all of it, the connection included.
        tls: Context of an encrypted cluster (``RAY_USE_TLS``); its ALPN must offer h2.

    Raises:
        Misspoken: The peer speaks no gRPC.
        OSError: The connection failed or broke; TimeoutError at the deadline.
    """
    headers = [
        (":method", "POST"),
        (":scheme", "http" if tls is None else "https"),
        (":authority", join_host(host, port)),
        (":path", method),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        *bearer(token),
    ]
    with dial(host, port, timeout, tls) as wire:
        exchange = Exchange(wire)
        exchange.run(headers, struct.pack(">?I", False, len(message)) + message)
    return _read(exchange.headers, exchange.body)


def _read(headers: dict[str, str], body: bytes) -> GrpcReply:
    status = headers.get("grpc-status", "")
    if not (status.isdecimal() and len(status) < 4):
        raise Misspoken("it speaks HTTP/2, but not gRPC")
    message = urllib.parse.unquote(headers.get("grpc-message", ""), errors="replace")
    return GrpcReply(int(status), message, body[5 : 5 + int.from_bytes(body[1:5])])


def gcs(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> Answer:
    """Ask the GCS (6379) for the cluster's id."""
    return _ask(host, port, GET_CLUSTER_ID, token, timeout)


def client(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> Answer:
    """Ping the Ray Client server (10001); no session is opened."""
    return _ask(host, port, "/ray.rpc.RayletDriver/ClusterInfo", token, timeout, PING)


def raylet(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> Answer:
    """Ask a raylet's node manager (a random port, or ``--node-manager-port``) for its settings."""
    return _ask(host, port, "/ray.rpc.NodeManagerService/GetSystemConfig", token, timeout)


def worker(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> Answer:
    """Ask a worker or driver (10002 to 19999) how many tasks it waits for."""
    return _ask(host, port, "/ray.rpc.CoreWorkerService/NumPendingTasks", token, timeout)


def agent(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> Answer:
    """Ask the dashboard agent's gRPC port (random, or ``--dashboard-agent-grpc-port``) for its health."""
    return _ask(host, port, "/ray.rpc.ReporterService/HealthCheck", token, timeout)


def cluster_id(host: str, port: int, token: Secret | None, *, timeout: float = 5.0) -> str | None:
    """Return the id of the cluster in hex (56 digits), or None when the GCS does not tell us."""
    try:
        reply = call(host, port, GET_CLUSTER_ID, token=token, timeout=timeout)
    except OSError:
        return None
    found = re.fullmatch(CLUSTER_ID, reply.data, re.DOTALL)
    return found[1].hex() if found and reply.status == OK else None


def _ask(host: str, port: int, method: str, token: Secret | None, timeout: float, message: bytes = b"") -> Answer:
    try:
        reply = call(host, port, method, token=token, message=message, timeout=timeout)
    except OSError as error:
        return from_error(error)
    who = "strangers" if token is None else "this token"
    if reply.status == OK:
        return Answer(Verdict.OPEN, f"it lets {who} in")
    if "WrongClusterID" in reply.message:  # UNAUTHENTICATED too, but it says nothing about tokens (ray#60860)
        return Answer(Verdict.OTHER, "it asks for a cluster id before it looks at tokens")
    if reply.status in (UNAUTHENTICATED, PERMISSION_DENIED):
        return Answer(Verdict.REFUSED, f"it refuses {who}")
    if reply.status == UNIMPLEMENTED:
        return Answer(Verdict.OTHER, "could not look: it is gRPC, but not this service of Ray")
    return Answer(Verdict.OTHER, f"could not look: gRPC status {reply.status}")
