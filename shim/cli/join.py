"""``shim join``: open, close and look at the door for nodes that know only the legacy password."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from shim.cli.legacy import RAY_WORDS, LegacyCommand
from shim.cli.node import head_folder, json_option, name_option
from shim.cli.password import gather, password_options, prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shim.cluster.door import DoorState
    from shim.secret import Secret

EPILOG = """\b
Examples (on the head):
  shim join status
  shim join close                                   when all nodes are in
  shim join open --redis-password-file FILE         for one more
"""


@click.group(epilog=EPILOG, short_help="The door for nodes that know only the legacy password.")
def command() -> None:
    """The door for nodes that know only the legacy password.

    While it is open, a node (or driver) that knows the Redis password can fetch the token. Closing it ends a
    process; nothing else of the cluster notices.
    """


@command.command(
    "open",
    cls=LegacyCommand,
    epilog="\b\nExamples:\n  shim join open\n  shim join open --redis-password-file FILE --join-port 7000",
    short_help="Open the join with a Redis password.",
)
@name_option
@click.option("--join-port", type=click.IntRange(1, 65535), envvar="SHIM_JOIN_PORT", help="Default: GCS port + 10.")
@password_options
@json_option
@click.pass_context
def open_(
    ctx: click.Context,
    *,
    name: str,
    join_port: int | None,
    redis_password_file: str | None,
    redis_password_env: str | None,
    as_json: bool,
) -> None:
    """Open the join with a Redis password (asked for, or from where `shim start` takes it)."""
    from shim.cluster import door

    words, given = gather(redis_password_file, redis_password_env, ctx.meta[RAY_WORDS])
    password = only_password(words, given, "to open the join with")
    _show(door.open_(head_folder(name), password, os.environ, join_port), as_json)


@command.command(
    "close", epilog="\b\nExample:\n  shim join close --name tests", short_help="Close the join; the cluster goes on."
)
@name_option
@json_option
def close(*, name: str, as_json: bool) -> None:
    """Close the join; the cluster goes on, and whoever has the token still gets in."""
    from shim.cluster import door

    was_open = door.close(head_folder(name))
    if as_json:
        click.echo(json.dumps({"version": 1, "open": False, "was_open": was_open}))
    else:
        click.echo("The join is closed." if was_open else "The join was closed already.")


@command.command(
    "status",
    epilog="\b\nExample:\n  shim join status --json | jq .open",
    short_help="Say whether the join is open, and since when.",
)
@name_option
@json_option
def status(*, name: str, as_json: bool) -> None:
    """Say whether the join is open, and since when."""
    from shim.cluster import door

    _show(door.look(head_folder(name)), as_json)


def only_password(words: Sequence[str], given: Sequence[str], purpose: str) -> Secret:
    """Return the one Redis password that was given, or ask for it; refuse words that are no option."""
    from compat.argv import Takes, read
    from compat.start_credentials import PASSWORD_OPTIONS, find_passwords
    from shim.errors import UsageError
    from shim.secret import Secret

    parts = read(words, dict.fromkeys(PASSWORD_OPTIONS, Takes.VALUE))
    unknown = next((part for part in parts if part.name not in PASSWORD_OPTIONS), None)
    if unknown is not None:
        raise UsageError(f"There is no option {unknown.name or 'without dashes'} here.", fix="See it with --help.")
    found = {one.password for one in find_passwords(parts, os.environ)} | set(given)
    if len(found) > 1:
        raise UsageError("Two places give different Redis passwords.", fix="Give it in one place only.")
    return Secret(found.pop() if found else prompt(purpose))


def _show(state: DoorState, as_json: bool) -> None:
    from shim.cluster.status import moment

    if as_json:
        click.echo(json.dumps({"version": 1, **vars(state)}))
    elif state.open and state.since is not None:
        click.echo(f"The join is open since {moment(state.since)} on {', '.join(state.addresses)} port {state.port}.")
        click.echo("Next: shim join close, when all nodes are in")
    else:
        click.echo("The join is closed: new nodes and drivers need the token.")
        click.echo("Next: shim join open")
