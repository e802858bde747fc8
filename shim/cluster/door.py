"""``shim join open | close | status`` on a head that runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shim import state as states
from shim import token
from shim.cluster.ports import JOIN_OFFSET, refuse_clashes, refuse_taken
from shim.errors import ShimError
from shim.network import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.secret import Secret


@dataclass(frozen=True)
class DoorState:
    """The join of a head: open since when, where, and the port it has or would have."""

    open: bool
    since: int | None
    addresses: tuple[str, ...]
    port: int


def look(folder: Path) -> DoorState:
    """Say whether the join is open.

    Raises:
        ShimError: No head runs here.
    """
    state = _head(folder)
    is_open = state.living("join")
    return DoorState(is_open, state.facts.get("join_since") if is_open else None, addresses(state), _port(state))


def close(folder: Path) -> bool:
    """Close the join: its process ends, and the record with it. Return False when it was closed already."""
    from shim.join import service

    with states.lock(folder):
        state = _head(folder)
        was_open = state.living("join")
        if "join" in state.members:
            service.close_door(state.members["join"])
            state.with_member("join", None).save()
    return was_open


def open_(folder: Path, password: Secret, environ: Mapping[str, str], join_port: int | None = None) -> DoorState:
    """Open the join with this legacy password; an open one is closed first and gets a fresh record.

    Raises:
        ShimError: The password is too weak for the network, the port is taken, no head runs here.
    """
    from shim.join import credential, service
    from shim.join.record import JoinRecord, seal
    from shim.join.strength import refuse_weak
    from shim.store.binary import find

    with states.lock(folder):
        state = _head(folder)
        refuse_weak(password, on_network=not state.facts.get("local", False))
        port = join_port or _port(state)
        old = state.members.get("join")
        ours = {process.pid for process in (old,) if process is not None}
        refuse_clashes({**state.ports, "join": port}, (0, 0))
        refuse_taken({"join": port}, ours)
        binary = find("auto", environ)
        if old is not None:
            service.close_door(old)
            state = state.with_member("join", None).save()
        secret = _token(state)
        derived, issued = credential.derive(password), int(time.time())
        record = JoinRecord(secret, state.cluster_id, issued, state.facts["ray"], state.ports["gcs"])
        process = service.open_door(
            folder=folder / "join",
            binary=binary,
            addresses=addresses(state),
            port=port,
            sealed=seal(record, derived),
            join_password=derived.join_password,
            marker=str(folder),
        )
        state = replace(state.with_member("join", process), ports={**state.ports, "join": port})
        state.with_facts(join_since=issued).save()
    return DoorState(True, issued, addresses(state), port)


def addresses(state: states.NodeState) -> tuple[str, ...]:
    """Return where a join service of this head listens."""
    return listening_addresses(state.address, bool(state.facts.get("local", False)))


def listening_addresses(address: str, local: bool) -> tuple[str, ...]:
    """Return the node's address, and loopback for this host's own nodes; loopback alone when ``local``."""
    loopback = "::1" if ":" in address else "127.0.0.1"
    return (loopback,) if local or is_loopback(address) else (address, loopback)


def _head(folder: Path) -> states.NodeState:
    state = states.load(folder) if folder.is_dir() else None
    if state is None or state.phase is not states.Phase.RUNNING or state.boot_id != states.boot_id():
        raise ShimError(
            f"No head of cluster {folder.parent.name!r} runs on this host.",
            fix="Do this on the head; shim status --all lists what runs here.",
        )
    return state


def _port(state: states.NodeState) -> int:
    return state.ports.get("join", state.ports["gcs"] + JOIN_OFFSET)


def _token(state: states.NodeState) -> Secret:
    found = token.load(Path(state.facts["token_path"]), "path")
    if found is None:
        raise ShimError(
            f"The cluster's token is no longer in {state.facts['token_path']}.",
            fix="Put it back from another node; without it nobody can join.",
        )
    return found.secret
