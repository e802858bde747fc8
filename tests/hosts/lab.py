"""Hosts on one network, on one machine: each is a network namespace with a name, address and home of its own.

The bridge that joins them lives in a namespace too: in the machine's main one Docker's forwarding rules would
swallow the traffic. Nothing leaves: there is a default route (Ray asks it for its own address), but it ends
at the bridge. Needs root; what it makes is named ``shim-<pid>-...`` and removed at the end, or, after a
``kill -9``, by the next one that starts.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.hosts import namespace
from tests.hosts.capture import Capture

FOLDERS = Path(tempfile.gettempdir())
RAY_FOLDER = Path("/tmp/ray")  # where Ray keeps its sessions: each host sees one of its own there
SERIAL = itertools.count()
# Runs as root in the host's network namespace and in a mount namespace (both by `ip netns exec`): gives the
# host its own name and Ray folder, then becomes the program.
ENTER = 'hostname "$1" && mount --bind "$2" "$3" && cd "$4" && shift 4 && exec "$@"'


def stranger_uid() -> int:
    """Return a uid that no account of this machine has."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(61000, 61184) if uid not in taken)


@dataclass(frozen=True)
class Host:
    """One host; others reach it as ``name`` and as ``address`` (IPv4) or ``address6``."""

    name: str
    address: str
    address6: str
    namespace: str
    home: Path
    _bridge: str
    _link: str
    _children: list[subprocess.Popen[Any]] = field(default_factory=list, repr=False)

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
            timeout: Seconds.
            check: Fail the test, showing what the program said, when it does not exit with 0.
            stdin: Text for its standard input.
        """
        done = subprocess.run(
            self._command(argv, uid),
            env=self.environment(env, uid),
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            start_new_session=True,
        )
        if check and done.returncode:
            said = f"--- stdout\n{done.stdout}--- stderr\n{done.stderr}"
            raise AssertionError(f"{argv[0]} on {self.name} exited with {done.returncode}\n{said}")
        return done

    def popen(
        self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, uid: int = 0, **more: Any
    ) -> subprocess.Popen[Any]:
        """Start a program in a session of its own; it is killed with the network. ``more`` is Popen's."""
        child = subprocess.Popen(
            self._command(argv, uid), env=self.environment(env, uid), **{"start_new_session": True, **more}
        )
        self._children.append(child)
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

    def _command(self, argv: Sequence[str | Path], uid: int) -> list[str]:
        user = [] if uid == 0 else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]
        own = [self.name, str(_ray_folder(self.home)), str(RAY_FOLDER), str(self.home_of(uid))]
        enter = [
            "ip",
            "netns",
            "exec",
            self.namespace,
            "unshare",
            "--uts",
            "--",
            "sh",
            "-c",
            ENTER,
            "sh",
            *own,
        ]
        return [*enter, *user, *map(str, argv)]

    def pids(self) -> list[int]:
        """Return every process that runs on this host."""
        return namespace.pids(self.namespace)

    def inside(self) -> AbstractContextManager[None]:
        """Let this thread of the test open its sockets on this host."""
        return namespace.inside(self.namespace)

    def capture(self) -> Capture:
        """Record everything that passes this host's links: ``with host.capture() as packets``."""
        return Capture(self.namespace)

    def cut(self) -> None:
        """Pull the cable: packets vanish, both ways."""
        namespace.ip(f"link set {self._link} down", within=self._bridge)

    def mend(self) -> None:
        """Plug the cable in again."""
        namespace.ip(f"link set {self._link} up", within=self._bridge)


def _ray_folder(home: Path) -> Path:
    return home.with_name(f"{home.name}-ray")


class Network:
    """A network to put hosts on; everything ends with the ``with`` block.

    Args:
        subnet: The first three numbers of the hosts' IPv4 addresses. The default is private (RFC 1918);
            name a public one where shim treats it differently (nothing leaves the machine either way).
    """

    def __init__(self, subnet: str = "10.77.0") -> None:
        self.subnet = subnet
        self.hosts: dict[str, Host] = {}
        self._name = f"shim-{os.getpid()}-{next(SERIAL)}"
        self._bridge = f"{self._name}-bridge"
        self._made_ray_folder = False

    def __enter__(self) -> Network:
        if os.geteuid() != 0:
            raise PermissionError("network namespaces need root")
        namespace.remove_stale(FOLDERS)
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def _make(self) -> None:
        self.folder = FOLDERS / self._name
        self.folder.mkdir(mode=0o711)
        if not RAY_FOLDER.exists():
            RAY_FOLDER.mkdir()
            self._made_ray_folder = True
        namespace.ip("netns add " + self._bridge)
        namespace.ip(
            "link set lo up",
            "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            f"address add {self.subnet}.1/24 dev br0",
            "address add fd77::1/64 dev br0 nodad",
            "link set br0 up",
            within=self._bridge,
        )

    def host(self, name: str) -> Host:
        """Put one more host on the network (a short name in small letters); ready when this returns."""
        number = len(self.hosts) + 2
        host = Host(
            name=name,
            address=f"{self.subnet}.{number}",
            address6=f"fd77::{number:x}",
            namespace=f"{self._name}-{name}",
            home=self.folder / name,
            _bridge=self._bridge,
            _link=f"to-{number}",
        )
        host.home.mkdir(mode=0o700)
        _ray_folder(host.home).mkdir()
        _ray_folder(host.home).chmod(0o1777)
        self.hosts[name] = host
        namespace.ip("netns add " + host.namespace)
        namespace.ip(
            f"link add eth0 type veth peer name {host._link} netns {self._bridge}",
            "link set lo up",
            f"address add {host.address}/24 dev eth0",
            f"address add {host.address6}/64 dev eth0 nodad",
            "link set eth0 up",
            f"route add default via {self.subnet}.1",
            within=host.namespace,
        )
        namespace.ip(f"link set {host._link} master br0 up", within=self._bridge)
        self._tell_names()
        return host

    def _tell_names(self) -> None:
        """Let every host know the others by name; in place, so that running programs see it too."""
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        lines += [f"{host.address} {host.name}" for host in self.hosts.values()]
        for host in self.hosts.values():
            folder = namespace.FILES / host.namespace
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "hosts").write_text("\n".join(lines) + "\n")
            (folder / "resolv.conf").write_text("")  # unknown names fail at once

    def close(self) -> None:
        """End every host with all its processes and files; twice is fine."""
        for host in self.hosts.values():
            namespace.remove(host.namespace)
            for child in host._children:
                child.wait()
        namespace.remove(self._bridge)
        shutil.rmtree(FOLDERS / self._name, ignore_errors=True)
        if self._made_ray_folder:
            with contextlib.suppress(OSError):
                RAY_FOLDER.rmdir()  # stays when somebody else's Ray uses it by now
