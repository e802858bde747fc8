"""``shim token``: fetch, generate, show, path."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from shim.cli.legacy import RAY_WORDS, LegacyCommand

EPILOG = """\b
Examples:
  shim token fetch --address=head:6379          asks for the Redis password, once
  shim token generate                           as `ray get-auth-token --generate`, but 0600
  shim token show --fingerprint                 to compare two machines
  RAY_AUTH_TOKEN=$(shim token show) some-program
"""


@click.group(epilog=EPILOG, short_help="Ray's shared secret: fetch, generate, show, path.")
def command() -> None:
    """Ray's shared secret: fetch, generate, show, path.

    Looked up as Ray does: RAY_AUTH_TOKEN, then the file named by RAY_AUTH_TOKEN_PATH, then ~/.ray/auth_token.
    """


@command.command(
    "show",
    epilog="\b\nExamples:\n  shim token show --fingerprint\n  RAY_AUTH_TOKEN=$(shim token show) some-program",
    short_help="Print the token, or its fingerprint.",
)
@click.option("--reveal", is_flag=True, help="Print it on a terminal too; into a pipe it always goes.")
@click.option("--fingerprint", "short", is_flag=True, help="Print what people compare instead.")
def show(*, reveal: bool, short: bool) -> None:
    """Print the token, or its fingerprint."""
    from shim.cli.quick import NONE
    from shim.errors import UsageError
    from shim.token import find, fingerprint

    found = find(os.environ, Path.home())
    if found is None:
        raise NONE
    if short:
        click.echo(fingerprint(found.secret))
        return
    if sys.stdout.isatty() and not reveal:
        raise UsageError(
            f"The token of {found.source.where} (fingerprint {fingerprint(found.secret)}) would stay on your screen.",
            fix="shim token show --reveal, or shim token show --fingerprint",
        )
    click.echo(found.secret.reveal())


@command.command(
    "path",
    epilog="\b\nExample:\n  shim token path --json | jq -r '.sources[] | select(.state == \"wins\").where'",
    short_help="Say where the token comes from, and why.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def path(*, as_json: bool) -> int:
    """Say where the token comes from, and why: every source in Ray's order."""
    import json

    from shim.token import sources

    states = sources(os.environ, Path.home())
    if as_json:
        rows = [{"kind": s.source.kind, "where": s.source.where, "state": s.state, "why": s.why} for s in states]
        click.echo(json.dumps({"version": 1, "sources": rows}, indent=1))
    else:
        for state in states:
            click.echo(f"{state.state:8}  {state.source.where}: {state.why}")
    return 0 if any(state.state == "wins" for state in states) else 1


@command.command(
    "generate",
    epilog="\b\nExamples:\n  shim token generate\n  shim token generate --path ~/clusters/tests.token",
    short_help="Make a fresh token of 256 random bits.",
)
@click.option("--path", "to", type=click.Path(path_type=Path), help="Where to keep it (default: ~/.ray/auth_token).")
def generate(*, to: Path | None) -> None:
    """Make a fresh token of 256 random bits, readable by you alone. A token that is there is never overwritten."""
    from shim.token import default_path, fingerprint
    from shim.token import generate as make

    made = make((to or default_path(Path.home())).absolute())
    click.echo(f"A fresh token ({fingerprint(made.secret)}) is in {made.source.where}.")
    click.echo(f"Next: {_use(Path(made.source.where))}shim start --head")


@command.command(
    "fetch",
    cls=LegacyCommand,
    epilog="""\b
Examples:
  shim token fetch --address=head:6379                               asks for the password
  shim token fetch --address=head:6379 --redis-password-file FILE    in a script
""",
    short_help="Join: get a cluster's token with its Redis password.",
)
@click.option("--address", required=True, metavar="HOST:PORT", help="The head's GCS, as for `ray start --address`.")
@click.option("--path", "to", type=click.Path(path_type=Path), help="Where to keep it (default: ~/.ray/auth_token).")
@click.option("--join-port", type=click.IntRange(1, 65535), envvar="SHIM_JOIN_PORT", help="Default: GCS port + 10.")
@click.option(
    "--join-timeout", type=click.FloatRange(0, 86400), default=10, show_default=True, metavar="SECONDS",
    help="How long to wait for a head that is not there yet.",
)  # fmt: skip
@click.option("--redis-password-file", metavar="FILE", help="Read the legacy password from the first line of a file.")
@click.option("--redis-password-env", metavar="NAME", help="Read the legacy password from a variable of your own.")
@click.pass_context
def fetch(
    ctx: click.Context,
    *,
    address: str,
    to: Path | None,
    join_port: int | None,
    join_timeout: float,
    redis_password_file: str | None,
    redis_password_env: str | None,
) -> None:
    """Join: get a cluster's token with its Redis password, once; from then on the token is all that is needed."""
    from shim.cli.join import only_password
    from shim.cli.password import gather
    from shim.cluster.ports import CLIENT
    from shim.cluster.worker import fetch_record, find_door
    from shim.network import join_host
    from shim.token import default_path, save

    words, given = gather(redis_password_file, redis_password_env, ctx.meta[RAY_WORDS])
    door = find_door(address, join_port)
    password = only_password(words, given, f"to join the cluster at {door.address}")
    record = fetch_record(door, password, join_timeout, lambda line: click.echo(line, err=True))
    place = (to or default_path(Path.home())).absolute()
    save(place, record.token)
    click.echo(
        f"The token of {door.address} (fingerprint {record.fingerprint}, Ray {record.ray_version}) is in {place}."
    )
    # A driver needs a raylet on its own machine, unless it is a Ray Client: without one, ray.init("HEAD:6379") fails
    # after a minute (Ray 2.60).
    client = join_host(door.host, CLIENT)
    click.echo(f"Next: {_use(place)}RAY_AUTH_MODE=token RAY_ADDRESS=ray://{client} python train.py")
    click.echo(f"      (on a machine that runs a node of the cluster: RAY_ADDRESS={door.address})")


def _use(place: Path) -> str:
    from shim.token import default_path

    return "" if place == default_path(Path.home()) else f"RAY_AUTH_TOKEN_PATH={place} "
