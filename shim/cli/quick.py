"""``shim --help``, and ``shim token show`` into a pipe, without click, whose import is most of their time."""

from __future__ import annotations

import sys
from pathlib import Path

from shim.errors import ShimError

HELP = Path(__file__).with_name("help.txt")
"""What click writes for ``shim --help``, 80 columns wide; a test compares them (tests/shim/cli)."""

NONE = ShimError(
    "There is no token on this machine.",
    fix="shim token fetch --address=HEAD:6379 gets a cluster's; shim token generate makes a fresh one.",
)


def show_help() -> int:
    """Print the help of the whole; return the exit code."""
    sys.stdout.write(HELP.read_text())
    return 0


def show_token() -> int:
    """Print the token; return the exit code. Scripts call this in loops."""
    import os

    from shim.token import find

    try:
        found = find(os.environ, Path.home())
        if found is None:
            raise NONE
    except ShimError as error:
        sys.stderr.write(f"Error: {error.what}\nTry:   {error.fix}\n")
        return error.exit_code
    sys.stdout.write(f"{found.secret.reveal()}\n")
    return 0
