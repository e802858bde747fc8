"""Linux namespaces (namespaces(7)): make one, enter one, see who lives in it, remove it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMED = Path("/run/netns")  # where iproute2 pins network namespaces
CLONE_FS, CLONE_NEWNS, CLONE_NEWUTS = 0x200, 0x20000, 0x4000000  # linux/sched.h
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
ALL = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNET
OURS = re.compile(r"shim-(\d+)-")

T = TypeVar("T")


def ip(*commands: str, within: str = "") -> None:
    """Carry out ``ip`` commands in one batch, in a namespace; the first that fails is an error."""
    where = ["-n", within] if within else []
    batch = "\n".join(commands) + "\n"
    done = subprocess.run(["ip", *where, "-batch", "-"], input=batch, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip -batch: {done.stderr.strip()}")


def _call(name: str, *arguments: int) -> None:
    """Call setns(2) or unshare(2), which Python itself offers from 3.12 on."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


@contextlib.contextmanager
def inside(name: str) -> Iterator[None]:
    """Let this thread (no other) open its sockets in the namespace; a socket stays where it was opened."""
    with Path("/proc/thread-self/ns/net").open("rb") as home, (NAMED / name).open("rb") as away:
        _call("setns", away.fileno(), CLONE_NEWNET)
        try:
            yield
        finally:
            _call("setns", home.fileno(), CLONE_NEWNET)


def make_and_do(name: str, work: Callable[[], T]) -> T:
    """Do ``work`` in a named network namespace and new mount, UTS and pid ones; what it forks is pid 1."""

    def enter() -> None:
        with (NAMED / name).open("rb") as network:
            _call("setns", network.fileno(), CLONE_NEWNET)
        _call("unshare", CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID)

    return _elsewhere(enter, work)


def enter_and_do(pid: int, work: Callable[[], T]) -> T:
    """Do ``work`` in all namespaces of a process; what it forks lives there, and is still our child."""

    def enter() -> None:
        handle, root = os.pidfd_open(pid), os.open(f"/proc/{pid}/root", os.O_PATH | os.O_CLOEXEC)
        try:
            _call("setns", handle, ALL)
            os.fchdir(root)
            os.chroot(".")  # setns leaves a chroot; where the tests run in one, the host stays in it
        finally:
            os.close(handle)
            os.close(root)

    return _elsewhere(enter, work)


def _elsewhere(enter: Callable[[], None], work: Callable[[], T]) -> T:
    """Enter and work in a thread that ends afterwards: namespaces belong to threads, without CLONE_FS."""

    def both() -> T:
        _call("unshare", CLONE_FS)
        enter()
        return work()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(both).result()


def pids(name: str) -> list[int]:
    """Return the processes that live in the network namespace, never our own."""
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
        time.sleep(0.01)


def remove(name: str) -> None:
    """Remove the namespace, its processes and links; gone already is fine."""
    kill_all(name)
    if (NAMED / name).exists():
        ip("netns del " + name)


def remove_stale(folders: Path) -> None:
    """Remove what runs that were killed left: namespaces and folders named after pids that live no more."""
    for parent in (NAMED, folders):
        for entry in parent.glob("shim-*-*") if parent.exists() else ():
            match = OURS.match(entry.name)
            if not match or Path("/proc", match[1]).exists():
                continue
            if parent == NAMED:
                remove(entry.name)
            else:
                shutil.rmtree(entry, ignore_errors=True)
