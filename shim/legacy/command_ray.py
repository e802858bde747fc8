"""The Ray at hand and its version, without starting a Python where the version can be read beside it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compat.errors import LegacyError
from compat.releases import FIRST_TOKEN
from compat.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    from shim.cluster.ray import find  # starts Ray's Python and asks it (0.1 s)

    asked = find(None, environ)
    return Program(asked.program, asked.version)


def read_version(program: Path) -> Version | None:
    """Return the version that lies beside a console script, as pip and uv install it; None when that is not clear."""
    prefix = program.resolve().parent.parent
    names = {path.name for path in prefix.glob("lib*/python3*/*-packages/ray-*.dist-info")}
    if len(names) != 1:
        return None
    try:
        return Version.parse(names.pop().removeprefix("ray-").removesuffix(".dist-info"))
    except LegacyError:
        return None


def refuse_old_program(program: Program, environ: Mapping[str, str]) -> None:
    """Refuse a Ray that has no tokens.

    Raises:
        ShimError: Names the upgrade.
    """
    if program.version.release < FIRST_TOKEN:
        from shim.cluster.ray import find
        from shim.cluster.request import refuse_old_ray

        refuse_old_ray(find(str(program.path), environ), accepted=True)
