"""What a server of ours is to be, and its files: folder, configuration, users."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shim.files import make_private_folder, write_private
from shim.process import MARKER, spawn
from shim.store.directives import hardened, render, users_file

if TYPE_CHECKING:
    import subprocess

    from shim.store.binary import Binary

CONFIG, USERS, LOG, DATA, PID = "server.conf", "users.acl", "server.log", "data", "server.pid"


@dataclass(frozen=True)
class ServerSpec:
    """What to run.

    Attributes:
        folder: Private; gets server.conf, users.acl (0600), server.log, server.pid, data/.
        binary: The program.
        bind: Addresses to listen on.
        port: TCP port.
        users: Lines of users.acl, passwords only as ``#sha256``. `default` is off unless a line names it.
        settings: Directives beyond the hardened ones, or in their place.
        marker: Value of the environment variable `shim.process.MARKER`.
    """

    folder: Path
    binary: Binary
    bind: tuple[str, ...]
    port: int
    users: tuple[str, ...]
    settings: tuple[tuple[str, str], ...] = ()
    marker: str = ""


def lay_out(spec: ServerSpec, overrides: dict[str, str] | None = None) -> Path:
    """Make the folder and write the files.

    Returns:
        The server's working folder, where its data goes.

    Raises:
        ShimError: The folder is a symlink, someone else's, or cannot be written.
    """
    folder = spec.folder.absolute()
    make_private_folder(folder)
    make_private_folder(folder / DATA)
    directives = hardened(spec.binary) | {
        "bind": " ".join(spec.bind),
        "port": str(spec.port),
        "dir": str(folder / DATA),
        "aclfile": str(folder / USERS),
        "logfile": str(folder / LOG),
        "pidfile": str(folder / PID),
    }
    directives |= dict(spec.settings) | (overrides or {})
    write_private(folder / USERS, users_file(spec.users, spec.binary))
    write_private(folder / CONFIG, render(directives))
    with contextlib.suppress(FileNotFoundError):
        (folder / LOG).replace(folder / f"{LOG}.1")
    return Path(directives["dir"])


def spawn_server(spec: ServerSpec, cwd: Path) -> subprocess.Popen[bytes]:
    """Start the program on the files of `lay_out`, with an environment that holds nothing of ours."""
    folder = spec.folder.absolute()
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", MARKER: spec.marker}
    mask = os.umask(0o077)  # what the server makes is ours alone; Redis has no directive for it
    try:
        return spawn([str(spec.binary.path), str(folder / CONFIG)], env=environment, log=folder / LOG, cwd=cwd)
    finally:
        os.umask(mask)
