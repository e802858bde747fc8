"""One Redis-compatible server process of ours, whatever its job: control store or join service.

Started detached, with a private folder, no secret in argv or environment, and not called started before
*this very process* refused a stranger.
"""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.network import describe_holder, join_host, listeners
from shim.probe.answer import Verdict
from shim.probe.resp import stranger
from shim.process import Process, end, everything, look
from shim.store.directives import log_tail
from shim.store.spec import CONFIG, DATA, LOG, PID, USERS, ServerSpec, lay_out, spawn_server
from shim.store.trial import check

if TYPE_CHECKING:
    import subprocess

__all__ = (
    "CONFIG",
    "DATA",
    "LOG",
    "PID",
    "USERS",
    "ServerDied",
    "ServerSpec",
    "check",
    "halt",
    "launch",
    "running",
)

_POLL = 0.01  # seconds between two looks at a server that is starting
_ANY = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1", "::*": "::1"}  # noqa: S104 - not bound: reached


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
    if (other := running(spec.folder)) is not None:
        raise ShimError(f"A server runs already on {spec.folder} (pid {other.pid}).", fix="Stop it first: shim stop")
    child = spawn_server(spec, lay_out(spec))
    process = look(child.pid) or Process(child.pid, start=0, session=child.pid)
    try:
        _await_refusal(spec, child, timeout)
    except BaseException:
        halt(process, grace=2)
        child.wait(5)
        raise
    with warnings.catch_warnings():  # "subprocess is still running": it is meant to outlive us
        warnings.simplefilter("ignore", ResourceWarning)
        del child
    return process


def halt(process: Process, *, grace: float = 10) -> None:
    """End a server and its children (it forks to rewrite its append-only file).

    SIGTERM, on which it writes its data out, and after ``grace`` seconds SIGKILL. One that is gone already
    is fine: nothing is ended then, since its number may be another's by now.

    Raises:
        ShimError: It lives on (it hangs in the kernel, on a dead disk for instance).
    """
    family = [found for _, _, found in everything() if found.session == process.pid] or [process]
    if not process.is_alive():
        return
    if end(lambda: [member for member in family if member.is_alive()], grace=grace):
        raise ShimError(
            f"The server (pid {process.pid}) does not end, not even by SIGKILL.",
            fix="Its disk or network mount may hang: see dmesg.",
        )


def running(folder: Path) -> Process | None:
    """Return the server that runs on this folder, or None."""
    folder = folder.absolute()
    try:
        process = look(int((folder / PID).read_text()))
        if process is None:
            return None
        argv = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")
        cwd = Path(f"/proc/{process.pid}/cwd").readlink()
    except (OSError, ValueError):
        return None
    ours = os.fsencode(folder / CONFIG) in argv or cwd == folder.resolve() / DATA  # 6.0 overwrites its argv
    return process if ours else None


def _await_refusal(spec: ServerSpec, child: subprocess.Popen[bytes], timeout: float) -> None:
    """Wait until the process that we started holds the port and turns a stranger away."""
    first = spec.bind[0].removeprefix("-")
    host, detail, deadline = _ANY.get(first, first), "it does not listen", time.monotonic() + timeout
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise _died(spec)
        if _holds(child.pid, spec.port):
            answer = stranger(host, spec.port, timeout=timeout)
            if answer.verdict is Verdict.REFUSED:
                return
            if answer.verdict is Verdict.OPEN:
                raise ShimError(
                    f"The server on {join_host(host, spec.port)} does not refuse strangers: {answer.detail}.",
                    fix=f"It was stopped. Please report this, with {spec.binary}.",
                )
            detail = answer.detail
        time.sleep(_POLL)
    log = spec.folder / LOG
    raise ShimError(
        f"The server on {join_host(host, spec.port)} was not ready in {timeout:.0f} seconds "
        f"({detail}): {log_tail(log)}.",
        fix=f"See {log}. Is the machine overloaded? Try again.",
    )


def _died(spec: ServerSpec) -> ServerDied:
    log = spec.folder / LOG
    said = log_tail(log)
    holders = [listener for listener in listeners() if listener.port == spec.port]
    if holders and "in use" in said:
        what = f"Port {spec.port} is in use by {describe_holder(holders[0])}."
        return ServerDied(what, fix="Stop that program, or choose another port.", log=log)
    return ServerDied(f"{spec.binary} did not start: {said}.", fix=f"See {log}.", log=log)


def _holds(pid: int, port: int) -> bool:
    """Say whether that process holds a listening socket on that port."""
    wanted = {f"socket:[{listener.inode}]" for listener in listeners() if listener.port == port}
    try:
        return any(os.readlink(entry.path) in wanted for entry in os.scandir(f"/proc/{pid}/fd"))  # noqa: PTH115
    except OSError:
        return False
