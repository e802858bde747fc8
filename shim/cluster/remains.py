"""The processes of a node: found, told apart from everybody else's, and ended.

`ray stop` is never used: it kills every Ray of the machine.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.process import Process, end, family, look
from shim.state import NodeState, Phase, boot_id

if TYPE_CHECKING:
    from collections.abc import Collection

GCS = "gcs_server"

GRACE = 15
"""Seconds that Ray gets to end by itself; a raylet drains its workers."""

HALF_MADE_GRACE = 3
"""Seconds for a node that never came up: nobody's work is on it, and a raylet that is still starting does not heed
SIGTERM (Ray 2.60)."""

GCS_GRACE = 2
"""Seconds for the GCS after all others: it has written everything to the store, and then waits 15 s and more for a
metrics agent that is gone (Ray 2.60)."""


def find(folder: Path, state: NodeState | None) -> list[Process]:
    """Return every live process of the node in that folder, recorded or not.

    A start that was killed between two steps left processes that no record names: the mark in their
    environment finds them, and their session finds those that have overwritten theirs.
    """
    sessions = _sessions(state)
    found = family(sessions, str(folder))
    more = _sessions_of(found) - sessions
    return family(sessions | more, str(folder)) if more else found


def _sessions_of(found: Collection[Process]) -> set[int]:
    """Return the sessions of these processes that are wholly ours: whose leader is among them, or has ended."""
    pids = {process.pid for process in found}
    return {process.session for process in found if process.session in pids or look(process.session) is None}


def _sessions(state: NodeState | None) -> set[int]:
    """Return the recorded sessions that can still be ours: of this boot, and their leader not replaced."""
    if state is None or state.boot_id != boot_id():
        return set()
    found = set()
    for member in state.members.values():
        leader = look(member.session)
        if leader is None or member.pid != member.session or leader.start == member.start:
            found.add(member.session)
    return found


def clear(folder: Path, state: NodeState | None, *, grace: float | None = None) -> int:
    """End the node: the door first, then Ray, the store last, so that it has everything the GCS wrote.

    What was seen to be the node's once stays so until it is gone: when its parent ends before it, neither mark nor
    descent would tell (an agent of Ray's has overwritten its environment).

    Args:
        folder: Of the node.
        state: Its record, if there is one.
        grace: Seconds between SIGTERM and SIGKILL.

    Returns:
        How many processes there were.

    Raises:
        ShimError: Something does not end, not even by SIGKILL.
    """
    half_made = state is not None and state.phase is Phase.STARTING
    patience = GRACE if grace is None else grace
    grace = HALF_MADE_GRACE if grace is None and half_made else patience
    seen = set(find(folder, state))
    count = len(seen)
    servers = {"join": _session(state, "join"), "store": _session(state, "store")}

    def living() -> list[Process]:
        seen.update(find(folder, state), family(_sessions_of(seen), str(folder)))
        return [process for process in seen if process.is_alive()]

    def of(*roles: str) -> list[Process]:
        sessions = {servers[role] for role in roles}
        return [process for process in living() if process.session in sessions]

    def ray() -> list[Process]:
        return [process for process in living() if process.session not in servers.values()]

    def ray_but_gcs() -> list[Process]:
        return [process for process in ray() if name(process.pid) != GCS]

    # A store that no record names (killed between its start and the record) ends with Ray: it is durable.
    stubborn = [
        *end(lambda: of("join"), grace=patience),
        *end(ray_but_gcs, grace=grace),
        *end(ray, grace=min(GCS_GRACE, grace)),
        *end(lambda: of("store"), grace=patience),
    ]
    if left := [process.pid for process in stubborn]:
        raise ShimError(
            f"These processes do not end, not even by SIGKILL: {left}.",
            fix="They may hang on a dead disk or mount: see dmesg.",
        )
    _forget_users(folder)
    return count


def _forget_users(folder: Path) -> None:
    """Remove the join service's list of users, which a start that was killed may have left: it holds hashes."""
    from shim.store.spec import USERS

    with contextlib.suppress(OSError):
        (folder / "join" / USERS).unlink()


def _session(state: NodeState | None, role: str) -> int:
    member = state.members.get(role) if state is not None else None
    return member.session if member is not None else -1


def is_healthy(state: NodeState) -> bool:
    """Say whether a node that was started fully still has its store and its Ray.

    A join service that died is no part of this: the cluster does without, and is not to be ended for it.
    """
    has_store = "store" not in state.members or state.living("store")
    return state.phase is Phase.RUNNING and has_store and bool(raylets(state))


def raylets(state: NodeState) -> list[Process]:
    """Return the raylet of the node, and for a head its GCS; empty unless all that there must be lives."""
    wanted = {"raylet", GCS} if state.role == "head" else {"raylet"}
    named = {process: name(process.pid) for process in find(state.folder, state)}
    found = [process for process, its_name in named.items() if its_name in wanted]
    return found if wanted <= set(named.values()) else []


def name(pid: int) -> str:
    """Return the kernel's name of a process, or nothing."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
