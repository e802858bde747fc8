"""``shim explain``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from shim.cli.node import json_option

if TYPE_CHECKING:
    from compat.version import Version

EPILOG = """\b
Examples:
  shim explain 'ray start --head --redis-password=x --redis-port=6379'
  shim explain 'ray.init(redis_address="10.0.0.5:6379", redis_password="x")'
  shim explain --redis-shard-ports
  shim explain RAY_TOKEN --ray-version 2.60
  tail -n 100 /tmp/ray/session_latest/logs/gcs_server.err | shim explain -
"""
KINDS = ("command", "call", "variable", "option", "error")
LONGEST = 16 * 1024 * 1024
"""Characters that are read from standard input."""


class ExplainCommand(click.Command):
    """Takes every word that is none of its own options as what is asked about, so that ``--`` is not needed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put click's own ``--`` before the words."""
        before = args[: args.index("--")] if "--" in args else args
        ours: list[str] = []
        words: list[str] = []
        rest = iter(before)
        for word in rest:
            name, equals, _ = word.partition("=")
            if name in ("--as", "--ray-version"):
                ours += [word] if equals else [word, *(each for each in [next(rest, None)] if each is not None)]
            elif word in ("--json", "-h", "--help"):
                ours.append(word)
            else:
                words.append(word)
        return super().parse_args(ctx, [*ours, "--", *words, *args[len(before) + 1 :]])


@click.command(
    cls=ExplainCommand,
    epilog=EPILOG,
    short_help="Say what an old line did or an error means, and what to write now.",
)
@click.argument("what", nargs=-1, type=click.UNPROCESSED)
@click.option("--as", "kind", type=click.Choice(KINDS), help="What WHAT is, where that is told wrongly.")
@click.option(
    "--ray-version", metavar="X.Y", help="The Ray in question. Default: the one found beside, else the newest."
)
@json_option
def command(*, what: tuple[str, ...], kind: str | None, ray_version: str | None, as_json: bool) -> int:
    """Say what an old line did, or what an error means, and what to write now.

    WHAT is a command line, a call of ray.init, a variable, an option's name, or an error message, a traceback or a
    log; `-` reads it from standard input. Passwords in it are never shown. Nothing is sent anywhere.

    Exit code 0: explained; 1: nothing is known about it.
    """
    from compat.version import Version
    from shim.explain import Kind, explain
    from shim.report.explain import show

    ray = Version.parse(ray_version) if ray_version else _ray_here()
    asked = _read() if what in ((), ("-",)) else what
    explanation = explain(asked, ray, Kind(kind) if kind else None)
    show(explanation, as_json=as_json)
    return 0 if explanation.known else 1


def _ray_here() -> Version:
    from compat.ray_start import NEWEST
    from shim.cluster.ray import find
    from shim.errors import ShimError

    try:
        return find(None, os.environ).version
    except ShimError:
        return NEWEST


def _read() -> str:
    from shim.errors import UsageError

    if sys.stdin.isatty():
        raise UsageError("There is nothing to explain.", fix="shim explain 'ray start --head --redis-password=…'")
    text = sys.stdin.buffer.read(LONGEST).decode(errors="replace")
    if not text.strip():
        raise UsageError("Standard input is empty.", fix="COMMAND 2>&1 | shim explain -")
    return text
