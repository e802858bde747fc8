"""``shim start``: a legacy command line becomes a protected cluster."""

from __future__ import annotations

import os
from pathlib import Path

import click

from shim.cli.legacy import RAY_WORDS, LegacyCommand
from shim.cli.password import gather, password_options
from shim.state import DEFAULT_NAME

EPILOG = """\b
Examples:
  shim start --head --port=6379 --redis-password="$PW"      as `ray start`, protected
  shim start --head --redis-password-file ~/.ray-password   the password in no command line
  shim start --head                                         token only: no join service
  shim start --address=head:6379 --redis-password="$PW"     a worker
  shim start --head --dry-run --num-cpus=4 --redis-port=6379
"""


@click.command(
    cls=LegacyCommand,
    epilog=EPILOG,
    options_metavar="[OPTIONS OF SHIM] [OPTIONS OF RAY START, OF ANY RELEASE]",
    short_help="Start a protected head or worker from a legacy command line.",
)
@click.option("--name", default=DEFAULT_NAME, metavar="NAME", help="Name of the cluster; several live on one machine.")
@click.option("--store", default="auto", metavar="WHERE", help="auto, embedded, native, redis://… or rediss://…")
@click.option("--ray-bin", metavar="PATH", help="The ray program to use (default: beside this Python, then PATH).")
@click.option("--join-port", type=click.IntRange(1, 65535), envvar="SHIM_JOIN_PORT", help="Default: GCS port + 10.")
@click.option("--store-port", type=click.IntRange(1, 65535), envvar="SHIM_STORE_PORT", help="Default: GCS port + 11.")
@click.option("--no-join", is_flag=True, help="Open no join service: nodes and drivers need the token.")
@click.option(
    "--join-timeout", type=click.FloatRange(0, 86400), default=60, show_default=True, metavar="SECONDS",
    help="How long a worker waits for a head that is not there yet.",
)  # fmt: skip
@click.option("--accept-open-agent-port", is_flag=True, help="Accept Ray 2.52 and 2.53, whose port 52365 is open.")
@click.option("--dry-run", is_flag=True, help="Print what would be run, and start nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@password_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    name: str,
    store: str,
    ray_bin: str | None,
    join_port: int | None,
    store_port: int | None,
    no_join: bool,
    join_timeout: float,
    accept_open_agent_port: bool,
    dry_run: bool,
    as_json: bool,
    redis_password_file: str | None,
    redis_password_env: str | None,
) -> int:
    """Start a protected head or worker from a legacy command line.

    Takes every option that any release of `ray start` took: what Ray has renamed or removed is translated, the Redis
    password becomes the key to a join service, and the cluster asks everybody for a token. With neither --head nor
    --address it starts a head.
    """
    from shim.cluster.request import Choices, read_request
    from shim.cluster.verbs import start
    from shim.report.start import Screen

    words, given = gather(redis_password_file, redis_password_env, ctx.meta[RAY_WORDS])
    choices = Choices(
        name=name,
        ray_bin=ray_bin,
        store=store,
        join=not no_join,
        join_port=join_port,
        store_port=store_port,
        join_timeout=join_timeout,
        accept_open_agent_port=accept_open_agent_port,
    )
    assert isinstance(ctx.command, LegacyCommand)  # noqa: S101 - declared above
    environ = {key: value for key, value in os.environ.items() if key != redis_password_env}  # jobs would inherit it
    request = read_request(
        words, choices, environ, Path.home(), more_passwords=given, own_options=ctx.command.own_options()
    )
    return start(request, Screen(as_json), dry_run=dry_run)
