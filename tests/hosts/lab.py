"""Hosts on one network, on one machine: each is a set of namespaces with a name, address and home of its own.

The bridge that joins them lives in a namespace too: in the machine's main one Docker's forwarding rules would
swallow the traffic. Nothing leaves: there is a default route (Ray asks it for its own address), but it ends
at the bridge. Needs root; what it makes is named ``shim-<pid>-...`` and removed at the end. After a
``kill -9`` of the tests the hosts die at once, and the next network that starts clears the rest away.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hosts import init, namespace
from tests.hosts.host import Host, stranger_uid

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Host", "Network", "stranger_uid"]
FOLDERS = Path(tempfile.gettempdir())
RAY_FOLDER = Path("/tmp/ray")  # where Ray keeps its sessions: each host sees one of its own there
SERIAL = itertools.count()


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
        self.folder = FOLDERS / self._name
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

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def _make(self) -> None:
        self.folder.mkdir(mode=0o711)
        self._tell_names()
        (self.folder / "resolv.conf").touch()  # empty: unknown names fail at once
        with contextlib.suppress(FileExistsError):
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
        address, address6 = f"{self.subnet}.{number}", f"fd77::{number:x}"
        space, link, home = f"{self._name}-{name}", f"to-{number}", self.folder / name
        home.mkdir(mode=0o700)
        namespace.ip("netns add " + space)
        namespace.ip(
            f"link add eth0 type veth peer name {link} netns {self._bridge}",
            "link set lo up",
            f"address add {address}/24 dev eth0",
            f"address add {address6}/64 dev eth0 nodad",
            "link set eth0 up",
            f"route add default via {self.subnet}.1",
            within=space,
        )
        namespace.ip(f"link set {link} master br0 up", within=self._bridge)
        first = self._boot(name, space)
        self.hosts[name] = Host(name, address, address6, space, home, self._bridge, link, first)
        self._tell_names()
        return self.hosts[name]

    def _boot(self, name: str, space: str) -> subprocess.Popen[bytes]:
        """Start pid 1 of a host, with files of its own where every host has the same."""
        ray, boot = self.folder / f"{name}-ray", self.folder / f"{name}-boot"
        ray.mkdir()
        ray.chmod(0o1777)
        boot.write_text(f"{uuid.uuid4()}\n")
        files = {
            ray: RAY_FOLDER,
            boot: "/proc/sys/kernel/random/boot_id",
            self.folder / "hosts": "/etc/hosts",
            self.folder / "resolv.conf": "/etc/resolv.conf",
        }
        command = [sys.executable, "-I", "-S", init.__file__, name]
        command += [str(path) for pair in files.items() for path in pair]
        pipe = subprocess.PIPE
        first = namespace.make_and_do(space, lambda: subprocess.Popen(command, stdin=pipe, stdout=pipe))
        assert first.stdout
        if first.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the host {name} did not start: see stderr")
        return first

    def _tell_names(self) -> None:
        """Let every host know the others by name; in place, so that running programs see it too."""
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        lines += [f"{host.address} {host.name}" for host in self.hosts.values()]
        (self.folder / "hosts").write_text("\n".join(lines) + "\n")

    def close(self) -> None:
        """End every host with all its processes and files; twice is fine."""
        for host in self.hosts.values():
            host.turn_off()
        for left in namespace.NAMED.glob(f"{self._name}-*"):  # the bridge, and a host that did not start
            namespace.remove(left.name)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._made_ray_folder:
            with contextlib.suppress(OSError):
                RAY_FOLDER.rmdir()  # stays when somebody else's Ray uses it by now
            self._made_ray_folder = False
