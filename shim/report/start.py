"""The report of ``shim start``, as text or as one JSON object."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import click

from shim.cluster.launch import Launch, command
from shim.cluster.plan import HeadPlan
from shim.cluster.selfcheck import dashboard_host
from shim.network import join_host
from shim.state import DEFAULT_NAME, NodeState
from shim.token import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shim.cluster.head import Started
    from shim.cluster.worker import StartedWorker, WorkerPlan

FORMAT = 1
SHOWN = ("RAY_", "AUTOSCALER_", "DASHBOARD_", "SHIM_CLUSTER")
"""Environment variables that a dry run shows; the rest of the person's own is passed on as it is."""


class Screen:
    """Tells a person, or a program when ``as_json``; progress goes to standard error either way."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._said: list[str] = []

    def say(self, line: str) -> None:
        """Show a line of progress."""
        self._said.append(line)
        click.echo(line, err=True)

    def head(self, plan: HeadPlan, started: Started) -> None:
        """Show a head that runs, and what to type next."""
        if self._as_json:
            checks = [vars(check) for check in started.checks]
            seconds = {step: round(value, 3) for step, value in started.seconds.items()}
            dashboard = f"http://{dashboard_host(plan)}:{plan.ports['dashboard']}"
            self._print(
                started.state,
                started.token.secret,
                "started",
                checks=checks,
                seconds=seconds,
                dashboard=dashboard,
            )
            return
        click.echo("\n".join(_head_lines(plan, started)))

    def worker(self, plan: WorkerPlan, started: StartedWorker) -> None:
        """Show a worker that runs."""
        if self._as_json:
            seconds = {step: round(value, 3) for step, value in started.seconds.items()}
            self._print(started.state, started.token.secret, "started", seconds=seconds)
            return
        click.echo(f"A worker of the cluster at {plan.door.address} runs on {started.state.address}.")
        click.echo(f"Its token ({fingerprint(started.token.secret)}) is in {plan.token_path}.")
        click.echo(f"Next: shim status, or shim stop{_named(started.state)}")

    def already(self, state: NodeState) -> None:
        """Show a node that ran before."""
        if self._as_json:
            self._print(state, None, "already-running")
            return
        click.echo(f"The {state.role} of cluster {state.name!r} is already running on {state.address}.")
        click.echo(f"Next: shim status, or shim stop{_named(state)}")

    def rehearsal(self, plan: HeadPlan | WorkerPlan, launch: Launch) -> None:
        """Show what would be run; there is no secret in it to hide, except that there would be one."""
        shown = {name: value for name, value in sorted(launch.environment.items()) if name.startswith(SHOWN)}
        steps = list(_steps(plan))
        if self._as_json:
            record = {"version": FORMAT, "result": "dry-run", "steps": steps, "environment": shown}
            click.echo(json.dumps({**record, "command": command(launch), "notes": self._said}, indent=1))
            return
        click.echo("\n".join(steps))
        click.echo(" \\\n  ".join(f"{name}={shlex.quote(value)}" for name, value in shown.items()) + " \\")
        click.echo("  " + shlex.join(command(launch)))
        click.echo("Nothing was started.")

    def _print(self, state: NodeState, secret: Any, result: str, **more: object) -> None:
        record = {
            "version": FORMAT,
            "result": result,
            "name": state.name,
            "role": state.role,
            "address": state.address,
            "head": state.head or None,
            "ports": dict(state.ports),
            "cluster_id": state.cluster_id,
            "token_path": state.facts.get("token_path"),
            "token_fingerprint": fingerprint(secret) if secret else None,
            "store": state.facts.get("store"),
            "reduced": state.facts.get("reduced", []),
            "join_since": state.facts.get("join_since"),
            "state_folder": str(state.folder),
            "notes": self._said,
        }
        click.echo(json.dumps({**record, **more}, indent=1))


def _steps(plan: HeadPlan | WorkerPlan) -> Iterable[str]:
    if not isinstance(plan, HeadPlan):
        door = join_host(plan.door.host, plan.door.join)
        yield f"# token: {plan.token_path}; if it is missing, the one that the join service at {door} gives"
        return
    yield f"# token: {plan.token_path}"
    if plan.store.local is not None:
        yield f"# control store: {plan.store.local.binary} on 127.0.0.1:{plan.ports['store']}, password *** (random)"
    else:
        yield "# control store: yours, password ***"
    if plan.join:
        yield f"# join service: {', '.join(plan.join_addresses)} port {plan.ports['join']}"


def _named(state: NodeState) -> str:
    return "" if state.name == DEFAULT_NAME else f" --name {state.name}"


def _head_lines(plan: HeadPlan, started: Started) -> Iterable[str]:
    state, checks = started.state, started.checks
    passed = sum(1 for check in checks if check.passed)
    path = shlex.quote(str(plan.token_path))
    environment = f"RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH={path}"
    dashboard = f"http://{dashboard_host(plan)}:{plan.ports['dashboard']}"
    yield ""
    yield f"The cluster is up and closed ({passed} checks passed): {plan.gcs_address}"
    yield f"  token      {path}  (fingerprint {fingerprint(started.token.secret)})"
    yield f"  dashboard  {dashboard}  (asks for the token: shim token show)"
    yield ""
    yield "A driver on this machine:"
    yield f"  {environment} RAY_ADDRESS={plan.gcs_address} python train.py"
    yield "A job:"
    yield f"  {environment} ray job submit --address={dashboard} -- python train.py"
    yield from _elsewhere(plan)
    yield "The cluster itself:"
    yield f"  shim status        shim stop{_named(state)}"


def _elsewhere(plan: HeadPlan) -> Iterable[str]:
    if plan.local:
        return
    client = join_host(plan.address, plan.ports["client"])
    port = f" --join-port={plan.ports['join']}" if plan.join and plan.request.choices.join_port else ""
    if plan.join:
        yield "Another node:"
        yield f'  shim start --address={plan.gcs_address} --redis-password="$PW"{port}'
        yield "A driver elsewhere:"
        yield f"  shim token fetch --address={plan.gcs_address}{port}"
        yield f"  RAY_AUTH_MODE=token RAY_ADDRESS=ray://{client} python train.py"
        yield "When all nodes are in, close the door:"
        yield f"  shim join close{_named_plan(plan)}"
    else:
        yield "Another node (no join service is open, so it needs the token first):"
        yield f"  scp {shlex.quote(str(plan.token_path))} NODE:.ray/auth_token"
        yield f"  shim start --address={plan.gcs_address}"


def _named_plan(plan: HeadPlan) -> str:
    return "" if plan.name == DEFAULT_NAME else f" --name {plan.name}"
