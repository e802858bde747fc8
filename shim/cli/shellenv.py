"""``shim shellenv``: a program named ``ray`` for old scripts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from shim.legacy.shellenv import SHELLS, install_wrapper, shell_kind, words_off, words_on, wrapper_folder

EPILOG = """\b
Examples:
  eval "$(shim shellenv)"               in bash, zsh and sh; in ~/.bashrc too
  shim shellenv --shell fish | source   in fish
  eval "$(shim shellenv --off)"         off again, PATH as it was
  SHIM_WRAPPER=off ray status           the real ray, once
  command -v ray                        which of them `ray` is now
"""


@click.command(epilog=EPILOG, short_help="Put a program named `ray`, which runs `shim ray`, first on PATH.")
@click.option("--shell", metavar="NAME", help=f"{', '.join(SHELLS)} (default: from $SHELL).")
@click.option("--off", is_flag=True, help="Take it off PATH again.")
def command(*, shell: str | None, off: bool) -> None:
    """Print what puts a program named `ray`, which runs `shim ray`, first on PATH.

    Old scripts then need no change: `bash job.sh` sees it (an alias it would not). It lies in shim's state folder,
    readable by you alone. Scripts that name Ray by its full path do not see it.
    """
    kind = shell_kind(shell, os.environ)
    if off:
        words = words_off(kind, os.environ.get("PATH", ""), wrapper_folder(os.environ, Path.home()))
    else:
        words = words_on(kind, install_wrapper(os.environ, Path.home()))
    click.echo(words)
    if sys.stdout.isatty():
        option = " --off" if off else ""
        line = f"shim shellenv{option} | source" if kind == "fish" else f'eval "$(shim shellenv{option})"'
        click.echo(f"Next: {line}", err=True)
