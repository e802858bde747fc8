"""Decide everything about a head before anything is started: addresses, ports, store, token, join."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shim import token
from shim.cluster import ports as port_rules
from shim.cluster.door import listening_addresses
from shim.cluster.slots import named_ports
from shim.errors import UsageError
from shim.files import check_owner
from shim.network import is_loopback, is_private, join_host, node_address
from shim.secret import Secret
from shim.state import DEFAULT_NAME, NodeState, node_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.cluster.request import Request
    from shim.store.binary import Binary
    from shim.store.local import LocalStore


@dataclass(frozen=True)
class StorePlan:
    """The control store: one of ours (``local``), or a URL of the person's (``url``)."""

    namespace: str
    local: LocalStore | None
    url: Secret | None
    username: str | None = None
    password: Secret | None = None


@dataclass(frozen=True)
class HeadPlan:
    """A head, decided. ``address`` is the node's, ``local`` says that no other host can reach the join."""

    folder: Path
    request: Request
    name: str
    cluster_id: str
    address: str
    local: bool
    ports: Mapping[str, int]
    token_path: Path
    store: StorePlan
    binary: Binary | None
    arguments: tuple[str, ...]
    slot: int
    join: bool
    warnings: tuple[str, ...] = ()
    known: NodeState | None = field(default=None, repr=False)

    @property
    def metrics(self) -> dict[str, str]:
        """The variables that keep the metrics ports of a named cluster apart from another's."""
        ports = {"AUTOSCALER_METRIC_PORT": 44217 - self.slot, "DASHBOARD_METRIC_PORT": 44227 + self.slot}
        return {name: str(port) for name, port in ports.items()} if self.slot else {}

    @property
    def gcs_address(self) -> str:
        """Where workers and drivers go."""
        return join_host(self.address, self.ports["gcs"])

    @property
    def join_addresses(self) -> tuple[str, ...]:
        """Where the join service listens: the node's address, and loopback for this host's own nodes."""
        return listening_addresses(self.address, self.local)


def plan_head(request: Request, known: NodeState | None, ours: set[int]) -> HeadPlan:
    """Decide, and refuse what cannot work. Nothing is written, started or stopped.

    Args:
        request: What the person asked for.
        known: What an earlier start of this cluster left, if any: its id, ports and data are kept.
        ours: Pids of that start: the ports they hold count as free.

    Raises:
        ShimError: With the remedy.
    """
    chosen = request.choices
    folder = node_folder(chosen.name, "head", request.environ, request.home)
    for place in (folder.parent.parent.parent, folder.parent.parent, folder.parent, folder):
        check_owner(place)
    address, local = find_address(request)
    warnings = _check_password(request, local)
    ports, slot = _choose_ports(request, known)
    cluster_id = known.cluster_id if known else secrets.token_hex(16)
    binary, store = _plan_store(request, folder, ports, cluster_id)
    join = wants_join(request)
    wanted = {role: port for role, port in ports.items() if _is_wanted(role, join, store)}
    workers = _workers(request, slot)
    port_rules.refuse_clashes(wanted, workers)
    port_rules.refuse_taken(wanted, ours)
    if join and binary is None:
        from shim.store.binary import find

        binary = find()
    return HeadPlan(
        folder=folder,
        request=request,
        name=chosen.name,
        cluster_id=cluster_id,
        address=address,
        local=local,
        ports=wanted,
        token_path=plan_token(request, folder),
        store=store,
        binary=binary,
        arguments=(*request.command.ray_args, *_more_arguments(request, ports, workers)),
        slot=slot,
        join=join,
        warnings=(*warnings, *_exposure(address, local)),
        known=known,
    )


def check_store(plan: HeadPlan) -> None:
    """Try the store's configuration, before anything that runs is ended for it.

    Raises:
        ShimError: The server would refuse it, cannot read the data, or the disk is full.
    """
    if plan.store.local is not None:
        from shim.store.local import check

        check(plan.store.local)


def find_address(request: Request, target: str = "8.8.8.8") -> tuple[str, bool]:
    """Return the node's address as Ray will have it, and whether the person asked for this host alone.

    Ray turns ``--node-ip-address=127.0.0.1`` into the host's address (``resolve_ip_for_localhost``,
    ray/_private/services.py): its ports are on the network all the same, only the join is not.

    Raises:
        UsageError: The address is none.
    """
    given = request.command.values.get("node-ip-address")
    if given is None:
        found = node_address(target)
        return found, is_loopback(found)
    if is_loopback(given):
        return node_address(target), True
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        address = None
    if address is None or address.is_unspecified or address.is_multicast:
        raise UsageError(
            f"--node-ip-address={given} is not the IP address of a host.",
            fix="Give one of this host's: ip -brief address",
        )
    return str(address), False


