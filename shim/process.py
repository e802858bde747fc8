"""The only place that runs programs, looks at processes and ends them.

A process is named by its pid *and* its start time, because pids are used again; a daemon's whole family
by its session id, because Ray's agents rewrite their argv and environment but keep the session
(measured on Ray 2.60), and by an environment variable for the few that leave it (job drivers).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from shim.errors import ShimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Child: TypeAlias = subprocess.Popen[bytes]
"""A program that was started here and can be waited for."""

TimeoutExpired = subprocess.TimeoutExpired

MARKER = "SHIM_CLUSTER"
"""Environment variable that every process of a cluster inherits: the cluster's state folder."""


@dataclass(frozen=True)
class Process:
    """One process of this boot: ``start`` is in clock ticks since boot (field 22 of /proc/PID/stat)."""

    pid: int
    start: int
    session: int

    def is_alive(self) -> bool:
        """Say whether this very process, and not a later one of the same pid, still runs."""
        now = look(self.pid)
        return now is not None and now.start == self.start


@dataclass(frozen=True)
class Finished:
    """What a program left: its exit code and its output as text."""

    code: int
    output: str
    errors: str


def look(pid: int) -> Process | None:
    """Return the process of that pid, or None when there is none (a zombie counts as none)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    return Process(pid, start=int(fields[19]), session=int(fields[3]))


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 60,
    cwd: Path | None = None,
) -> Finished:
    """Run a program to its end and return what it said.

    Args:
        command: Program and arguments; no shell, and no secret in it.
        env: The whole environment (default: ours).
        stdin: Text for its standard input (default: none).
        timeout: Seconds before it is killed.
        cwd: Its working folder.

    Raises:
        ShimError: It does not exist, cannot be executed, or did not end in time.
    """
    try:
        done = subprocess.run(
            list(command),
            env=None if env is None else dict(env),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            cwd=cwd,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ShimError(
            f"{command[0]} did not end within {timeout:.0f} seconds.",
            fix="Is the machine overloaded? Try again.",
        ) from error
    except OSError as error:
        raise ShimError(
            f"{command[0]} cannot be run: {error.strerror}.",
            fix=f"Check that {command[0]} exists and may be executed.",
        ) from error
    return Finished(done.returncode, done.stdout, done.stderr)


def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    stdin: bytes | None = b"",
    new_session: bool = True,
    cwd: Path | None = None,
) -> Child:
    """Start a program that outlives us: own session, output to ``log`` (0600), secrets only through ``stdin``.

    With ``stdin=None`` it stays open, for `tell`.

    Raises:
        ShimError: It does not exist or cannot be executed, or the log cannot be written.
    """
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)  # one that was there may be looser
    except OSError as error:
        raise ShimError(
            f"{log} cannot be written: {error.strerror}.", fix=f"Move it away, or check its rights: ls -l {log}"
        ) from error
    try:
        child = subprocess.Popen(
            list(command),
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=new_session,
            cwd=cwd,
        )
    except OSError as error:
        raise ShimError(
            f"{command[0]} cannot be run: {error.strerror}.",
            fix=f"Check that {command[0]} exists and may be executed.",
        ) from error
    finally:
        os.close(descriptor)
    if stdin is not None:
        tell(child, stdin)
    return child


def tell(child: Child, stdin: bytes) -> None:
    """Write all that a spawned program gets on its standard input, and close that."""
    assert child.stdin is not None  # noqa: S101 - spawn asked for a pipe
    with contextlib.suppress(BrokenPipeError):  # it died already; whoever waits for its health will say why
        child.stdin.write(stdin)
        child.stdin.close()


def become(program: Path, words: Sequence[str], env: Mapping[str, str], *, fix: str) -> NoReturn:
    """Replace this process by a program: same pid, terminal, signals and open files; nothing of ours is left.

    Args:
        program: The file to run.
        words: Its argv, the first one being its name.
        env: The whole environment.
        fix: What to do when it cannot be run.

    Raises:
        ShimError: It cannot be run.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(program, list(words), dict(env))  # noqa: S606 - no shell
    except OSError as error:
        raise ShimError(f"{program} cannot be run: {error.strerror}.", fix=fix) from error


def everything() -> Iterator[tuple[int, int, Process]]:
    """Yield ``(parent pid, uid, process)`` for every live process that we can see."""
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            uid = entry.stat().st_uid
            text = Path(entry.path, "stat").read_text(errors="replace")
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            yield int(fields[1]), uid, Process(int(entry.name), start=int(fields[19]), session=int(fields[3]))


def family(sessions: Iterable[int], marker: str) -> list[Process]:
    """Return every live process of ours in ``sessions``, marked with ``marker``, or descended from either.

    Job drivers leave the session (``start_new_session`` in Ray's job supervisor), so descent and the
    inherited environment variable `MARKER` find what the session id does not.
    """
    me, own = os.getpid(), os.geteuid()
    wanted, table = set(sessions), list(everything())
    found: dict[int, Process] = {}
    for _, uid, process in table:
        if uid == own and process.pid != me and (process.session in wanted or _is_marked(process.pid, marker)):
            found[process.pid] = process
    grew = True
    while grew:
        grew = False
        for parent, uid, process in table:
            if parent in found and process.pid not in found and uid == own and process.pid != me:
                found[process.pid] = process
                grew = True
    return sorted(found.values(), key=lambda process: process.start)


def _is_marked(pid: int, marker: str) -> bool:
    try:
        return f"{MARKER}={marker}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def end(find: Callable[[], list[Process]], *, grace: float) -> list[Process]:
    """End what ``find`` names: SIGTERM, up to ``grace`` seconds, SIGKILL; return what still lives (nothing, usually).

    ``find`` is asked again at every step, because dying families start new children.
    """
    asked: set[Process] = set()
    deadline = time.monotonic() + grace
    while living := find():
        firm = time.monotonic() > deadline
        if time.monotonic() > deadline + 10:
            return living
        for process in living:
            if firm or process not in asked:
                asked.add(process)
                send(process, signal.SIGKILL if firm else signal.SIGTERM)
        time.sleep(0.05)
    return []


def send(process: Process, number: signal.Signals) -> None:
    """Send a signal to this very process; nothing happens when it is gone or its pid was used again."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return
    try:
        if process.is_alive():
            signal.pidfd_send_signal(handle, number)
    except OSError:
        pass
    finally:
        os.close(handle)
