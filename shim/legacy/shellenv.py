"""A program named ``ray`` for old scripts, and the shell words that put it first on PATH and take it off again.

An alias is not seen by ``bash job.sh``; a program earlier on PATH is. Whoever looks for the real Ray passes every
wrapper over, wherever it lies, so that none calls itself.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import shim
from shim.cluster.ray import without_wrappers
from shim.errors import ShimError, UsageError
from shim.files import check_owner, make_private_folder, write_private
from shim.state import host_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

SWITCH = "SHIM_WRAPPER"
"""Environment variable: ``off`` makes the wrapper run the real Ray."""

_TEMPLATE = Path(__file__).with_name("ray_wrapper.sh")
_POSIX = ("sh", "bash", "zsh", "dash", "ash", "ksh", "mksh", "busybox")
SHELLS = ("sh", "bash", "zsh", "fish")


def shell_kind(named: str | None, environ: Mapping[str, str]) -> str:
    """Return ``sh`` (bash and zsh too) or ``fish``, for the shell that was named or that ``$SHELL`` names.

    Raises:
        UsageError: It is another one.
    """
    shell = named or Path(environ.get("SHELL") or "sh").name
    if shell == "fish":
        return "fish"
    if shell in _POSIX:
        return "sh"
    raise UsageError(f"The shell {shell} is not known here.", fix=f"Name one with --shell: {', '.join(SHELLS)}.")


def wrapper_folder(environ: Mapping[str, str], home: Path) -> Path:
    """Return the folder for this host's wrapper: homes are shared between hosts, and Pythons differ."""
    host = host_folder(environ, home)
    return host.parent / "bin" / host.name


def install_wrapper(environ: Mapping[str, str], home: Path) -> Path:
    """Make the wrapper, private and up to date, in the state folder; return the folder that it lies in.

    Raises:
        ShimError: The folder is someone else's, cannot be on PATH, or programs may not be run from it.
    """
    folder = wrapper_folder(environ, home)
    if ":" in str(folder) or "\n" in str(folder):
        raise ShimError(f"{folder} cannot be on PATH: it has a colon in it.", fix="Name another with SHIM_STATE_DIR.")
    for place in (folder.parent.parent, folder.parent, folder):
        make_private_folder(place)
    path, text = folder / "ray", wrapper_text(folder / "ray", environ)
    if not _is_up_to_date(path, text):
        write_private(path, text, mode=0o700)
    if not os.access(path, os.X_OK):
        raise ShimError(f"Programs may not be run from {folder} (noexec?).", fix="Name another with SHIM_STATE_DIR.")
    return folder


def _is_up_to_date(path: Path, text: bytes) -> bool:
    check_owner(path)
    try:
        return path.read_bytes() == text and path.stat().st_mode & 0o777 == 0o700
    except OSError:
        return False


def wrapper_text(path: Path, environ: Mapping[str, str]) -> bytes:
    """Return the wrapper: it runs this very Python, and there this very shim, whatever lies in the working folder."""
    values = {
        "@PYTHON@": shlex.quote(sys.executable),
        "@FLAGS@": "-P" if _comes_from_variable(environ) else "-E -P",
        "@WRAPPER@": shlex.quote(str(path)),
    }
    text = re.sub("|".join(values), lambda found: values[found[0]], _TEMPLATE.read_text())
    return os.fsencode(text)


def _comes_from_variable(environ: Mapping[str, str]) -> bool:
    """Say whether Python finds shim only through PYTHONPATH (else it is better off without: a ``shim`` of yours)."""
    home = Path(shim.__file__).parents[1].resolve()
    return any(part and Path(part).resolve() == home for part in environ.get("PYTHONPATH", "").split(os.pathsep))


def without_wrapper(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which ``ray`` is the real one."""
    return {**environ, **({"PATH": without_wrappers(environ["PATH"])} if "PATH" in environ else {})}


def words_on(kind: str, folder: Path) -> str:
    """Return what the shell is to evaluate to have the wrapper first; twice changes nothing."""
    if kind == "fish":
        place = _quote_fish(str(folder))
        return f'test "$PATH[1]" = {place}; or set -gx PATH {place} $PATH'
    place = shlex.quote(str(folder))
    return f'case "${{PATH-}}" in {place}|{place}:*) ;; *) PATH={place}"${{PATH:+:$PATH}}"; export PATH ;; esac'


def words_off(kind: str, search_path: str, folder: Path) -> str:
    """Return what the shell is to evaluate to have the PATH that it had before, also when the wrapper was deleted."""
    parts = without_wrappers(search_path).split(os.pathsep)
    before = os.pathsep.join(part for part in parts if part != str(folder))
    if kind == "fish":
        return f"set -gx PATH {' '.join(_quote_fish(part) for part in before.split(os.pathsep))}"
    return f"PATH={shlex.quote(before)}; export PATH"


def _quote_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
