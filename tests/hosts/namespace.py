"""Linux network namespaces by name: enter one, see who lives in it, remove it and what it left."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

NAMED = Path("/run/netns")  # where iproute2 pins namespaces
FILES = Path("/etc/netns")  # `ip netns exec NAME` shows FILES/NAME/* as /etc/* (ip-netns(8))
CLONE_NEWNET = 0x40000000
OURS = re.compile(r"shim-(\d+)-")


def ip(*commands: str, within: str = "") -> None:
    """Carry out ``ip`` commands in one batch, in a namespace; the first that fails is an error."""
    where = ["-n", within] if within else []
    batch = "\n".join(commands) + "\n"
    done = subprocess.run(["ip", *where, "-batch", "-"], input=batch, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip -batch: {done.stderr.strip()}")


@contextlib.contextmanager
def inside(name: str) -> Iterator[None]:
    """Let this thread (no other) open its sockets in the namespace; a socket stays where it was opened."""
    with open("/proc/thread-self/ns/net", "rb") as home, (NAMED / name).open("rb") as away:  # noqa: PTH123
        _enter(away.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(descriptor: int) -> None:
    """Call setns(2) (os.setns came with Python 3.12)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def pids(name: str) -> list[int]:
    """Return the processes that live in the namespace, never our own."""
    try:
        wanted = (NAMED / name).stat().st_ino
    except FileNotFoundError:
        return []
    everyone = (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())
    return [pid for pid in everyone if pid != os.getpid() and _lives_in(pid, wanted)]


def _lives_in(pid: int, inode: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino == inode  # noqa: PTH116 - a hot loop
    except OSError:
        return False


def kill_all(name: str, *, within: float = 10) -> None:
    """Kill what lives in the namespace, by pid handle, until nothing does (``within`` seconds)."""
    deadline = time.monotonic() + within
    while living := pids(name):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name}: {living} cannot be killed")
        inode = (NAMED / name).stat().st_ino
        for pid in living:
            with contextlib.suppress(OSError):
                handle = os.pidfd_open(pid)
                try:
                    if _lives_in(pid, inode):  # the handle is of this process, and not of a later one
                        signal.pidfd_send_signal(handle, signal.SIGKILL)
                finally:
                    os.close(handle)
        time.sleep(0.02)


def remove(name: str) -> None:
    """Remove the namespace, its processes, links and files; gone already is fine."""
    kill_all(name)
    if (NAMED / name).exists():
        ip("netns del " + name)
    shutil.rmtree(FILES / name, ignore_errors=True)
    with contextlib.suppress(OSError):
        FILES.rmdir()  # only if nobody else has files there


def remove_stale(folders: Path) -> None:
    """Remove what runs that were killed left: namespaces and folders named after pids that live no more."""
    for parent in (NAMED, FILES, folders):
        for entry in parent.glob("shim-*-*") if parent.exists() else ():
            match = OURS.match(entry.name)
            if not match or Path("/proc", match[1]).exists():
                continue
            if parent == folders:
                shutil.rmtree(entry, ignore_errors=True)
            else:
                remove(entry.name)
