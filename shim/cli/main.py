"""The group of all commands, and the one place that turns errors into words and exit codes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

import shim
from compat.errors import LegacyError
from shim.cli.lazy import LazyGroup
from shim.errors import ShimError

if TYPE_CHECKING:
    from collections.abc import Sequence

EPILOG = """\b
Examples:
  shim start --head --port=6379 --redis-password="$PW"      a protected cluster
  shim start --address=head:6379 --redis-password="$PW"     another node of it
  shim token fetch --address=head:6379                      for drivers elsewhere
  shim status; shim join close; shim stop
"""


@click.group(
    cls=LazyGroup,
    commands_from={
        "start": ("shim.cli.start", "Start a protected head or worker from a legacy command line."),
        "stop": ("shim.cli.stop", "End what this machine's `shim start` started, and nothing else."),
        "status": ("shim.cli.status", "Say how this machine's nodes are, and what is open by design."),
        "run": ("shim.cli.run", "Run an unmodified legacy driver on a token cluster."),
        "token": ("shim.cli.token", "Ray's shared secret: fetch, generate, show, path."),
        "join": ("shim.cli.join", "The door for nodes that know only the legacy password."),
        "ray": ("shim.cli.ray", "Run an old `ray` command line on a token cluster."),
        "shellenv": ("shim.cli.shellenv", "Put a program named `ray`, which runs `shim ray`, first on PATH."),
        "explain": ("shim.cli.explain", "Say what an old line did or an error means, and what to write now."),
        "completion": ("shim.cli.completion", "Print the completion script for your shell."),
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(shim.__version__, "-V", "--version", message="shim %(version)s")
def cli() -> None:
    """From Ray's old Redis passwords to Ray's token authentication."""


def run(arguments: Sequence[str]) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 called wrongly."""
    colour = False if os.environ.get("NO_COLOR") else None  # https://no-color.org; None: on terminals
    try:
        code = cli.main(list(arguments), prog_name="shim", standalone_mode=False, color=colour)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Aborted.", err=True)
        sys.exit(130)
    except BrokenPipeError:  # whoever read us hung up (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except LegacyError as error:
        sys.exit(_explain(error.what, error.fix, 2, colour))
    except ShimError as error:
        sys.exit(_explain(error.what, error.fix, error.exit_code, colour))
    sys.exit(code if isinstance(code, int) else 0)


def _explain(what: str, fix: str, code: int, colour: bool | None) -> int:
    click.echo(f"{click.style('Error:', fg='red', bold=True)} {what}", err=True, color=colour)
    click.echo(f"{click.style('Try:', bold=True)}   {fix}", err=True, color=colour)
    return code
