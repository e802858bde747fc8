"""``shim ray``: an old ``ray`` command line, as it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

WORDS = "shim.words"

EPILOG = """\b
Examples:
  shim ray status --address=head:6379 --redis_password="$PW"
  shim ray start --head --redis-port=6379 --redis-password="$PW"    is shim start
  shim ray stop                                                     is shim stop
  shim ray job submit --address http://head:8265 -- python train.py
  eval "$(shim shellenv)"                                           and `ray` is `shim ray` in scripts too
"""


class RayCommand(click.Command):
    """Takes every word as it is: all options are Ray's, ``--help`` too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words in ``ctx.meta[WORDS]``; click gets none."""
        ctx.meta[WORDS] = list(args)
        return super().parse_args(ctx, [])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer what Ray itself would."""
        from click.shell_completion import CompletionItem

        from shim.legacy.command_completion import complete

        return [CompletionItem(value, type=kind) for kind, value in complete(ctx.meta[WORDS], incomplete, os.environ)]


@click.command(
    cls=RayCommand,
    add_help_option=False,
    epilog=EPILOG,
    options_metavar="ARGS...",
    short_help="Run an old `ray` command line on a token cluster.",
)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Run an old `ray` command line, of any release, on a token cluster.

    It is translated for the Ray at hand, gets the token (joining first, where there is none and it has a Redis password
    and an address), and becomes that Ray: exit code, signals and terminal are Ray's. `start` and `stop` are
    `shim start` and `shim stop`. `--help` is Ray's own; this text is `shim ray -h`.
    """
    from shim.legacy.command import split_command

    words: list[str] = ctx.meta[WORDS]
    if words == ["-h"]:
        click.echo(ctx.get_help())
        return 0
    before, name, after = split_command(words)
    if name in ("start", "stop") and "_RAY_COMPLETE" not in os.environ:
        if before:
            say(f"{' '.join(before)} was dropped (shim {name} does its own logging)")
        return _start(after) if name == "start" else _stop(after)
    return _run(words)


def say(line: str) -> None:
    """Show a line to the person, marked as ours: all else on the screen is Ray's."""
    click.echo(f"shim: {line}", err=True)


def _run(words: list[str]) -> NoReturn:
    from shim.legacy.command import prepare

    prepare(words, os.environ, Path.home(), say).become()


def _start(words: list[str]) -> int:
    from shim.cli.start import command as start
    from shim.legacy.shellenv import without_wrapper

    os.environ.update(without_wrapper(os.environ))  # the Ray that is started is the real one
    return _call(start, words, "shim start")


def _stop(words: list[str]) -> int:
    from shim.cli.stop import command as stop
    from shim.legacy.command_others import find_others
    from shim.legacy.command_stop import own_words

    code = _call(stop, own_words(words, say), "shim stop")
    if "--json" not in words:
        for line in find_others():
            say(f"Left alone: {line}")
    return code


def _call(called: click.Command, words: list[str], name: str) -> int:
    code = called.main(words, prog_name=name, standalone_mode=False)
    return code if isinstance(code, int) else 0
