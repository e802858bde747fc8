"""Completion of ``shim ray …``: Ray's own, asked in click's way (``_RAY_COMPLETE``)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.legacy.command import COMPLETE
from shim.legacy.command_ray import find_program
from shim.legacy.shellenv import without_wrapper
from shim.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def complete(words: Sequence[str], incomplete: str, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what could stand for ``incomplete``, as (kind, value); nothing when Ray cannot be asked.

    Kinds are click's: ``plain``, ``file``, ``dir``.
    """
    real = without_wrapper(environ)
    line = ["ray", *words, incomplete]
    asked = {
        **real,
        COMPLETE: "bash_complete",  # click's protocol for bash: one "kind,value" a line
        "COMP_WORDS": shlex.join(line),
        "COMP_CWORD": str(len(line) - 1),
    }
    try:
        answer = run([str(find_program(real).path)], env=asked, timeout=20)
    except ShimError:
        return []
    rows = (row.partition(",") for row in answer.output.splitlines())
    return [(kind, value) for kind, comma, value in rows if comma]
