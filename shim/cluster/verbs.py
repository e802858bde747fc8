"""``shim start`` from request to running node: lock, look at what is there, plan, clear, start, stay."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shim import state as states
from shim.cluster import remains
from shim.cluster.head import Started, head_launch, start_head
from shim.cluster.plan import HeadPlan, plan_head
from shim.cluster.request import Role
from shim.cluster.worker import StartedWorker, WorkerPlan, plan_worker, start_worker, worker_launch
from shim.errors import ShimError

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from shim.cluster.launch import Launch
    from shim.cluster.request import Request


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
    with states.lock(folder):
        node = _look(folder)
        if node.known is not None and remains.is_healthy(node.known):
            _refuse_differences(node.known, request)
            audience.already(node.known)
            return 0
        child = (
            _start_head(request, node, audience) if role == Role.HEAD.value else _start_worker(request, node, audience)
        )
    return _stay(folder, child, audience) if request.blocks else 0


def _look(folder: Path) -> _Node:
    known = states.load(folder) if folder.is_dir() else None
    return _Node(folder, known, frozenset(process.pid for process in remains.find(folder, known)))


def _rehearse(request: Request, node: _Node, audience: Audience) -> int:
    if request.command.role is Role.HEAD:
        plan = plan_head(request, node.known, set(node.pids))
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


def _start_head(request: Request, node: _Node, audience: Audience) -> Started:
    plan = plan_head(request, node.known, set(node.pids))
    _clear(node, audience)
    for warning in plan.warnings:
        audience.say(warning)
    started = start_head(plan, audience.say)
    audience.head(plan, started)
    return started


def _start_worker(request: Request, node: _Node, audience: Audience) -> StartedWorker:
    plan = plan_worker(request, node.known)
    _clear(node, audience)
    started = start_worker(plan, audience.say)
    audience.worker(plan, started)
    return started


def _clear(node: _Node, audience: Audience) -> None:
    """End what a dead or half-made start left; its data stays."""
    if node.pids:
        audience.say(f"Clearing {len(node.pids)} processes that an earlier start left.")
        remains.clear(node.folder, node.known)


class _Signalled(Exception):  # noqa: N818 - what happened
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _stay(folder: Path, started: Started | StartedWorker, audience: Audience) -> int:
    """Wait in the foreground; end everything when a member dies or a signal comes.

    Returns:
        128 + the signal's number, as a shell counts; 1 when something died by itself.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        raise _Signalled(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        while started.child.poll() is None and all(started.state.living(role) for role in started.state.members):
            time.sleep(0.3)
        dead = [role for role in started.state.members if not started.state.living(role)]
        audience.say(f"Died: {', '.join(dead) or 'Ray'}. Ending the rest.")
        code = 1
    except _Signalled as signalled:
        audience.say(f"Signal {signalled.number}: stopping.")
        code = 128 + signalled.number
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        from shim.cluster.stop import stop_node

        stop_node(folder, purge=False, environ={})
    return code
