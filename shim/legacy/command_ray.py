"""The Ray at hand and its version, without starting a Python where the version can be read beside it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compat.releases import FIRST_TOKEN
from shim.cluster.ray import find, read_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compat.version import Version


@dataclass(frozen=True)
class Program:
    """A ``ray`` program and its version."""

    path: Path
    version: Version


def find_program(environ: Mapping[str, str]) -> Program:
    """Return the ``ray`` beside this Python, else the one on PATH, as `shim.cluster.ray.find` does.

    Args:
        environ: With a PATH that no wrapper is on.

    Raises:
        ShimError: There is none.
    """
    beside = Path(sys.executable).parent / "ray"
    found = str(beside) if beside.is_file() else shutil.which("ray", path=environ.get("PATH"))
    version = read_version(Path(found)) if found else None
    if found and version:
        return Program(Path(found).absolute(), version)
    asked = find(None, environ)
    return Program(asked.program, asked.version)


def refuse_old_program(program: Program, environ: Mapping[str, str]) -> None:
    """Refuse a Ray that has no tokens.

    Raises:
        ShimError: Names the upgrade.
    """
    if program.version.release < FIRST_TOKEN:
        from shim.cluster.request import refuse_old_ray

        refuse_old_ray(find(str(program.path), environ), accepted=True)
