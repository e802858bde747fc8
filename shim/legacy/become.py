"""The last step of ``shim ray``: this process becomes Ray, with the same pid, terminal, signals and open files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

from shim.errors import ShimError

if TYPE_CHECKING:
    from shim.legacy.command import Execution


def become(execution: Execution) -> NoReturn:
    """Replace this process; nothing of shim is left running.

    Raises:
        ShimError: The program cannot be run.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    program = str(execution.program)
    try:
        os.execve(program, ["ray", *execution.arguments], execution.environment)  # noqa: S606 - no shell
    except OSError as error:
        raise ShimError(
            f"{program} cannot be run: {error.strerror}.",
            fix=f"Check its first line and its rights: head -n 1 {program}",
        ) from error
