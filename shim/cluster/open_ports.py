"""The ports of a node that answer anyone, found by asking each: metrics and Serve have no token by Ray's design."""

from __future__ import annotations

import http
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shim.cluster import remains
from shim.network import is_loopback, listeners

if TYPE_CHECKING:
    from shim.state import NodeState

KNOCKS = {"/metrics": "metrics, for Prometheus", "/-/routes": "Ray Serve, for its users"}
"""Paths that Ray answers without a token (2.52 to 2.60): metrics exporters, and Serve's HTTP proxy."""

PATIENCE = 1.0
"""Seconds for one question; a gRPC port breaks off at once."""


@dataclass(frozen=True)
class OpenPort:
    """A port of this node that anyone who can reach it may use."""

    address: str
    port: int
    what: str


def find(state: NodeState) -> list[OpenPort]:
    """Ask every listener of the node that the network can reach, as a stranger."""
    ours = {process.pid for process in remains.find(state.folder, state)}
    known = set(state.ports.values())
    reachable = {
        listener.port: listener.address
        for listener in listeners()
        if not is_loopback(listener.address) and listener.port not in known and listener.holder() in ours
    }
    found = (_ask(address, port, state.address) for port, address in sorted(reachable.items()))
    return [one for one in found if one is not None]


def _ask(address: str, port: int, node: str) -> OpenPort | None:
    from shim.probe.http import request

    host = node if address in ("0.0.0.0", "::") else address  # noqa: S104 - read, not bound
    for path, what in KNOCKS.items():
        try:
            reply = request(host, port, path, timeout=PATIENCE)
        except OSError:
            return None
        if reply.status == http.HTTPStatus.OK:
            return OpenPort(host, port, what)
    return None
