"""A host on which one Ray release runs: on this machine's files, or in a Debian of its own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.hosts.lab import Host
    from tests.releases.install import Installed

LOOK = Path(__file__).with_name("look.py").read_text()
MAIN = "from ray.scripts.scripts import main; main()"  # what the program `ray` does
GCS = 6379
SMALL = ("--num-cpus=1", "--object-store-memory=100000000")
PATIENCE = {"RAY_raylet_start_wait_time_s": "150"}
MOUNTS = """
mount --rbind /dev "$0/dev"
mount --rbind /sys "$0/sys"
mount -t proc proc "$0/proc"
mount -t tmpfs tmpfs "$0/tmp"
mkdir "$0/tmp/ray"
mount --bind /tmp/ray "$0/tmp/ray"
mount --bind /etc/hosts "$0/etc/hosts"
mount --bind /etc/resolv.conf "$0/etc/resolv.conf"
mount --bind "$1" "$0/root"
mount --bind "$2" "$0/opt/ray"
"""  # all of it on this host only: a host has mounts of its own


@dataclass(frozen=True)
class Machine:
    """A release on a host.

    Attributes:
        host: The host.
        installed: The release.
        said: What ``ray start`` printed.
    """

    host: Host
    installed: Installed
    said: list[str] = field(default_factory=list, repr=False)

    def prepare(self) -> Machine:
        """Mount what the release's Debian needs; return the machine."""
        if self.installed.root:
            folders = (self.installed.root, self.host.home, self.installed.packages)
            self.host.run(["sh", "-ec", MOUNTS, *folders])
        return self

    @property
    def address(self) -> str:
        """The address of the cluster, as drivers are given it."""
        return f"{self.host.address}:{GCS}"

    @property
    def token_file(self) -> Path:
        """Where this release looks for a token."""
        return self.host.home / ".ray/auth_token"

    def popen(self, words: Sequence[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[Any]:
        """Start the release's Python."""
        root, packages = self.installed.root, str(self.installed.packages)
        inside = ["chroot", str(root)] if root else []
        own = {"HOME": "/root", "PYTHONPATH": "/opt/ray"} if root else {"PYTHONPATH": packages}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        argv = [*inside, self.installed.python, *words]
        return self.host.popen(argv, env={**PATIENCE, **own, **(env or {})}, text=True, errors="replace", **pipes)

    def run(
        self, words: Sequence[str], env: Mapping[str, str] | None = None, timeout: float = 180
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; exit code -9 and what it said so far when that takes too long."""
        child = self.popen(words, env)
        try:
            said, _ = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            said, _ = child.communicate()
        return subprocess.CompletedProcess(list(words), child.returncode, said, "")

    def ray(
        self, *words: str, env: Mapping[str, str] | None = None, timeout: float = 180
    ) -> subprocess.CompletedProcess[str]:
        """Run ``ray WORDS...``; what it says, errors too, is its ``stdout``."""
        return self.run(["-c", MAIN, *words], env, timeout)

    def start_head(self, *more: str, env: Mapping[str, str] | None = None) -> None:
        """Start a small head; ``more`` are further options."""
        done = self.ray("start", "--head", f"--port={GCS}", *SMALL, *more, env=env)
        assert done.returncode == 0, done.stdout
        self.said.append(done.stdout)

    def look(self, *words: str, env: Mapping[str, str] | None = None, timeout: float = 180) -> list[dict[str, Any]]:
        """Run ``look.py`` and return its answers, as far as it came in time."""
        said = self.run(["-c", LOOK, *words], env, timeout).stdout
        found = [json.loads(line.partition("LOOK ")[2]) for line in said.splitlines() if line.startswith("LOOK ")]
        assert found or timeout < 180, said
        return found
