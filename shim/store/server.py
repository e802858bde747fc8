"""One Redis-compatible server process of ours, whatever its job: control store or join service.

Started detached, with a private folder, no secret in argv or environment, and not called started before
*this very process* refused a stranger.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.files import make_private_folder, write_private
from shim.network import describe_holder, join_host, listeners
from shim.probe.answer import Verdict
from shim.probe.resp import stranger
from shim.process import MARKER, Process, end, everything, look, spawn
from shim.store.directives import hardened, log_tail, render, users_file

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from shim.store.binary import Binary

CONFIG, USERS, LOG, DATA, PID = "server.conf", "users.acl", "server.log", "data", "server.pid"
_POLL = 0.02  # seconds between two looks at a server that is starting
_SOCKET = "s"  # a short name: a Unix socket's path has 107 bytes (unix(7))


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


class ServerDied(ShimError):  # noqa: N818 - what happened, as a caller asks for it
    """The server ended while it was starting; ``log`` is its log, for callers who can say more."""

    def __init__(self, what: str, *, fix: str, log: Path) -> None:
        super().__init__(what, fix=fix)
        self.log = log


def launch(spec: ServerSpec, *, timeout: float = 15) -> Process:
    """Start the server, detached, and wait until it refuses strangers.

    Args:
        spec: What to run.
        timeout: Seconds until it must answer.

    Raises:
        ServerDied: It ended; says why.
        ShimError: It runs already, is deaf, or lets strangers in. Nothing is left running.
    """
    folder = spec.folder.absolute()
    _refuse_second(folder)
    directives = _lay_out(spec, folder)
    child = _spawn(spec, folder, directives)
    process = look(child.pid) or Process(child.pid, start=0, session=child.pid)
    try:
        _await_refusal(spec, child, folder / LOG, timeout)
    except BaseException:
        halt(process, grace=2)
        child.wait(5)
        raise
    with warnings.catch_warnings():  # it is meant to outlive us
        warnings.simplefilter("ignore", ResourceWarning)
        del child
    return process


def check(spec: ServerSpec, *, timeout: float = 15) -> None:
    """Find out whether the server would accept this configuration, without touching anything of it.

    The binary is run for a moment in a temporary folder, on a Unix socket instead of the port: no server that
    we know has an option that only reads its configuration and ACL file.

    Raises:
        ShimError: It would not; or an address to listen on is none of this host's.
    """
    for address in spec.bind:
        _try_address(address.removeprefix("-"))
    root = None if len(tempfile.gettempdir()) < 80 else "/tmp"  # noqa: S108 - a fresh 0700 folder within
    with tempfile.TemporaryDirectory(prefix="shim-check-", dir=root) as place:
        folder = Path(place)
        trial = replace(spec, folder=folder, port=0)
        overrides = {"unixsocket": str(folder / _SOCKET), "unixsocketperm": "600", "dir": str(folder / DATA)}
        child = _spawn(trial, folder, _lay_out(trial, folder, overrides))
        process = look(child.pid)
        try:
            _await_greeting(trial, child, folder, timeout)
        finally:
            if process is not None:
                halt(process, grace=5)
            child.wait(5)


def halt(process: Process, *, grace: float = 10) -> None:
    """End a server: SIGTERM, on which it writes its data out, and after ``grace`` seconds SIGKILL.

    A process that is gone already is fine.

    Raises:
        ShimError: It lives on (it hangs in the kernel, on a dead disk for instance).
    """
    if end(lambda: _family(process), grace=grace):
        raise ShimError(
            f"The server (pid {process.pid}) does not end, not even by SIGKILL.",
            fix="Its disk or network mount may hang: see dmesg.",
        )


def running(folder: Path) -> Process | None:
    """Return the server that runs on this folder, or None."""
    folder = folder.absolute()
    try:
        process = look(int((folder / PID).read_text()))
        argv = Path(f"/proc/{process.pid}/cmdline").read_bytes() if process else b""
    except (OSError, ValueError):
        return None
    return process if os.fsencode(folder / CONFIG) in argv.split(b"\0") else None


def _refuse_second(folder: Path) -> None:
    if (process := running(folder)) is not None:
        raise ShimError(
            f"A server runs already on {folder} (pid {process.pid}).", fix="Stop it first: shim stop"
        )


def _lay_out(spec: ServerSpec, folder: Path, overrides: dict[str, str] | None = None) -> dict[str, str]:
    """Make the folder and write the files; return the directives."""
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
    return directives


def _spawn(spec: ServerSpec, folder: Path, directives: dict[str, str]) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", MARKER: spec.marker}
    mask = os.umask(0o077)  # what the server makes is ours alone; Redis has no directive for it
    try:
        return spawn(
            [str(spec.binary.path), str(folder / CONFIG)],
            env=environment,
            log=folder / LOG,
            cwd=Path(directives["dir"]),
        )
    finally:
        os.umask(mask)


def _await_refusal(spec: ServerSpec, child: subprocess.Popen[bytes], log: Path, timeout: float) -> None:
    """Wait until the process that we started holds the port and turns a stranger away."""
    address = _reachable(spec.bind[0].removeprefix("-"))
    detail = "it does not listen"
    for _ in _until(time.monotonic() + timeout):
        if child.poll() is not None:
            raise _died(spec, log)
        if not _holds(child.pid, spec.port):
            continue
        answer = stranger(address, spec.port, timeout=timeout)
        if answer.verdict is Verdict.REFUSED:
            return
        if answer.verdict is Verdict.OPEN:
            raise ShimError(
                f"The server on {join_host(address, spec.port)} does not refuse strangers: {answer.detail}.",
                fix="It was stopped. Please report this with the version of the server.",
            )
        detail = answer.detail
    raise ShimError(
        f"The server on {join_host(address, spec.port)} did not become ready in {timeout:.0f} seconds "
        f"({detail}): {log_tail(log)}",
        fix=f"See {log}. Is the machine overloaded? Try again.",
    )


def _await_greeting(spec: ServerSpec, child: subprocess.Popen[bytes], folder: Path, timeout: float) -> None:
    for _ in _until(time.monotonic() + timeout):
        if child.poll() is not None:
            raise _died(spec, folder / LOG)
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(timeout)
            wire.connect(str(folder / _SOCKET))
            wire.sendall(b"PING\r\n")
            if wire.recv(64):
                return
    raise ShimError(
        f"{spec.binary} did not try its configuration in {timeout:.0f} seconds: {log_tail(folder / LOG)}",
        fix="Is the machine overloaded? Try again.",
    )


def _until(deadline: float) -> Iterator[None]:
    """Yield now and then until the deadline, the first time at once."""
    while time.monotonic() < deadline:
        yield
        time.sleep(_POLL)


def _died(spec: ServerSpec, log: Path) -> ServerDied:
    said = log_tail(log)
    holders = [listener for listener in listeners() if spec.port and listener.port == spec.port]
    if holders and "in use" in said:
        return ServerDied(
            f"Port {spec.port} is in use by {describe_holder(holders[0])}.",
            fix="Stop that program, or choose another port.",
            log=log,
        )
    said = re.sub(r"Reading the configuration file, at line \d+ / ", "", said)
    return ServerDied(
        f"{spec.binary} did not start: {said}",
        fix=f"See {log}." if log.parent == spec.folder and spec.port else "Another server? --store embedded",
        log=log,
    )


def _holds(pid: int, port: int) -> bool:
    """Say whether that process holds a listening socket on that port."""
    wanted = {f"socket:[{listener.inode}]" for listener in listeners() if listener.port == port}
    try:
        return any(os.readlink(entry.path) in wanted for entry in os.scandir(f"/proc/{pid}/fd"))  # noqa: PTH115
    except OSError:
        return False


def _reachable(address: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1", "::*": "::1"}.get(address, address)  # noqa: S104


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


def _family(process: Process) -> list[Process]:
    """Return the server and its children (it forks to rewrite its append-only file), while they live."""
    if process.session != process.pid:
        return [process] if process.is_alive() else []
    return [found for _, _, found in everything() if found.session == process.session]
