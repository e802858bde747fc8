"""Clusters to test on: hosts on which shim is a command, and what it and Ray said there."""

from __future__ import annotations

import json
import os
import sys
import textwrap
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from tests.e2e.local_user import Sight
    from tests.hosts.lab import Host, Network

SMALL = ("--num-cpus=1", "--object-store-memory=100000000")
"""Options that keep a node small: the tests share two cores."""

TOKEN_MODE = {"RAY_AUTH_MODE": "token"}

CLIENT_CRASHES = ("Starting Ray client server failed", "psutil.ZombieProcess")
"""What Ray Client says when the server that it forks for a driver crashes at once, about one time in ten, tokens or
not: gRPC does not survive a fork under load (ray#63202, open; seen here on 2.60 as SIGSEGV)."""

GCS, JOIN, DASHBOARD, CLIENT, AGENT = 6379, 6389, 8265, 10001, 52365
"""Ports of a head that was started with ``--port=6379`` and nothing else about ports."""


@dataclass(frozen=True)
class Node:
    """A host on which shim runs, as root, with a home and a ``/tmp/ray`` of its own.

    Attributes:
        host: The host itself.
        program: The ``shim`` that runs there.
        sessions: Ray's ``/tmp/ray`` of this host, as this machine sees it.
        said: Everything that programs of this node printed, in order.
    """

    host: Host
    program: Path
    sessions: Path
    said: list[str] = field(default_factory=list, repr=False)

    @property
    def address(self) -> str:
        """Where other hosts reach this one."""
        return self.host.address

    @property
    def gcs(self) -> str:
        """The address that workers and drivers of a head here are given."""
        return f"{self.host.address}:{GCS}"

    @property
    def token_file(self) -> Path:
        """Where Ray and shim keep a token by default."""
        return self.host.home / ".ray" / "auth_token"

    def folder(self, role: str = "head", name: str = "default") -> Path:
        """Return the state folder of a node that shim started here."""
        [folder] = (self.host.home / ".local/state/shim").glob(f"*/{name}/{role}")
        return folder

    def run(
        self,
        *argv: str | Path,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        check: bool = True,
        timeout: float = 240,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; what it says is kept in `said`, and shown when it fails."""
        done = self.host.run(argv, env=env, stdin=stdin, check=False, timeout=timeout)
        self.said.extend((done.stdout, done.stderr))
        if check and done.returncode:
            shown = f"--- stdout\n{done.stdout}--- stderr\n{done.stderr}"
            raise AssertionError(f"{argv[:3]} on {self.host.name} exited with {done.returncode}\n{shown}")
        return done

    def shim(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        check: bool = True,
        timeout: float = 240,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``shim WORDS...``."""
        return self.run(self.program, *words, env=env, stdin=stdin, check=check, timeout=timeout)

    def start_head(
        self, *more: str, password: str = "", env: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Start a small head with the legacy line; ``more`` are further options (about 20 s)."""
        secret = [f"--redis-password={password}"] if password else []
        return self.shim("start", "--head", f"--port={GCS}", *secret, *SMALL, *more, env=env, check=check)

    def start_worker(
        self, head: Node, *more: str, password: str = "", env: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Start a small worker of that head with the legacy line (about 10 s)."""
        secret = [f"--redis-password={password}"] if password else []
        return self.shim("start", f"--address={head.gcs}", *secret, *SMALL, *more, env=env, check=check)

    def stop(self, *more: str) -> None:
        """End what shim started here; nothing of it may be left."""
        self.shim("stop", "--all", *more)

    def status(self) -> dict[str, Any]:
        """Return what ``shim status --json`` says of the one node here, healthy or not."""
        [node] = json.loads(self.shim("status", "--json", check=False).stdout)["nodes"]
        found: dict[str, Any] = node
        return found

    def ray(self, *words: str, env: Mapping[str, str] | None = None, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run the plain ``ray WORDS...`` of the same environment, in token mode unless ``env`` says otherwise."""
        return self.run(self.program.with_name("ray"), *words, env=TOKEN_MODE if env is None else env, **more)

    def python(
        self, code: str, *arguments: str, env: Mapping[str, str] | None = None, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a driver, in token mode unless ``env`` says otherwise; again when Ray's own fault ended it."""
        program = (sys.executable, "-c", textwrap.dedent(code), *arguments)
        settings = {"env": TOKEN_MODE if env is None else env, **more}
        for _ in range(2):
            try:
                return self.run(*program, **settings)
            except AssertionError as failure:
                if not any(crash in str(failure) for crash in CLIENT_CRASHES):
                    raise
        return self.run(*program, **settings)


@dataclass(frozen=True)
class Cluster:
    """A head and a worker that shim started with one legacy password, a driver's host, and an outsider's.

    ``seen`` is every command line that another user of head or worker saw while they were started.
    """

    network: Network
    password: str = field(repr=False)
    head: Node
    worker: Node
    driver: Node
    outsider: Node
    seen: tuple[Sight, ...] = field(repr=False)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All four hosts."""
        return (self.head, self.worker, self.driver, self.outsider)

    @property
    def token(self) -> str:
        """The cluster's token."""
        return self.head.token_file.read_text().strip()

    def said(self) -> str:
        """Return all that was printed on any host so far."""
        return "\n".join(text for node in self.nodes for text in node.said)


def new_node(network: Network, name: str, program: Path) -> Node:
    """Put one more host with shim on a network; others may look into its home, as on most machines."""
    node = Node(network.host(name), program, network.folder / f"{name}-ray")
    node.host.home.chmod(0o755)
    return node


def new_password() -> str:
    """Return a legacy password such as people made with ``uuidgen``."""
    return str(uuid.uuid4())


def environ(pid: int) -> dict[str, str]:
    """Return the environment that a process was started with."""
    words = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    return dict(word.partition("=")[::2] for word in words if "=" in word)


def argv(pid: int) -> str:
    """Return a process's command line, words separated by spaces; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def named(node: Node, name: str) -> list[int]:
    """Return this machine's pids of the node's processes with that kernel name (``gcs_server``, ``raylet``)."""
    return [pid for pid in node.host.pids() if _comm(pid) == name]


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Say whether a process still exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
