"""``shim start`` from request to running node: lock, look at what is there, plan, clear, start."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shim import state as states
from shim.cluster import remains
from shim.cluster.head import Started, begin_derivation, head_launch, start_head
from shim.cluster.plan import HeadPlan, check_store, plan_head
from shim.cluster.request import Role
from shim.cluster.signals import Signalled, heeded
from shim.cluster.stay import end, stay
from shim.cluster.worker import StartedWorker, WorkerPlan, plan_worker, start_worker, worker_launch
from shim.errors import ShimError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shim.cluster.launch import Launch
    from shim.cluster.request import Request
    from shim.process import Child


class Audience(Protocol):
    """Who is told what happens: a screen, or a program that wants JSON."""

    def say(self, line: str) -> None:
        """Take one line of progress."""

    def head(self, plan: HeadPlan, started: Started) -> None:
        """Take a head that runs."""

    def worker(self, plan: WorkerPlan, started: StartedWorker) -> None:
        """Take a worker that runs."""

    def already(self, state: states.NodeState) -> None:
        """Take a node that ran before."""

    def rehearsal(self, plan: HeadPlan | WorkerPlan, launch: Launch) -> None:
        """Take what would be run."""


@dataclass(frozen=True)
class _Node:
    """What an earlier start left in the folder of the node that is to be started."""

    folder: Path
    known: states.NodeState | None
    pids: frozenset[int]


def start(request: Request, audience: Audience, *, dry_run: bool) -> int:
    """Start a node; with ``--block``, stay until it ends or a signal comes.

    Returns:
        The exit code.

    Raises:
        ShimError: Nothing was started, or what was started has been ended.
    """
    for note in request.command.notes:
        audience.say(str(note))
    role = request.command.role.value
    folder = states.node_folder(request.choices.name, role, request.environ, request.home)
    if dry_run:
        return _rehearse(request, _look(folder), audience)
    begun: _Begun | None = None
    with heeded():
        try:
            with states.lock(folder):
                node = _look(folder)
                if node.known is not None and remains.is_healthy(node.known):
                    return _already(node.known, request, audience)
                begun = (
                    _start_head(request, node, audience) if role == "head" else _start_worker(request, node, audience)
                )
            begun.report()
            return stay(folder, begun.state, begun.child, request, audience.say) if request.blocks else 0
        except Signalled as signalled:
            if begun is not None:
                end(folder, request)
            with contextlib.suppress(OSError):
                audience.say(f"{signalled.name}: stopped; nothing was left running.")
            return signalled.exit_code


def _already(known: states.NodeState, request: Request, audience: Audience) -> int:
    _refuse_differences(known, request)
    if request.password is not None and "join" in known.members:
        from shim.cluster.door import open_locked, refuse_other_password

        if known.living("join"):
            refuse_other_password(known, request.password)
        else:
            audience.say("The join service had died: opening it again.")
            known = open_locked(known, request.password, request.environ)
    audience.already(known)
    return 0


def _look(folder: Path) -> _Node:
    known = states.load(folder) if folder.is_dir() else None
    return _Node(folder, known, frozenset(process.pid for process in remains.find(folder, known)))


def _rehearse(request: Request, node: _Node, audience: Audience) -> int:
    if request.command.role is Role.HEAD:
        plan = plan_head(request, node.known, set(node.pids))
        check_store(plan)
        for warning in plan.warnings:
            audience.say(warning)
        audience.rehearsal(plan, head_launch(plan, None))
    else:
        worker = plan_worker(request, node.known)
        audience.rehearsal(worker, worker_launch(worker))
    return 0


def _refuse_differences(known: states.NodeState, request: Request) -> None:
    """Refuse to call a node "already running" that runs with other options.

    Raises:
        ShimError: Says what differs.
    """
    now, then = list(request.summary()), list(known.request)
    fresh = [word for word in now if word not in then]
    gone = [word for word in then if word not in now]
    if not fresh and not gone:
        return
    differences = [f"asked for now: {' '.join(fresh)}"] if fresh else []
    differences += [f"running with: {' '.join(gone)}"] if gone else []
    raise ShimError(
        f"The {known.role} of cluster {known.name!r} already runs, with other options ({'; '.join(differences)}).",
        fix=f"Stop it first (shim stop{_name_option(known)}), or start another: --name NAME.",
    )


def _name_option(known: states.NodeState) -> str:
    return "" if known.name == states.DEFAULT_NAME else f" --name {known.name}"


@dataclass(frozen=True)
class _Begun:
    """A node that was started, and how to tell of it."""

    state: states.NodeState
    child: Child
    report: Callable[[], None]


def _start_head(request: Request, node: _Node, audience: Audience) -> _Begun:
    derivation = begin_derivation(request)
    plan = plan_head(request, node.known, set(node.pids))
    if node.pids:
        check_store(plan)
    _clear(node, audience)
    for warning in plan.warnings:
        audience.say(warning)
    started = start_head(plan, audience.say, derivation)
    return _Begun(started.state, started.child, lambda: audience.head(plan, started))


def _start_worker(request: Request, node: _Node, audience: Audience) -> _Begun:
    plan = plan_worker(request, node.known)
    _clear(node, audience)
    started = start_worker(plan, audience.say)
    return _Begun(started.state, started.child, lambda: audience.worker(plan, started))


def _clear(node: _Node, audience: Audience) -> None:
    """End what a dead or half-made start left; its data stays."""
    if node.pids:
        audience.say(f"Clearing {len(node.pids)} processes that an earlier start left.")
        remains.clear(node.folder, node.known)
