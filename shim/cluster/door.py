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

    from shim.join.credential import Derived
    from shim.process import Process
    from shim.secret import Secret
    from shim.store.binary import Binary


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
    server = running(state)
    return DoorState(server is not None, _since(state, server), addresses(state), port(state))


def running(state: states.NodeState) -> Process | None:
    """Return the join service of a head, also one that a shim started which was killed before it said so."""
    from shim.store import server

    return state.members["join"] if state.living("join") else server.running(state.folder / "join")


def _since(state: states.NodeState, server: Process | None) -> int | None:
    if server is None:
        return None
    if server == state.members.get("join"):
        return int(state.facts["join_since"])
    return int((state.folder / "join").stat().st_mtime)


def close(folder: Path) -> bool:
    """Close the join: its process ends, and the record with it. Return False when it was closed already."""
    with states.lock(folder):
        state = _head(folder)
        server = running(state)
        _close(state)
    return server is not None


def _close(state: states.NodeState) -> states.NodeState:
    from shim.join import service

    if (server := running(state)) is not None:
        service.close_door(server)
    return state.with_member("join", None).save() if "join" in state.members else state


def open_(folder: Path, password: Secret, environ: Mapping[str, str], join_port: int | None = None) -> DoorState:
    """Open the join with this legacy password; an open one is closed first and gets a fresh record.

    Raises:
        ShimError: The password is too weak for the network, the port is taken, no head runs here.
    """
    with states.lock(folder):
        state = open_locked(_head(folder), password, environ, join_port)
    return DoorState(True, state.facts["join_since"], addresses(state), port(state))


def open_locked(
    state: states.NodeState, password: Secret, environ: Mapping[str, str], join_port: int | None = None
) -> states.NodeState:
    """Do what `open_` does, for who holds the node's lock already; return the record of the node, saved."""
    from shim.join.credential import derive
    from shim.join.strength import refuse_weak
    from shim.store.binary import find

    refuse_weak(password, on_network=not state.facts.get("local", False))
    number = join_port or port(state)
    old = running(state)
    refuse_clashes({**state.ports, "join": number}, (0, 0))
    refuse_taken({"join": number}, {old.pid} if old is not None else set())
    binary = find("auto", environ)
    state = _close(state)
    return publish(state, _token(state), derive(password), binary, number).save()


def publish(state: states.NodeState, token_: Secret, derived: Derived, binary: Binary, number: int) -> states.NodeState:
    """Start the join service of a head on port ``number``, with its join record; return the node with it, not saved."""
    from shim.join import service
    from shim.join.record import JoinRecord, seal

    issued = int(time.time())
    record = JoinRecord(token_, state.cluster_id, issued, state.facts["ray"], state.ports["gcs"])
    process = service.open_door(
        folder=state.folder / "join",
        binary=binary,
        addresses=addresses(state),
        port=number,
        sealed=seal(record, derived),
        join_password=derived.join_password,
        marker=str(state.folder),
    )
    opened = replace(state.with_member("join", process), ports={**state.ports, "join": number})
    return opened.with_facts(join_since=issued)


def refuse_other_password(state: states.NodeState, password: Secret) -> None:
    """Refuse a legacy password that the open join of this head does not take; it is kept nowhere else to compare.

    Raises:
        ShimError: It is another one.
    """
    from shim.join.client import fetch
    from shim.join.failure import JoinError, WrongPasswordError

    try:
        fetch(addresses(state)[0], port(state), password, timeout=5, gcs_port=state.ports["gcs"], wait=0)
    except WrongPasswordError:
        raise ShimError(
            f"The head of cluster {state.name!r} already runs, with another Redis password.",
            fix="Give the one it was started with; or open the join with this one: shim join open",
        ) from None
    except JoinError:
        pass  # whatever is wrong with the join, `shim status` says it


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


def port(state: states.NodeState) -> int:
    """Return the port that the join service of a head has, or would have."""
    return state.ports.get("join", state.ports["gcs"] + JOIN_OFFSET)


def _token(state: states.NodeState) -> Secret:
    found = token.load(Path(state.facts["token_path"]), "path")
    if found is None:
        raise ShimError(
            f"The cluster's token is no longer in {state.facts['token_path']}.",
            fix="Put it back from another node; without it nobody can join.",
        )
    return found.secret
