"""``shim run``: a driver that was written for an older Ray."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from shim.legacy.driver import Password

WORDS = "shim.words"

EPILOG = """\b
Examples:
  shim run train.py --address=head:6379 --redis-password="$PW"
  shim run -u -m project.train
  shim run --redis-password-file ~/redis.pw train.py
  echo 'import ray; ray.init(redis_password="…")' | shim run -
"""


class RunCommand(click.Command):
    """Takes our own options up to the first word that is none; everything from there on is Python's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse our part; the rest is in ``ctx.meta[WORDS]``."""
        flags = ("-h", "--help")
        valued = [name for option in self.params for name in option.opts]
        place = 0
        while place < len(args):
            name, equals, _ = args[place].partition("=")
            if name not in valued and args[place] not in flags:
                break
            place += 1 if equals or name in flags else 2
        ctx.meta[WORDS] = args[place:]
        return super().parse_args(ctx, args[:place])


@click.command(
    cls=RunCommand,
    epilog=EPILOG,
    options_metavar="[OPTIONS] [PYTHON-OPTIONS] SCRIPT ARGS... | -m MODULE | -c CODE | -",
    short_help="Run an unmodified legacy driver on a token cluster.",
)
@click.option("--redis-password-file", metavar="FILE", help="Read the legacy password from the first line of a file.")
@click.option("--redis-password-env", metavar="NAME", help="Read the legacy password from a variable of your own.")
@click.option("--ray-bin", metavar="PATH", help="Use the Python of this `ray` (default: as `shim start`).")
@click.pass_context
def command(
    ctx: click.Context, *, redis_password_file: str | None, redis_password_env: str | None, ray_bin: str | None
) -> None:
    """Run an unmodified legacy driver on a token cluster, in Ray's own Python.

    As `python SCRIPT ARGS...` does: same arguments, exit code, standard input and signals. When the script imports
    Ray, ray.init, ray.client and ray.util.connect are replaced by ones that take every argument they ever had. With
    no token on this machine, the password that the call gives (or one of the options here, or RAY_REDIS_PASSWORD)
    fetches the cluster's; without an address it is a local cluster, with a token.
    """
    from shim.cli.entry import hide
    from shim.errors import UsageError
    from shim.legacy.driver import prepare

    words: list[str] = ctx.meta[WORDS]
    if not words:
        raise UsageError("There is nothing to run.", fix="Name a script: shim run train.py (or -m, -c, -; see -h)")
    if words[0].partition("=")[0] in ("--redis-password", "--redis_password"):
        raise UsageError(
            "shim run takes no password from its command line, which any local user can read.",
            fix="Use --redis-password-file FILE, --redis-password-env NAME, or export RAY_REDIS_PASSWORD.",
        )
    if hide(words) != words:
        say("the script is given a password in its arguments, which any local user can read (ps)")
    passwords = gather_passwords(redis_password_file, redis_password_env)
    prepare(words, passwords, os.environ, Path.home(), ray_bin=ray_bin, say=say).become()


def gather_passwords(file: str | None, variable: str | None) -> list[Password]:
    """Return the legacy password from each place that was named, and from ``RAY_REDIS_PASSWORD``."""
    from shim.cli.password import gather
    from shim.legacy.driver import PASSWORD_VARIABLE, Password
    from shim.secret import Secret

    found = []
    if file is not None:
        found.append(Password("--redis-password-file", Secret(gather(file, None, [])[1][0])))
    if variable is not None:
        found.append(Password(f"--redis-password-env {variable}", Secret(gather(None, variable, [])[1][0]), variable))
    if os.environ.get(PASSWORD_VARIABLE) and variable != PASSWORD_VARIABLE:
        found.append(Password(PASSWORD_VARIABLE, Secret(os.environ[PASSWORD_VARIABLE]), PASSWORD_VARIABLE))
    return found


def say(line: str) -> None:
    """Show a line to the person, marked as ours: all else on the screen is the script's."""
    click.echo(f"shim: {line}", err=True)