def wants_join(request: Request) -> bool:
    """Say whether the request opens a join: a password was given, and is not an external Redis' own."""
    return request.choices.join and request.password is not None and request.command.external_redis is None


def _check_password(request: Request, local: bool) -> tuple[str, ...]:
    if request.password is None or not wants_join(request):
        return ()
    from shim.join.strength import refuse_weak

    warning = refuse_weak(request.password, not local)
    return (warning,) if warning else ()


def _choose_ports(request: Request, known: NodeState | None) -> tuple[dict[str, int], int]:
    asked = {
        "gcs": request.port("port"),
        "join": request.choices.join_port,
        "store": request.choices.store_port,
        "dashboard": request.port("dashboard-port"),
        "client": request.port("ray-client-server-port"),
        "agent": request.port("dashboard-agent-listen-port"),
    }
    given = {role: port for role, port in asked.items() if port is not None}
    if request.choices.name == DEFAULT_NAME:
        return port_rules.choose(given, 0), 0
    return named_ports(given, known, request)


def _is_wanted(role: str, join: bool, store: StorePlan) -> bool:
    return (role != "join" or join) and (role != "store" or store.local is not None)


def _workers(request: Request, slot: int) -> tuple[int, int]:
    usual = port_rules.WORKERS if not slot else (23000 + 1000 * slot, 23999 + 1000 * slot)
    values = request.command.values
    if values.get("min-worker-port") == values.get("max-worker-port") == "0":
        return 0, 0  # Ray's way to ask for random ports
    low, high = request.port("min-worker-port"), request.port("max-worker-port")
    return low or usual[0], high or usual[1]


def _more_arguments(request: Request, ports: Mapping[str, int], workers: tuple[int, int]) -> list[str]:
    """Return the options that say what Ray would otherwise choose differently."""
    wanted = {
        "port": (ports["gcs"], None),
        "dashboard-port": (ports["dashboard"], port_rules.DASHBOARD),
        "ray-client-server-port": (ports["client"], port_rules.CLIENT),
        "dashboard-agent-listen-port": (ports["agent"], port_rules.AGENT),
        "min-worker-port": (workers[0], port_rules.WORKERS[0]),
        "max-worker-port": (workers[1], port_rules.WORKERS[1]),
    }
    given = request.command.values
    return [f"--{name}={port}" for name, (port, usual) in wanted.items() if name not in given and port != usual]


def _plan_store(
    request: Request, folder: Path, ports: Mapping[str, int], cluster_id: str
) -> tuple[Binary | None, StorePlan]:
    chosen, external = request.choices.store, request.command.external_redis
    named = request.environ.get("RAY_external_storage_namespace")
    if external is not None:
        url = external if "://" in external else f"redis://{external}"
        plan = StorePlan(named or "default", None, Secret(url), request.command.redis_username, request.password)
        return None, plan
    if "://" in chosen:
        unique = named or f"{request.choices.name}-{cluster_id[:8]}"
        return None, StorePlan(unique, None, Secret(chosen))
    from shim.store.binary import find
    from shim.store.local import LocalStore

    binary, namespace = find(chosen, request.environ), named or request.choices.name
    store = LocalStore(folder / "store", binary, ports["store"], namespace, str(folder), data_folder(folder))
    return binary, StorePlan(namespace, store, None)


def data_folder(folder: Path) -> Path:
    """Return where the append-only file lives: beside the state, or on a local disk when that is on a network."""
    from shim.store.filesystem import is_network_filesystem

    if is_network_filesystem(folder) is None:
        return folder / "store" / "data"
    return Path("/var/tmp", f"shim-{os.geteuid()}", *folder.parts[-3:])  # noqa: S108 - ours and 0700, checked


def plan_token(request: Request, folder: Path) -> Path:
    """Return where the cluster's token is or will be; looks, and writes nothing.

    A named cluster has its own. A token that the person exported by value goes into the state folder, because
    Ray gets a path and never the token itself.

    Raises:
        ShimError: The token that Ray would use cannot serve.
    """
    if request.choices.name != DEFAULT_NAME:
        check_owner(folder / "auth_token")
        return folder / "auth_token"
    found = token.find(request.environ, request.home)
    if found is None:
        path = token.default_path(request.home)
        check_owner(path.parent)
        check_owner(path)
        return path
    if found.source.kind == "environment":
        return folder / "auth_token"
    return Path(found.source.where)


def _exposure(address: str, local: bool) -> tuple[str, ...]:
    if local or is_loopback(address) or is_private(address):
        return ()
    return (
        (
            f"{address} is a public address, and Ray sends tokens in clear: whoever listens on the way gets in. "
            "Use TLS (RAY_USE_TLS) or a tunnel, and a firewall."
        ),
    )
