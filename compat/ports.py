"""Ports of a Ray cluster: who listens, where, and whom a token or a password keeps out.

Sources: listeners of 1.10.0 and 2.60.0; ``ray start`` options of the wheels in ``ray_start.CHECKED``;
``ray/serve/_private/constants.py``, ``ray/util/client/server/proxier.py``,
``ray/autoscaler/_private/constants.py`` of 2.60.0.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .releases import FIRST_TOKEN, FIRST_WHOLE, UNGUARDED
from .version import Version

_LAST_REDIS = Version(1, 10, 0)


class Peer(enum.Enum):
    """Who must be able to connect."""

    NODES = "every node of the cluster"
    HEAD = "the head"
    SAME_NODE = "processes of the same node"
    DRIVERS = "drivers in the cluster's network"
    CLIENTS = "Ray Client users"
    USERS = "users of the dashboard and the Jobs API"
    OPERATOR = "the Kubernetes operator"
    PROMETHEUS = "the metrics collector"
    SERVICE_USERS = "users of what Serve serves"


class Protocol(enum.Enum):
    """What is spoken on a port."""

    GRPC = "gRPC"
    HTTP = "HTTP"
    RESP = "RESP"


@dataclass(frozen=True)
class Port:
    """One listener of a cluster.

    Attributes:
        role: Who listens; one role may have several rows, one for each span of releases.
        default: First and last port of the default range; None: a random port.
        option: The ``ray start`` options that set it; empty if there is none.
        env: The variable that sets it; empty if there is none.
        reached_by: Who must reach it.
        protocol: What is spoken there.
        guarded_since: First release in which a token guards it; None: none does, by design.
        password: The legacy password guarded it.
        since: First release with this row's default; None: as far back as was looked.
        until: Last release with it; None: the newest.
        bind: Where it listens unless told otherwise: ``*`` or ``localhost``.
    """

    role: str
    default: tuple[int, int] | None
    option: tuple[str, ...]
    reached_by: tuple[Peer, ...]
    protocol: Protocol
    guarded_since: Version | None
    env: str = ""
    password: bool = False
    since: Version | None = None
    until: Version | None = None
    bind: str = "*"

    @property
    def token_guarded(self) -> bool:
        """Tell whether a token guards it in the newest Ray."""
        return self.guarded_since is not None

    def listens_in(self, ray: Version) -> bool:
        """Tell whether this row holds for a release."""
        return (self.since is None or ray.release >= self.since) and (self.until is None or ray.release <= self.until)


def _one(port: int) -> tuple[int, int]:
    return (port, port)


PORTS = (
    Port(
        "gcs",
        _one(6379),
        ("--port",),
        (Peer.NODES, Peer.DRIVERS, Peer.OPERATOR),
        Protocol.GRPC,
        FIRST_TOKEN,
        since=UNGUARDED,
    ),
    Port(
        "gcs",
        None,
        ("--gcs-server-port",),
        (Peer.NODES, Peer.DRIVERS),
        Protocol.GRPC,
        None,
        since=Version(0, 8, 7),
        until=_LAST_REDIS,
    ),
    Port(
        "redis",
        _one(6379),
        ("--port", "--redis-port"),
        (Peer.NODES, Peer.DRIVERS),
        Protocol.RESP,
        None,
        password=True,
        until=_LAST_REDIS,
    ),
    Port(
        "redis-shard",
        None,
        ("--redis-shard-ports",),
        (Peer.NODES, Peer.DRIVERS),
        Protocol.RESP,
        None,
        password=True,
        until=_LAST_REDIS,
    ),
    Port(
        "external-redis",
        _one(6379),
        (),
        (Peer.HEAD,),
        Protocol.RESP,
        None,
        env="RAY_REDIS_ADDRESS",
        password=True,
        since=UNGUARDED,
    ),
    Port(
        "ray-client",
        _one(10001),
        ("--ray-client-server-port",),
        (Peer.CLIENTS,),
        Protocol.GRPC,
        FIRST_TOKEN,
        since=Version(1, 3, 0),  # 1.2.0 has it, off by default
    ),
    Port(
        "ray-client-sessions",
        (23000, 23999),
        (),
        (Peer.SAME_NODE,),
        Protocol.GRPC,
        FIRST_TOKEN,
        since=Version(1, 3, 0),
    ),
    Port(
        "dashboard",
        _one(8265),
        ("--dashboard-port",),
        (Peer.USERS, Peer.OPERATOR),
        Protocol.HTTP,
        FIRST_TOKEN,
        since=Version(0, 8, 7),
        bind="localhost",
    ),
    Port(
        "node-manager",
        None,
        ("--node-manager-port",),
        (Peer.NODES,),
        Protocol.GRPC,
        FIRST_TOKEN,
    ),
    Port(
        "object-manager",
        None,
        ("--object-manager-port",),
        (Peer.NODES,),
        Protocol.GRPC,
        FIRST_TOKEN,
    ),
    *(
        Port(
            "workers",
            ports,
            ("--min-worker-port", "--max-worker-port", "--worker-port-list"),
            (Peer.NODES, Peer.DRIVERS),
            Protocol.GRPC,
            FIRST_TOKEN if until is None else None,
            since=Version.parse(since),
            until=until,
        )
        for ports, since, until in (
            ((10000, 10999), "0.8.6", Version(1, 2, 0)),
            ((10002, 10999), "1.3.0", Version(1, 8, 0)),
            ((10002, 19999), "1.9.0", None),
        )
    ),
    Port(
        "agent-http",
        _one(52365),
        ("--dashboard-agent-listen-port",),
        (Peer.HEAD, Peer.OPERATOR),
        Protocol.HTTP,
        FIRST_WHOLE,
        since=Version(2, 0, 0),  # a random port from 1.6.0
    ),
    Port(
        "agent-grpc",
        None,
        ("--dashboard-agent-grpc-port",),
        (Peer.HEAD, Peer.SAME_NODE),
        Protocol.GRPC,
        FIRST_TOKEN,
        since=Version(1, 10, 0),
    ),
    Port(
        "runtime-env-agent",
        None,
        ("--runtime-env-agent-port",),
        (Peer.SAME_NODE,),
        Protocol.HTTP,
        FIRST_TOKEN,
        since=Version(2, 7, 1),
    ),
    Port(
        "metrics",
        None,  # KubeRay sets 8080
        ("--metrics-export-port",),
        (Peer.PROMETHEUS,),
        Protocol.HTTP,
        None,
        since=Version(1, 0, 0),
    ),
    Port(
        "autoscaler-metrics",
        _one(44217),
        (),
        (Peer.PROMETHEUS,),
        Protocol.HTTP,
        None,
        env="AUTOSCALER_METRIC_PORT",
    ),
    Port(
        "dashboard-metrics",
        _one(44227),
        (),
        (Peer.PROMETHEUS,),
        Protocol.HTTP,
        None,
        env="DASHBOARD_METRIC_PORT",
    ),
    Port("serve-http", _one(8000), (), (Peer.SERVICE_USERS,), Protocol.HTTP, None),
    Port("serve-grpc", _one(9000), (), (Peer.SERVICE_USERS,), Protocol.GRPC, None),
)


def ports(ray: Version) -> tuple[Port, ...]:
    """Return the listeners of a release."""
    return tuple(port for port in PORTS if port.listens_in(ray))
