"""``shim token show`` into a pipe, without click: scripts call it in loops, and half its time would be imports."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shim.errors import ShimError
from shim.token import find

NONE = ShimError(
    "There is no token on this machine.",
    fix="shim token fetch --address=HEAD:6379 gets a cluster's; shim token generate makes a fresh one.",
)


def show_token() -> int:
    """Print the token; return the exit code."""
    try:
        found = find(os.environ, Path.home())
        if found is None:
            raise NONE
    except ShimError as error:
        sys.stderr.write(f"Error: {error.what}\nTry:   {error.fix}\n")
        return error.exit_code
    sys.stdout.write(f"{found.secret.reveal()}\n")
    return 0
