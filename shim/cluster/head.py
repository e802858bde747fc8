"""Carry out the plan of a head: each step recorded before the next, so that a killed start can be cleared."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shim import token
from shim.cluster import remains
from shim.cluster.control_store import ControlStore, open_store, seat
from shim.cluster.door import publish
from shim.cluster.environment import node_environment
from shim.cluster.launch import Launch, await_started, begin, hand_over
from shim.cluster.plan import wants_join
from shim.cluster.selfcheck import Check, Subject, check_head, dashboard_host, failures
from shim.errors import ShimError
from shim.files import make_private_folder
from shim.state import NodeState, Phase, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.cluster.plan import HeadPlan
    from shim.cluster.request import Request
    from shim.join.derivation import Derivation
    from shim.process import Child


@dataclass(frozen=True)
class Started:
    """A head that runs: its record, what was checked, and seconds by step (benchmarks read them)."""

    state: NodeState
    token: token.Token
    checks: tuple[Check, ...]
    seconds: dict[str, float]
    child: Child


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step], self._since = now - self._since, now


def begin_derivation(request: Request) -> Derivation | None:
    """Begin to derive the join's keys, when there will be a join: while the rest is planned."""
    if request.password is None or not wants_join(request):
        return None
    from shim.join.derivation import Derivation

    return Derivation(request.password)


def start_head(plan: HeadPlan, say: Callable[[str], None], derivation: Derivation | None) -> Started:
    """Start store, join service and Ray, and check them as a stranger would.

    Args:
        plan: What to start.
        say: Told what happens, a line at a time.
        derivation: What `begin_derivation` began.

    Raises:
        ShimError: A step failed, or a check did. Everything that was started has been ended.
    """
    make_private_folder(plan.folder)
    state = _first_record(plan).save()
    try:
        return _start(plan, state, say, derivation)
    except BaseException:
        with contextlib.suppress(OSError):  # whoever listened may be gone: a broken pipe is what failed, perhaps
            if remains.find(plan.folder, load(plan.folder)):
                say("Something failed: ending what was started.")
        _undo(plan)
        raise


def _undo(plan: HeadPlan) -> None:
    remains.clear(plan.folder, load(plan.folder))
    if (state := load(plan.folder)) is not None:
        replace(state, phase=Phase.STOPPED, members={}).save()


def _first_record(plan: HeadPlan) -> NodeState:
    request = plan.request
    return NodeState(
        folder=plan.folder,
        name=plan.name,
        role="head",
        cluster_id=plan.cluster_id,
        started_at=int(time.time()),
        address=plan.address,
        ports=plan.ports,
        request=request.summary(),
        facts={
            "ray": str(request.ray.version),
            "ray_program": str(request.ray.program),
            "ray_python": str(request.ray.python),
            "token_path": str(plan.token_path),
            "namespace": plan.store.namespace,
            "local": plan.local,
            "dashboard_host": dashboard_host(plan),
            **({"slot": plan.slot} if plan.slot else {}),
        },
    )


def _start(plan: HeadPlan, state: NodeState, say: Callable[[str], None], derivation: Derivation | None) -> Started:
    clock = _Clock()
    secret = ready_token(plan, say)
    clock.lap("token")
    early = plan.store.local is not None  # where the store will be is known: Ray can load beside its start
    if early:
        state, launch, child = _begin_ray(plan, state, None)
    store = open_store(plan.store, plan.request.environ)
    state = state.with_member("store", store.process).with_facts(
        store=store.title,
        store_address=store.address,
        store_user=store.credential.username,
        reduced=list(store.reduced),
        data=str(plan.store.local.data) if plan.store.local else None,
    )
    state.save()
    say(f"Control store: {store.title}, reachable by nobody but the GCS.")
    clock.lap("store")
    derived = derivation.result() if plan.join and derivation else None
    clock.lap("key derivation")
    if derived is not None:
        assert plan.binary is not None  # noqa: S101 - planned together with the join
        state = publish(state, secret.secret, derived, plan.binary, plan.ports["join"]).save()
        say(f"Join service: open on {', '.join(plan.join_addresses)} port {plan.ports['join']}.")
    clock.lap("join")
    say(f"Ray {plan.request.ray.version}: starting the head (about 15 seconds).")
    if not early:
        state, launch, child = _begin_ray(plan, state, store)
    hand_over(child, store.credential.password)
    await_started(child, launch, say)
    clock.lap("ray")
    say("Checking the cluster as a stranger would, and running one task with the token.")
    checks = check_head(Subject(state, secret.secret, plan, store, derived.join_password if derived else None))
    clock.lap("self-check")
    if failed := failures(checks):
        raise ShimError(
            "The cluster started, but is not closed: " + "; ".join(f"{one.title}: {one.detail}" for one in failed),
            fix=f"It has been stopped again. Report this with the lines above; logs: {plan.folder}",
        )
    if plan.store.local is not None:
        from shim.store.local import forget_refusals

        forget_refusals(plan.store.local)
    state = replace(state, phase=Phase.RUNNING).save()
    return Started(state, secret, checks, clock.seconds, child)


def ready_token(plan: HeadPlan, say: Callable[[str], None]) -> token.Token:
    """Return the cluster's token, made now if there is none; a looser file is tightened, and that is said.

    Raises:
        ShimError: It is one that everybody knows, or its file cannot be kept.
    """
    from compat.passwords import is_famous

    found = token.find(plan.request.environ, plan.request.home) if plan.token_path.parent != plan.folder else None
    if found is None:
        found = _own_token(plan)
    if is_famous(found.secret.reveal()):
        raise ShimError(
            f"The token of {found.source.where} is one that everybody knows.",
            fix="Make a fresh one: move that one away, then shim token generate",
        )
    changed = token.tighten(plan.token_path)
    if changed:
        say(changed)
    return found


def _own_token(plan: HeadPlan) -> token.Token:
    """Return the token in the cluster's own file: from the environment where given by value, else kept or made."""
    if plan.name == "default":
        given = token.find(plan.request.environ, plan.request.home)
        if given is not None and given.source.kind == "environment":
            token.save(plan.token_path, given.secret, replace=True)
            return given
    return token.load(plan.token_path, "cluster") or token.generate(plan.token_path)


def _begin_ray(plan: HeadPlan, state: NodeState, store: ControlStore | None) -> tuple[NodeState, Launch, Child]:
    launch = head_launch(plan, store)
    child, process = begin(launch)
    return state.with_member("ray", process).save(), launch, child


def head_launch(plan: HeadPlan, store: ControlStore | None) -> Launch:
    """Return how `ray start` is run; a store of ours need not be there yet, one of the person's tells its user."""
    environment, username = seat(plan.store, store)
    return Launch(
        ray=plan.request.ray,
        arguments=(*plan.arguments, *((f"--redis-username={username}",) if username else ())),
        environment=node_environment(plan.request.environ, plan.token_path, plan.folder) | plan.metrics | environment,
        log=Path(plan.folder, "ray.log"),
    )
