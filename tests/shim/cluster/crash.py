"""Run ``shim`` commands that die at a chosen moment, and see what is left of them.

Nothing in shim helps with this: Python tells a hook of every change that a program makes to files and
processes (PEP 578), and the hook kills the program instead of letting it make the n-th. Each command runs in a
fork. The test itself runs in one too (`apart`), with ports and mounts of its own, which is the reaper of all that they
leave (prctl(2), PR_SET_CHILD_SUBREAPER): nothing that a start left can hide from `left`.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from shim import process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000  # linux/sched.h
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative: the signal), what it said, and the changes it made, in order."""

    code: int
    said: str
    changes: tuple[str, ...]


def apart(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test in a fork with ports and mounts of its own (root); it takes in all orphans, and ends what is left."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        failure, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            _run_apart(lambda: test(*arguments, **named), told)
        os.close(told)
        with os.fdopen(failure) as pipe:
            said = pipe.read()
        os.waitpid(pid, 0)
        if said:
            raise AssertionError(said)

    return run


def _run_apart(test: Callable[[], None], told: int) -> NoReturn:
    try:
        assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
        assert ctypes.CDLL(None).unshare(CLONE_NEWNET | CLONE_NEWNS) == 0
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        test()
    except BaseException:  # noqa: BLE001 - told to the test that forked
        os.write(told, traceback.format_exc().encode())
    finally:
        while left():
            for one in _descendants(os.getpid()):
                process.send(one, signal.SIGKILL)
            time.sleep(0.01)
        os._exit(0)


def shim(words: Sequence[str], folder: Path, before: Callable[[], object] = lambda: None) -> Ended:
    """Run ``shim WORDS...`` in a fork, in which ``before`` sets hooks or puts patches in place first."""
    pid = start(words, folder, before)
    return wait(pid, folder)


def start(words: Sequence[str], folder: Path, before: Callable[[], object] = lambda: None) -> int:
    """Begin ``shim WORDS...`` in a fork; return its pid."""
    pid = os.fork()
    if pid == 0:
        _be_shim(words, before, folder)
    return pid


def wait(pid: int, folder: Path) -> Ended:
    """Wait for what `start` began."""
    _, status = os.waitpid(pid, 0)
    said, changes = folder / f"{pid}.said", folder / f"{pid}.changes"
    made = changes.read_text().splitlines() if changes.exists() else []
    return Ended(os.waitstatus_to_exitcode(status), said.read_text() if said.exists() else "", tuple(made))


def _be_shim(words: Sequence[str], before: Callable[[], object], folder: Path) -> NoReturn:
    from shim.cli.main import run

    code = 99
    try:
        screen = os.open(folder / f"{os.getpid()}.said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(screen, 1)
        os.dup2(screen, 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))  # not pytest's
        before()
        run(list(words))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 98
    except BaseException:  # noqa: BLE001 - a fork must not go on as the test
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def on_change(folder: Path, act: Callable[[int], object]) -> Callable[[], None]:
    """Return a ``before`` that writes down every change, and calls ``act(number)`` ahead of each."""
    numbers, own = [0], [False]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if own[0]:
            return
        own[0] = True  # what the hook itself does is no change of the program's
        try:
            if _is_change(event, arguments):
                numbers[0] += 1
                with (folder / f"{os.getpid()}.changes").open("a") as file:
                    file.write(f"{event} {str(arguments[:2])[:200]}\n")
                act(numbers[0])
        finally:
            own[0] = False

    return lambda: sys.addaudithook(hook)


def _is_change(event: str, arguments: tuple[Any, ...]) -> bool:
    """Say whether that is about to change anything: not a folder that is there, nor a file that is not."""
    if event == "open":
        return isinstance(arguments[0], str) and bool(arguments[2] & WRITES) and arguments[0] != os.devnull
    if event == "os.mkdir":
        return not os.path.lexists(arguments[0])
    if event in ("os.rename", "os.remove"):
        return os.path.lexists(arguments[0])
    return event in ("os.link", "os.chmod", "subprocess.Popen")


def die_at(number: int) -> Callable[[int], None]:
    """Return an ``act`` that ends the program ahead of that change, as ``kill -9`` does."""
    return lambda now: os.kill(os.getpid(), signal.SIGKILL) if now == number else None


def left() -> list[str]:
    """Return what was started from here and still lives, as pid and argv; ended processes are reaped first."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return relatives(os.getpid())


def relatives(pid: int) -> list[str]:
    """Return every process that descends from ``pid``, as pid and argv."""
    return [f"{one.pid} {_argv(one.pid)}" for one in _descendants(pid)]


def _descendants(pid: int) -> list[process.Process]:
    table = [(parent, found) for parent, _, found in process.everything()]
    ours, fresh = {pid}, {pid}
    while fresh:
        fresh = {found.pid for parent, found in table if parent in ours} - ours
        ours |= fresh
    return [found for _, found in table if found.pid in ours and found.pid != pid]


def _argv(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
