"""One host: run programs on it, pull its cable, listen in."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hosts import namespace
from tests.hosts.capture import Capture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager


def stranger_uid() -> int:
    """Return a uid that no account of this machine has."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(61000, 61184) if uid not in taken)


@dataclass(frozen=True)
class Host:
    """One host of a `Network`; others reach it as ``name`` and as ``address`` (IPv4) or ``address6``.

    It has processes, a boot id, a home and a ``/tmp/ray`` of its own. Pids that programs *on* the host print
    are the host's; those seen from outside (``Popen.pid``, `pids`) are this machine's: see `pid_outside`.
    """

    name: str
    address: str
    address6: str
    namespace: str
    home: Path
    bridge: str
    link: str
    init: subprocess.Popen[bytes] = field(repr=False)
    children: list[subprocess.Popen[Any]] = field(default_factory=list, repr=False)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        uid: int = 0,
        timeout: float = 60,
        check: bool = True,
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end on this host.

        Args:
            argv: Program and arguments.
            env: Added to the host's environment, which holds nothing of the tests' own (see `environment`).
            uid: Run as that user, with a home of its own.
            timeout: Seconds, after which it is killed and ``subprocess.TimeoutExpired`` raised.
            check: Fail the test, showing what the program said, when it does not exit with 0.
            stdin: Text for its standard input.
        """
        pipe = subprocess.PIPE
        child = self.popen(argv, env=env, uid=uid, stdin=pipe, stdout=pipe, stderr=pipe, text=True, errors="replace")
        try:
            output, errors = child.communicate(stdin, timeout)
        except BaseException:
            child.kill()
            raise
        if check and child.returncode:
            said = f"--- stdout\n{output}--- stderr\n{errors}"
            raise AssertionError(f"{argv[0]} on {self.name} exited with {child.returncode}\n{said}")
        return subprocess.CompletedProcess(list(argv), child.returncode, output, errors)

    def popen(
        self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, uid: int = 0, **more: Any
    ) -> subprocess.Popen[Any]:
        """Start a program in a session of its own; it ends with the network. ``more`` is Popen's."""
        settings = {"start_new_session": True, "cwd": self.home_of(uid), **more}
        if uid:
            settings |= {"user": uid, "group": uid, "extra_groups": []}
        child: subprocess.Popen[Any] = namespace.enter_and_do(
            self.init.pid, lambda: subprocess.Popen(list(argv), env=self.environment(env, uid), **settings)
        )
        self.children.append(child)
        return child

    def environment(self, more: Mapping[str, str] | None = None, uid: int = 0) -> dict[str, str]:
        """Return the environment of this host's programs; no RAY_* or SHIM_* comes in from outside."""
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(self.home_of(uid)),
            "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anyone from a test
            **(more or {}),
        }

    def home_of(self, uid: int) -> Path:
        """Return that user's home on this host, made when it is first asked for (mode 0700)."""
        if uid == 0:
            return self.home
        home = self.home.with_name(f"{self.home.name}-{uid}")
        if not home.exists():
            home.mkdir(mode=0o700)
            os.chown(home, uid, uid)
        return home

    def pids(self) -> list[int]:
        """Return every process that runs on this host, without its pid 1, as this machine numbers them."""
        return [pid for pid in namespace.pids(self.namespace) if pid != self.init.pid]

    def pid_outside(self, pid: int) -> int:
        """Return this machine's number for a process that has ``pid`` on the host."""
        for candidate in self.pids():
            status = Path(f"/proc/{candidate}/status").read_text()
            if status.partition("\nNSpid:")[2].partition("\n")[0].split()[-1] == str(pid):
                return candidate
        raise ProcessLookupError(f"no process {pid} on {self.name}")

    def inside(self) -> AbstractContextManager[None]:
        """Let this thread of the test open its sockets on this host."""
        return namespace.inside(self.namespace)

    def capture(self) -> Capture:
        """Record everything that passes this host's links: ``with host.capture() as packets``."""
        return Capture(self.namespace)

    def cut(self) -> None:
        """Pull the cable: packets vanish, both ways."""
        namespace.ip(f"link set {self.link} down", within=self.bridge)

    def mend(self) -> None:
        """Plug the cable in again."""
        namespace.ip(f"link set {self.link} up", within=self.bridge)

    def turn_off(self) -> None:
        """Pull the plug: every process is killed at once, and the namespace goes. Twice is fine."""
        self.init.kill()
        for child in (*self.children, self.init):  # pid 1 ends last: it waits until ours are reaped
            child.wait()
            for stream in (child.stdin, child.stdout, child.stderr):
                if stream:
                    stream.close()
        namespace.remove(self.namespace)
