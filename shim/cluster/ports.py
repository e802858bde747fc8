"""The fixed ports of a node: chosen, told apart, and free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.errors import ShimError, UsageError
from shim.network import Listener, describe_holder, listeners

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

GCS, DASHBOARD, CLIENT, AGENT = 6379, 8265, 10001, 52365
"""Ray's defaults (``ray start --help``, 2.60)."""

JOIN_OFFSET, STORE_OFFSET = 10, 11
WORKERS = (10002, 19999)
"""Ray's default range for workers (``--min-worker-port``, ``--max-worker-port``)."""

OPTIONS = {
    "gcs": "--port",
    "join": "--join-port",
    "store": "--store-port",
    "dashboard": "--dashboard-port",
    "client": "--ray-client-server-port",
    "agent": "--dashboard-agent-listen-port",
}
TITLES = {
    "gcs": "GCS",
    "join": "join service",
    "store": "control store",
    "dashboard": "dashboard",
    "client": "Ray Client",
    "agent": "dashboard agent",
}


def number(text: str, option: str) -> int:
    """Read a port.

    Raises:
        UsageError: It is none, or 0: firewalls, joins and self-checks need ports that are known.
    """
    if not text.isdecimal() or not 0 < int(text) <= 65535:
        raise UsageError(
            f"{option}={text} is not a port that shim can use.",
            fix=f"Give {option} a number from 1 to 65535.",
        )
    return int(text)


def refuse_clashes(ports: Mapping[str, int], workers: tuple[int, int]) -> None:
    """Refuse two roles on one port, and a fixed port among the workers'.

    Raises:
        UsageError: Names both, and the option that moves one.
    """
    seen: dict[int, str] = {}
    for role, port in ports.items():
        if not 0 < port <= 65535:
            raise UsageError(
                f"The port of the {TITLES[role]} would be {port}; the highest is 65535.",
                fix=f"Choose it with {OPTIONS[role]}, or a lower --port.",
            )
        if port in seen:
            raise UsageError(
                f"Port {port} is wanted twice: for the {TITLES[seen[port]]} and for the {TITLES[role]}.",
                fix=f"Choose another with {OPTIONS[role]}.",
            )
        if workers[0] <= port <= workers[1]:
            raise UsageError(
                f"Port {port} of the {TITLES[role]} lies among those of Ray's workers ({workers[0]} to {workers[1]}).",
                fix=f"Choose another with {OPTIONS[role]}, or move the range with --min-worker-port.",
            )
        seen[port] = role


def taken(ports: Mapping[str, int], ours: Collection[int]) -> dict[str, Listener]:
    """Return the listener that holds each wanted port; those held by the pids in ``ours`` do not count.

    By listing, not by binding: Ray itself shares 10001 without an error (SO_REUSEPORT).
    """
    wanted = {port: role for role, port in ports.items()}
    found: dict[str, Listener] = {}
    for listener in listeners():
        role = wanted.get(listener.port)
        if role is not None and not (ours and listener.holder() in ours):
            found[role] = listener
    return found


def refuse_taken(ports: Mapping[str, int], ours: Collection[int]) -> None:
    """Refuse ports that somebody listens on.

    Raises:
        ShimError: Names every holder, and the options that choose other ports.
    """
    found = taken(ports, ours)
    if not found:
        return
    lines = [
        f"port {listener.port} ({TITLES[role]}) is in use by {describe_holder(listener)}"
        for role, listener in found.items()
    ]
    options = " ".join(f"{OPTIONS[role]}=…" for role in found)
    raise ShimError(
        f"Nothing was started: {'; '.join(lines)}.",
        fix=f"End that process, choose other ports ({options}), or let shim choose all of them: --name NAME.",
    )


def choose(asked: Mapping[str, int], slot: int) -> dict[str, int]:
    """Return the ports of the cluster in that slot: what was asked for, the rest by rule.

    Slot 0 has Ray's own defaults; each further slot lies 20 above for the GCS (join and store follow it), one
    above for the dashboard and the agent, and has a Ray Client port below the default range of workers.
    """
    gcs = asked.get("gcs", GCS + 20 * slot)
    usual = {
        "gcs": gcs,
        "join": gcs + JOIN_OFFSET,
        "store": gcs + STORE_OFFSET,
        "dashboard": DASHBOARD + slot,
        "client": CLIENT - slot,
        "agent": AGENT + slot,
    }
    return {role: asked.get(role, port) for role, port in usual.items()}
