"""The check that ends every start: is the cluster closed, and is it ours that answered?"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shim.cluster import remains
from shim.cluster.control_store import ControlStore, prove
from shim.cluster.environment import token_environment
from shim.network import Listener, is_loopback, listeners
from shim.probe.answer import Answer, Verdict
from shim.process import MARKER, Child, TimeoutExpired, spawn
from shim.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shim.cluster.plan import HeadPlan
    from shim.state import NodeState

TASK = Path(__file__).parent / "bootstrap" / "task.py"
TASK_WAIT = 180
"""Seconds for a driver to connect and run one task."""

PATIENCE = 60
"""Seconds for a service that does not answer yet: on a busy machine the dashboard takes connections long before it
answers, and a raylet starts the dashboard agent after `ray start` has returned."""


@dataclass(frozen=True)
class Check:
    """One thing that was tried: ``passed`` is None where it could not be, and ``detail`` says why."""

    id: str
    title: str
    passed: bool | None
    detail: str


@dataclass(frozen=True)
class Subject:
    """A head that has just been started."""

    state: NodeState
    token: Secret
    plan: HeadPlan
    store: ControlStore
    join_password: Secret | None


def failures(checks: tuple[Check, ...]) -> list[Check]:
    """Return the checks that failed; "could not look" is a failure too, when a start must vouch for it."""
    return [check for check in checks if check.passed is not True]


def check_head(subject: Subject) -> tuple[Check, ...]:
    """Try everything that guards a head, while one task runs on it with the token."""
    task = _begin_task(subject)
    try:
        closed = (*_store_checks(subject), *_join_checks(subject), *_ray_checks(subject))
        return (*closed, _end_task(subject, task))
    finally:
        if task.poll() is None:
            task.kill()


def _store_checks(subject: Subject) -> Iterator[Check]:
    if subject.store.process is not None:
        yield _ours(subject, "store")
    for proof in prove(subject.store, subject.state.address):
        yield Check(
            f"store-{proof.name}",
            f"control store, {proof.name.replace('-', ' ')}",
            proof.passed,
            proof.detail,
        )


def _join_checks(subject: Subject) -> Iterator[Check]:
    if subject.join_password is None:
        return
    from shim.join.proof import prove as prove_join

    yield _ours(subject, "join")
    for address in subject.plan.join_addresses:
        for proof in prove_join(address, subject.plan.ports["join"], subject.join_password):
            title = f"join service on {address}, {proof.name.replace('-', ' ')}"
            yield Check(f"join-{proof.name}", title, proof.passed, proof.detail)


def _ray_checks(subject: Subject) -> Iterator[Check]:
    from shim.probe import grpc, http

    address, ports = subject.state.address, subject.state.ports
    yield _ours(subject, "gcs")
    yield from _guarded(subject, "gcs", lambda key: grpc.gcs(address, ports["gcs"], key))
    commands = _commands(subject)
    if any(b"ray.util.client.server" in line for line in commands):
        yield _ours(subject, "client")
        yield from _guarded(subject, "client", lambda key: grpc.client(address, ports["client"], key))
    if any(b"--minimal" in line for line in commands):
        return  # Ray without its extra [default]: neither dashboard nor agent listens
    if _has_dashboard(subject.plan):
        host = dashboard_host(subject.plan)
        yield _ours(subject, "dashboard")
        yield from _guarded(subject, "dashboard", lambda key: http.dashboard(host, ports["dashboard"], key))
    if not subject.plan.request.choices.accept_open_agent_port:
        yield _ours(subject, "agent")
        yield from _guarded(subject, "agent", lambda key: http.agent(address, ports["agent"], key))


def _commands(subject: Subject) -> list[bytes]:
    """Return the command lines of the node's processes."""
    found = []
    for process in remains.find(subject.state.folder, subject.state):
        with contextlib.suppress(OSError):
            found.append(Path(f"/proc/{process.pid}/cmdline").read_bytes())
    return found


def _has_dashboard(plan: HeadPlan) -> bool:
    text = plan.request.command.values.get("include-dashboard", "true")
    return text.lower() in ("true", "t", "1", "yes", "y", "on")


def _guarded(subject: Subject, role: str, ask: Callable[[Secret | None], Answer]) -> Iterator[Check]:
    """Ask without a token, with a wrong one and with the right one."""
    tries = (
        ("refuses strangers", None, Verdict.REFUSED),
        ("refuses a wrong token", Secret.generate(), Verdict.REFUSED),
        ("accepts the token", subject.token, Verdict.OPEN),
    )
    for title, key, wanted in tries:
        answer = _settled(partial(ask, key))
        yield Check(f"{role}-{title.replace(' ', '-')}", f"{role} {title}", answer.verdict is wanted, answer.detail)


def _settled(ask: Callable[[], Answer]) -> Answer:
    """Ask until there is a verdict about us; "no answer" and "could not look" are none yet."""
    deadline = time.monotonic() + PATIENCE
    while (answer := ask()).verdict not in (Verdict.REFUSED, Verdict.OPEN) and time.monotonic() < deadline:
        time.sleep(0.2)
    return answer


def dashboard_host(plan: HeadPlan) -> str:
    """Return where the dashboard answers this host: it listens on loopback unless told otherwise."""
    host = plan.request.command.values.get("dashboard-host", "127.0.0.1")
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}.get(host, host)  # noqa: S104 - read, not bound


def _ours(subject: Subject, role: str) -> Check:
    """See that the port is held by processes of this cluster: a stranger's listener could answer as well."""
    port = subject.state.ports[role]
    held = _await_listeners(port)
    ours = {process.pid for process in remains.find(subject.state.folder, subject.state)}
    passed = bool(held) and all(listener.holder() in ours for listener in held)
    if role == "store":
        passed = passed and all(is_loopback(listener.address) for listener in held)
    seen = "held by this cluster" if passed else "held by somebody else" if held else "not listened on"
    return Check(f"{role}-is-ours", f"{role} is this cluster's own", passed, f"port {port} is {seen}")


def _await_listeners(port: int) -> list[Listener]:
    deadline = time.monotonic() + PATIENCE
    while not (held := [listener for listener in listeners() if listener.port == port]):
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return held


def _begin_task(subject: Subject) -> Child:
    ray, log = subject.plan.request.ray, subject.state.folder / "task.log"
    log.unlink(missing_ok=True)
    environment = token_environment(subject.plan.request.environ, subject.plan.token_path)
    environment[MARKER] = str(subject.state.folder)
    return spawn([str(ray.python), str(TASK), subject.plan.gcs_address], env=environment, log=log)


def _end_task(subject: Subject, task: Child) -> Check:
    """Wait for the task; its answer is the last line of its log."""
    title, log = "one task ran with the token", subject.state.folder / "task.log"
    try:
        code = task.wait(TASK_WAIT)
        said = log.read_text(errors="replace").strip().rpartition("\n")[2]
        seen = json.loads(said) if code == 0 else {}
    except (TimeoutExpired, ValueError):
        code, seen = -1, {}
    if seen.get("answer") == 42:
        return Check("task", title, True, f"{seen['nodes']} node(s) in the cluster")
    return Check("task", title, False, f"the driver failed (exit code {code}); see {log}")
