"""Find out whether a server would accept its configuration, before anything is stopped for it."""

from __future__ import annotations

import contextlib
import signal
import socket
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.process import look, send
from shim.store.directives import log_tail
from shim.store.spec import DATA, LOG, ServerSpec, lay_out, spawn_server

if TYPE_CHECKING:
    import subprocess

_SOCKET = "s"  # a short name: a Unix socket's path has 107 bytes (unix(7))
_POLL = 0.01  # seconds


def check(spec: ServerSpec, *, timeout: float = 15) -> None:
    """Try the configuration, without touching anything of it.

    The binary is run for a moment in a temporary folder, on a Unix socket instead of the port. Redis and
    Valkey have no option that only reads the configuration, and with no place to listen at all they end
    before they read the ACL file.

    Args:
        spec: What would be run.
        timeout: Seconds it may take.

    Raises:
        ShimError: The server would not start; or an address to listen on is none of this host's.
    """
    for address in spec.bind:
        _try_address(address.removeprefix("-"))  # "-": may be missing (redis.conf, since 6.2)
    root = None if len(tempfile.gettempdir()) < 80 else "/tmp"  # noqa: S108 - a fresh 0700 folder within
    with tempfile.TemporaryDirectory(prefix="shim-check-", dir=root) as place:
        folder = Path(place)
        trial = replace(spec, folder=folder, port=0)
        overrides = {"unixsocket": str(folder / _SOCKET), "unixsocketperm": "600", "dir": str(folder / DATA)}
        child = spawn_server(trial, lay_out(trial, overrides))
        try:
            _await_greeting(trial, child, timeout)
        finally:
            if (process := look(child.pid)) is not None:
                send(process, signal.SIGKILL)
            child.wait(5)


def _await_greeting(spec: ServerSpec, child: subprocess.Popen[bytes], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while child.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(timeout)
            wire.connect(str(spec.folder / _SOCKET))
            wire.sendall(b"PING\r\n")
            if wire.recv(64):
                return
        time.sleep(_POLL)
    raise ShimError(
        f"{spec.binary} refuses its configuration: {log_tail(spec.folder / LOG)}.",
        fix="Take another server: --store embedded, or --store native.",
    )


def _try_address(address: str) -> None:
    if address in ("*", "::*"):
        return
    try:
        family, kind, number, _, target = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, number) as wire:
            wire.bind(target)
    except OSError as error:
        raise ShimError(
            f"Nothing can listen on {address} here: {error.strerror}.",
            fix="Name an address of this host: ip -brief address",
        ) from error
