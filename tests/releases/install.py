"""Install the releases under test, once: ``python -m tests.releases.install`` does all of them.

What is made stays in ``$SHIM_TEST_CACHE`` (``~/.cache/ray-redis-shim``), whole or not at all. uv puts the
packages together from outside, so that whatever index, proxy and certificates this machine uses are used
here; a Debian inside needs no network at all. Debian comes from debootstrap's usual mirror, or from the one
that ``SHIM_TEST_DEBIAN_MIRROR`` names, and is checked by its signature.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.imports import ROOT
from tests.real import SYSTEM_PATH
from tests.releases.catalogue import SUBJECTS, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USUAL = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "ray-redis-shim")
CACHE = Path(os.environ.get("SHIM_TEST_CACHE") or USUAL) / "releases"  # read early: tests have homes of their own
SUITES = {"3.9": "bullseye", "3.11": "bookworm"}  # Debian's Python
MANYLINUX = f"{platform.machine()}-manylinux_2_31"  # bullseye's glibc


class NotInstalled(Exception):  # noqa: N818 - not the project's error: a reason to skip
    """A release cannot be had here: ``args`` are what is missing, and what to do."""


@dataclass(frozen=True)
class Installed:
    """A release that can be run.

    Attributes:
        subject: The release.
        packages: Folder with Ray and what it imports.
        root: The Debian in which ``python`` lives; None: this machine.
        python: The interpreter, as seen in ``root``.
    """

    subject: Subject
    packages: Path
    root: Path | None
    python: str


def install(subject: Subject) -> Installed:
    """Return the release ready to run, from the cache if it is there.

    Raises:
        NotInstalled: Something for it is missing, or cannot be fetched.
    """
    python = None if subject.python == "3.9" else _find_python(subject.python)
    root = None if python else _provide_root(SUITES[subject.python])
    packages = _provide(subject.folder, lambda folder: _fetch(subject, folder))
    return Installed(subject, packages, root, python or f"/usr/bin/python{subject.python}")


def _find_python(version: str) -> str | None:
    """Return this machine's own interpreter of that version."""
    command = [_uv(), "python", "find", "--system", "--no-project", "--no-python-downloads", version]
    found = subprocess.run(command, capture_output=True, text=True)
    return found.stdout.strip() or None


def _uv() -> str:
    done = subprocess.run(["sh", str(ROOT / "setup.sh"), "--uv"], capture_output=True, text=True)
    if done.returncode:
        raise NotInstalled(f"uv ({done.stderr.strip()})", "sh setup.sh --dev")
    return done.stdout.strip()


def _fetch(subject: Subject, folder: Path) -> None:
    """Put the packages into a folder; wheels are chosen for the Python that will run them."""
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL") or os.environ.get("PIP_INDEX_URL")
    command = [_uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder)]
    command += ["--python-version", subject.python, "--python-platform", MANYLINUX]
    command += ["--default-index", index] if index else []
    _run([*command, *subject.requirements], f"Ray {subject} from the package index", "check the network; see setup.sh")


def _provide_root(suite: str) -> Path:
    """Return a Debian with its Python; nothing in it is ever changed."""
    program = shutil.which("debootstrap", path=SYSTEM_PATH)
    if not program:
        raise NotInstalled("debootstrap", "apt-get install -y debootstrap debian-archive-keyring")
    mirror = list(filter(None, [os.environ.get("SHIM_TEST_DEBIAN_MIRROR")]))
    options = ["--variant=minbase", "--force-check-gpg", "--include=python3,python3-distutils"]

    def make(folder: Path) -> None:
        private = ["unshare", "--mount", "--propagation", "private"]  # its mounts end with it, however it ends
        fix = "check the network, or name a mirror: SHIM_TEST_DEBIAN_MIRROR=http://.../debian"
        _run([*private, program, *options, suite, str(folder), *mirror], f"Debian {suite}", fix)
        for package in folder.glob("var/cache/apt/archives/*.deb"):
            package.unlink()
        for name in ("hosts", "resolv.conf"):
            (folder / "etc" / name).touch()  # each host's own are mounted over them
        (folder / "opt/ray").mkdir()

    return _provide(suite, make)


def _run(command: list[str], what: str, fix: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)
    if done.returncode:
        raise NotInstalled(f"{what}: {' '.join(done.stdout.split()[-60:])}", fix)


def _provide(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, made on first use: under a lock, beside its place, then renamed."""
    done, part = CACHE / name, CACHE / f"{name}.part"
    if not done.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with _turn():
            if not done.exists():
                shutil.rmtree(part, ignore_errors=True)  # what an interrupted one left
                make(part)
                part.rename(done)
    return done


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    for one in SUBJECTS:
        ready = install(one)
        print(f"Ray {one}: {ready.packages}, {ready.python} of {ready.root or 'this machine'}")
