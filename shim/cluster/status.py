"""How a node is: asked of its processes and its ports, not of its record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shim import token
from shim.cluster import open_ports, remains
from shim.errors import ShimError
from shim.network import join_host, split_address
from shim.probe.answer import Verdict
from shim.state import NodeState, Phase, is_busy

if TYPE_CHECKING:
    from shim.secret import Secret


@dataclass(frozen=True)
class Part:
    """One line of a status: ``healthy`` is None for what is neither good nor bad."""

    id: str
    title: str
    healthy: bool | None
    detail: str


@dataclass(frozen=True)
class Status:
    """How a node is. ``healthy`` when no part is unhealthy."""

    state: NodeState
    parts: tuple[Part, ...]
    nodes: tuple[dict[str, Any], ...]
    fingerprint: str | None

    @property
    def healthy(self) -> bool:
        """Whether everything that should run runs, and refuses strangers."""
        return self.state.phase is Phase.RUNNING and all(part.healthy is not False for part in self.parts)


def look(state: NodeState) -> Status:
    """Look at a node that was started here."""
    if state.phase is not Phase.RUNNING:
        return Status(state, (_phase(state),), (), None)
    secret = _token(state)
    parts = _head(state, secret) if state.role == "head" else _worker(state, secret)
    nodes = _nodes(state, secret) if state.role == "head" and secret else ()
    return Status(state, tuple(parts), nodes, token.fingerprint(secret) if secret else None)


def _phase(state: NodeState) -> Part:
    """Describe a node that does not run."""
    if is_busy(state.folder):
        return Part("phase", "cluster", False, "another shim is starting or stopping it at this moment")
    count = len(remains.find(state.folder, state))
    detail = "stopped" if state.phase is Phase.STOPPED else "a start was interrupted"
    healthy = None if state.phase is Phase.STOPPED and not count else False
    more = f"; {count} processes are left, `shim stop` ends them" if count else ""
    return Part("phase", "cluster", healthy, detail + more)


def _token(state: NodeState) -> Secret | None:
    try:
        found = token.load(Path(state.facts["token_path"]), "path")
    except ShimError:
        return None
    return found.secret if found else None


def _head(state: NodeState, secret: Secret | None) -> list[Part]:
    return [
        _ray(state),
        _gcs(state, state.address, state.ports["gcs"], secret),
        _store(state),
        _join(state),
        *_open_by_design(state),
    ]


def _worker(state: NodeState, secret: Secret | None) -> list[Part]:
    host, port = split_address(state.head)
    return [_ray(state), _gcs(state, host, port, secret), *_open_by_design(state)]


def _ray(state: NodeState) -> Part:
    running = remains.raylets(state)
    count = len(remains.find(state.folder, state))
    wanted = "GCS and raylet" if state.role == "head" else "raylet"
    detail = f"{count} processes since {_age(state)}" if running else f"{wanted} must run, and do not"
    return Part("ray", f"Ray {state.facts.get('ray', '')}", bool(running), detail)


def _age(state: NodeState) -> str:
    return moment(state.started_at)


def moment(seconds: int) -> str:
    """Write a time (seconds since 1970) as a person here reads it, with the offset from UTC."""
    import datetime

    return datetime.datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")


def _gcs(state: NodeState, host: str, port: int, secret: Secret | None) -> Part:
    from shim.probe import grpc

    title = f"GCS at {join_host(host, port)}"
    stranger = grpc.gcs(host, port, None)
    if stranger.verdict is not Verdict.REFUSED:
        detail = "asks for no token!" if stranger.verdict is Verdict.OPEN else stranger.detail
        return Part("gcs", title, False, detail)
    if secret is None:
        return Part("gcs", title, False, f"refuses strangers; the token at {state.facts['token_path']} is missing")
    ours = grpc.gcs(host, port, secret)
    detail = "refuses strangers, takes the token" if ours.verdict is Verdict.OPEN else f"our token: {ours.detail}"
    return Part("gcs", title, ours.verdict is Verdict.OPEN, detail)


def _store(state: NodeState) -> Part:
    title = f"control store, {state.facts.get('store', '?')}"
    reduced = state.facts.get("reduced") or []
    if "store" not in state.members:
        return Part("store", title, None, "; reduced: ".join(["yours: watched by you", *reduced]))
    if not state.living("store"):
        return Part("store", title, False, "does not run; `shim start --head` brings it back with its data")
    from shim.secret import Secret
    from shim.store.conversation import Credential
    from shim.store.health import check
    from shim.store.local import ADMIN, ADMIN_FILE

    try:
        admin = Secret((state.folder / "store" / ADMIN_FILE).read_text())
    except OSError:
        return Part("store", title, False, "its administrator's secret is missing")
    health = check(state.ports["store"], Credential(ADMIN, admin))
    return Part("store", title, health.ok, health.detail)


def _join(state: NodeState) -> Part:
    from shim.cluster import door
    from shim.probe.resp import stranger

    server, port = door.running(state), door.port(state)
    if server is None and "join" not in state.members:
        return Part("join", "join", None, "closed: new nodes need the token")
    title = f"join service on port {port}"
    if server is None:
        return Part("join", title, False, "died; open it again: shim join open")
    answer = stranger("127.0.0.1" if ":" not in state.address else "::1", port)
    if answer.verdict is not Verdict.REFUSED:
        return Part("join", title, False, answer.detail)
    if server != state.members.get("join"):
        return Part("join", title, False, "left by a `shim join open` that was interrupted: open it again, or close it")
    return Part("join", title, True, f"open since {moment(state.facts['join_since'])}; {answer.detail}")


def _open_by_design(state: NodeState) -> list[Part]:
    return [
        Part(
            "open",
            f"port {found.port}",
            None,
            f"open to anyone by Ray's design ({found.what}); close it with a firewall",
        )
        for found in open_ports.find(state)
    ]


def _nodes(state: NodeState, secret: Secret) -> tuple[dict[str, Any], ...]:
    """Ask the dashboard for the nodes; none when it is off or does not answer.

    Of a node that died and came back (a head that was started again), the dashboard lists both lives: only the
    present one is told. Of the dead ones it may know little (Ray 2.60).
    """
    from shim.probe import http

    host, port = state.facts.get("dashboard_host", "127.0.0.1"), state.ports["dashboard"]
    try:
        reply = http.request(host, port, "/nodes?view=summary", token=secret)
        nodes = [_node(entry) for entry in json.loads(reply.body)["data"]["summary"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
    alive = {node["address"] for node in nodes if node["state"] == "ALIVE"}
    return tuple(node for node in nodes if node["state"] == "ALIVE" or node["address"] not in alive)


def _node(entry: dict[str, Any]) -> dict[str, Any]:
    raylet = entry.get("raylet") or {}
    address = entry.get("ip") or raylet.get("nodeManagerAddress") or "?"
    return {"address": address, "state": raylet.get("state") or "DEAD", "head": bool(raylet.get("isHeadNode"))}
