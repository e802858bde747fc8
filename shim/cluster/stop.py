"""End what this host's ``shim start`` started, and nothing else."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shim import state as states
from shim.cluster import remains
from shim.errors import ShimError
from shim.files import check_owner

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Stopped:
    """What was ended: how many processes; ``data`` is kept there, ``user_left`` on the person's own store."""

    name: str
    role: str
    processes: int
    data: str | None
    purged: bool
    user_left: str | None = None


def stop_node(folder: Path, *, purge: bool, environ: Mapping[str, str]) -> Stopped | None:
    """End one node gracefully, then firmly. Twice is fine: the second time there is nothing to end.

    Args:
        folder: Its state folder.
        purge: Whether to delete its data, logs and its own token as well.
        environ: For ``SHIM_STORE_PASSWORD``, when its store is the person's own.

    Returns:
        What was done; None when nothing was ever started there.

    Raises:
        ShimError: Something does not end.
    """
    if not folder.is_dir():
        return None
    with states.lock(folder):
        state, damaged = _load(folder)
        count = remains.clear(folder, state)
        left = _leave_store(state, environ) if state is not None and count else None
        if state is not None:
            state = replace(state, phase=states.Phase.STOPPED, members={}).save()
        elif damaged:
            (folder / states.RECORD).replace(folder / f"{states.RECORD}.damaged")
        data = (state.facts.get("data") if state is not None else None) or _usual_data(folder)
        if purge:
            _purge(folder, data)
    return Stopped(folder.parent.name, folder.name, count, None if purge else data, purge, left)


def _load(folder: Path) -> tuple[states.NodeState | None, bool]:
    """Read the record, and say whether it is damaged: the processes are found by their mark all the same."""
    try:
        return states.load(folder), False
    except states.DamagedError:
        return None, True
    except ShimError:
        return None, False


def _usual_data(folder: Path) -> str | None:
    """Return where the data of a head is when no record tells, if there is any."""
    from shim.cluster.plan import data_folder

    place = data_folder(folder)
    return str(place) if folder.name == "head" and place.is_dir() else None


def _leave_store(state: states.NodeState, environ: Mapping[str, str]) -> str | None:
    from shim.cluster.control_store import leave_remote

    address, user = state.facts.get("store_address", ""), state.facts.get("store_user", "")
    if "://" not in address or not user.startswith("shim-ray-"):
        return None
    with contextlib.suppress(ShimError):
        if leave_remote(address, user, environ):
            return None
    return f"{user} on {address}"


def _purge(folder: Path, data: str | None) -> None:
    check_owner(folder)
    for place in (Path(data) if data else folder, folder):
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()
