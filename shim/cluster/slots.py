"""Several clusters on one host: each named one gets a slot of fixed ports of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim import state
from shim.cluster import ports as port_rules
from shim.errors import ShimError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shim.cluster.request import Request

SLOTS = range(1, 9)
"""Workers get 23000 + 1000 * slot and up; beyond slot 8 lie the kernel's own ephemeral ports (32768)."""


def named_ports(
    asked: Mapping[str, int], known: state.NodeState | None, request: Request
) -> tuple[dict[str, int], int]:
    """Return the ports and the slot of a named cluster: those it had before, else the first that is free.

    Raises:
        ShimError: All slots are taken.
    """
    if known is not None and "slot" in known.facts:
        slot = int(known.facts["slot"])
        return port_rules.choose(asked, slot), slot
    claimed = _claimed(request)
    for slot in SLOTS:
        ports = port_rules.choose(asked, slot)
        fresh = {role: port for role, port in ports.items() if role not in asked}
        if slot not in claimed and not port_rules.taken(fresh, ()):
            return ports, slot
    raise ShimError(
        f"All {len(SLOTS)} sets of ports for named clusters are in use on this host.",
        fix="Stop one (shim status --all lists them; shim stop --name NAME --purge frees its ports), "
        "or give this one its ports with --port and the other port options.",
    )


def _claimed(request: Request) -> set[int]:
    """Return the slots of the other named clusters of this host, stopped ones included: they come back."""
    nodes = [_read(folder) for folder in state.known_nodes(request.environ, request.home)]
    return {
        int(node.facts["slot"]) for node in nodes if node and node.name != request.choices.name and "slot" in node.facts
    }


def _read(folder: Path) -> state.NodeState | None:
    """Read the record of another cluster; a damaged one is that cluster's trouble, its ports are seen to be taken."""
    try:
        return state.load(folder)
    except ShimError:
        return None
