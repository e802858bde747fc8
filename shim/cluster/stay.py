"""``shim start --block``: stay in the foreground until the node ends, then end what is left of it."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from shim import state as states
from shim.cluster.stop import stop_node

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shim.cluster.request import Request
    from shim.process import Child

OTHERS_WAIT = 60
"""Seconds for another shim that is working on the node, before its end is ours to see to."""


def stay(folder: Path, state: states.NodeState, child: Child, request: Request, say: Callable[[str], None]) -> int:
    """Wait in the foreground until the node ends; then end what is left of it.

    The join is no reason to end: it may be closed at any time.

    Returns:
        0 when `shim stop` ended it, 1 when something died by itself.
    """
    needed = [role for role in state.members if role != "join"]
    while child.poll() is None and all(state.living(role) for role in needed):
        time.sleep(0.3)
    if _stopped_by_another(folder):
        say("Stopped by another shim.")
        return 0
    dead = [role for role in needed if not state.living(role)]
    with contextlib.suppress(OSError):
        say(f"Died: {', '.join(dead) or 'Ray'}. Ending the rest.")
    end(folder, request)
    return 1


def _stopped_by_another(folder: Path) -> bool:
    """Say whether a `shim stop` ended the node; wait until it is done."""
    _await_others(folder)
    state = states.load(folder) if folder.is_dir() else None
    return state is None or state.phase is states.Phase.STOPPED


def _await_others(folder: Path) -> None:
    deadline = time.monotonic() + OTHERS_WAIT
    while states.is_busy(folder) and time.monotonic() < deadline:
        time.sleep(0.1)


def end(folder: Path, request: Request) -> None:
    """End the node, after whatever another shim is doing with it."""
    _await_others(folder)
    stop_node(folder, purge=False, environ=request.environ)
