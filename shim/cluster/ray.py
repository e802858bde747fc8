"""Find the Ray to use. shim imports none: people have theirs, and it runs in its own Python."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compat.errors import LegacyError
from compat.version import Version
from shim.errors import ShimError
from shim.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUESTION = "import importlib.metadata as m; print(m.version('ray'))"
WRAPPER_MARK = b"# Made by `shim shellenv`"
INSTALL = "pip install 'ray[default]>=2.54', or name yours with --ray-bin."


@dataclass(frozen=True)
class RayInstallation:
    """A Ray: its ``ray`` program, the Python that runs it, and its version."""

    program: Path
    python: Path
    version: Version


def find(given: str | None, environ: Mapping[str, str]) -> RayInstallation:
    """Return the Ray named by ``--ray-bin``, else the one beside this Python, else the one on PATH.

    Raises:
        ShimError: There is none, or it is not one that can be asked for its version.
    """
    program = _program(given, environ)
    python = _interpreter(program)
    return RayInstallation(program, python, read_version(program) or _ask(program, python))


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


def _ask(program: Path, python: Path) -> Version:
    """Start Ray's Python to ask it (0.1 s)."""
    asked = run([str(python), "-c", _QUESTION], timeout=60)
    try:
        return Version.parse(asked.output.strip())
    except LegacyError:
        raise ShimError(f"{python}, which runs {program}, has no Ray that tells its version.", fix=INSTALL) from None


def find_python(given: str | None, environ: Mapping[str, str]) -> Path:
    """Return the Python of the Ray that `find` would return, without starting it to ask for versions (0.1 s).

    Raises:
        ShimError: There is no Ray, or it is a wrapper.
    """
    return _interpreter(_program(given, environ))


def _program(given: str | None, environ: Mapping[str, str]) -> Path:
    if given is not None:
        found = shutil.which(given, path=environ.get("PATH"))
        if found is None:
            raise ShimError(f"There is no program {given}.", fix="Give --ray-bin the path of a ray program.")
        return Path(found).absolute()
    beside = Path(sys.executable).parent / "ray"
    if beside.is_file():
        return beside
    found = shutil.which("ray", path=without_wrappers(environ.get("PATH", os.defpath)))
    if found is None:
        raise ShimError("No Ray is installed beside this Python or on PATH.", fix=INSTALL)
    return Path(found).absolute()


def is_wrapper(program: Path) -> bool:
    """Say whether a program named ``ray`` is a wrapper that `shim shellenv` made."""
    try:
        with program.open("rb") as file:
            return WRAPPER_MARK in file.read(200)
    except OSError:
        return False


def without_wrappers(search_path: str) -> str:
    """Return a PATH without the folders of wrappers, all else as it was: nobody's search may end in itself."""
    return os.pathsep.join(
        part for part in search_path.split(os.pathsep) if not part or not is_wrapper(Path(part) / "ray")
    )


def _interpreter(program: Path) -> Path:
    """Read which Python a console script runs in; long paths are wrapped in sh (pip's and uv's scripts)."""
    with program.open("rb") as file:
        head = file.read(1024).decode(errors="replace").splitlines()
    first = head[0] if head else ""
    wrapped = re.match(r"'''exec' (?P<python>\"[^\"]+\"|'[^']+'|\S+) ", head[1]) if len(head) > 1 else None
    if wrapped:
        return Path(shlex.split(wrapped["python"])[0])
    words = first.removeprefix("#!").split()
    if words and Path(words[0]).name == "env" and len(words) > 1:
        words = [shutil.which(words[-1]) or words[-1]]
    if first.startswith("#!") and words and "python" in Path(words[0]).name:
        return Path(words[0])
    raise ShimError(
        f"{program} is not Ray's own program but a wrapper around it.",
        fix="Name the real one with --ray-bin (python -c 'import ray,sys; print(sys.prefix)' shows where).",
    )
