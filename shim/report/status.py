"""The report of ``shim status``, as text or as one JSON object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shim.cluster.status import Status

FORMAT = 1
MARKS = {True: ("ok", "green"), False: ("BAD", "red"), None: ("-", "yellow")}


def show(found: Sequence[Status], as_json: bool) -> None:
    """Print the state of some nodes."""
    if as_json:
        click.echo(json.dumps({"version": FORMAT, "nodes": [_record(status) for status in found]}, indent=1))
        return
    for status in found:
        click.echo("\n".join(_lines(status)))
    if not found:
        click.echo("Nothing was started here (or not by shim).")
        click.echo("Next: shim start --head")


def _record(status: Status) -> dict[str, object]:
    state = status.state
    return {
        "name": state.name,
        "role": state.role,
        "healthy": status.healthy,
        "phase": state.phase.value,
        "address": state.address,
        "head": state.head or None,
        "ports": dict(state.ports),
        "cluster_id": state.cluster_id,
        "token_path": state.facts.get("token_path"),
        "token_fingerprint": status.fingerprint,
        "reduced": state.facts.get("reduced", []),
        "parts": [vars(part) for part in status.parts],
        "nodes": list(status.nodes),
    }


def _lines(status: Status) -> Iterable[str]:
    state = status.state
    yield click.style(f"{state.role} of cluster {state.name!r} on {state.address}", bold=True)
    for part in status.parts:
        word, colour = MARKS[part.healthy]
        yield f"  {click.style(f'{word:3}', fg=colour)}  {part.title}: {part.detail}"
    for reduced in state.facts.get("reduced", []):
        yield f"  -    reduced: {reduced}"
    if status.fingerprint:
        yield f"       token {status.fingerprint} in {state.facts['token_path']}"
    for node in status.nodes:
        yield f"       node {node['address']}: {node['state'].lower()}{' (head)' if node['head'] else ''}"
    yield _next(status)


def _next(status: Status) -> str:
    name = "" if status.state.name == "default" else f" --name {status.state.name}"
    if status.healthy:
        return f"Next: shim stop{name}"
    if status.state.role == "head":
        return f"Next: shim start --head{name} brings it back; shim stop{name} ends what is left"
    return f"Next: shim start --address={status.state.head}{name} brings it back; shim stop{name} ends what is left"
