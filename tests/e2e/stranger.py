"""Somebody with a network cable and no token: what each port of a node says to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shim.network import listeners
from shim.probe import grpc, http, resp
from shim.probe.answer import Answer, Verdict, from_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.secret import Secret
    from tests.e2e.cluster import Node

PULL = "/ray.rpc.ObjectManagerService/Pull"
READABLE = (
    "/metrics",
    "/-/routes",
    "/nodes?view=summary",
    "/api/jobs/",
    "/api/v0/nodes",
    "/api/cluster_status",
    "/logs",
)
"""What Ray's HTTP servers tell about a cluster."""


def object_manager(host: str, port: int, key: Secret | None) -> Answer:
    """Ask for an object that does not exist."""
    try:
        reply = grpc.call(host, port, PULL, token=key)
    except OSError as error:
        return from_error(error)
    verdicts = {grpc.OK: Verdict.OPEN, grpc.UNAUTHENTICATED: Verdict.REFUSED}
    return Answer(verdicts.get(reply.status, Verdict.OTHER), f"gRPC status {reply.status}")


def pages(host: str, port: int, key: Secret | None) -> Answer:
    """Ask for everything that can be read over HTTP."""
    seen = set()
    for path in READABLE:
        try:
            seen.add(http.request(host, port, path, token=key).status)
        except OSError as error:
            return from_error(error)
        if 200 in seen:
            return Answer(Verdict.OPEN, f"{path} is served")
    return Answer(Verdict.REFUSED if seen <= {401, 403} else Verdict.OTHER, f"status {sorted(seen)}")


def redis(host: str, port: int, key: Secret | None) -> Answer:
    """Knock on a Redis, with the token as the password where there is one."""
    answer = resp.stranger(host, port)
    if answer.verdict is Verdict.REFUSED and key is not None:
        with resp.connect(host, port) as session:
            if session.call("AUTH", key.reveal()) == "OK":
                return Answer(Verdict.OPEN, "it takes the token as a password")
    return answer


PROBES: dict[str, Callable[[str, int, Secret | None], Answer]] = {
    "GCS": grpc.gcs,
    "Ray Client": grpc.client,
    "raylet": grpc.raylet,
    "worker": grpc.worker,
    "agent": grpc.agent,
    "object manager": object_manager,
    "dashboard": http.dashboard,
    "job agent": http.agent,
    "runtime environments": http.runtime_env_agent,
    "pages": pages,
    "Redis": redis,
}


@dataclass(frozen=True)
class Port:
    """What a port says to a stranger: the verdict of each probe."""

    address: str
    port: int
    said: dict[str, Answer]

    def who(self, verdict: Verdict) -> list[str]:
        """Return the probes that came to this verdict."""
        return [name for name, answer in self.said.items() if answer.verdict is verdict]

    @property
    def is_reachable(self) -> bool:
        """Whether anything accepted a connection."""
        return not all(answer.verdict in (Verdict.ABSENT, Verdict.SILENT) for answer in self.said.values())


def knock(stranger: Node, target: Node, key: Secret | None) -> list[Port]:
    """Try every port that anything on ``target`` listens on, over IPv4 and IPv6, with every probe."""
    with target.host.inside():
        ports = sorted({listener.port for listener in listeners()})
    with stranger.host.inside():
        return [
            Port(address, port, {name: ask(address, port, key) for name, ask in PROBES.items()})
            for port in ports
            for address in (target.host.address, target.host.address6)
        ]
