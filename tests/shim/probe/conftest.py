"""A real Ray head with a token, in a network namespace: nothing listens on the machine's addresses."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shim.probe.answer import Verdict
from shim.probe.port import is_open
from shim.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = "10.77.0.1"
CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Head:
    """A running head: its address, its token and its ports by role."""

    host: str
    token: Secret
    ports: dict[str, int]
    namespace: str
    environ: dict[str, str]
    ray: str


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Put this thread (and the programs it starts) into a network namespace, and bring it back."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(descriptor: int) -> None:
        if libc.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{namespace}") as there:  # noqa: PTH123
        enter(there.fileno())
        try:
            yield
        finally:
            enter(home.fileno())


def miss(what: str) -> None:
    """Skip where a real part is missing; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


@contextmanager
def lab(namespace: str) -> Iterator[None]:
    """Make a namespace with one address on a bridge; at the end, end what runs in it and remove it."""

    def ip(*words: str) -> str:
        return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout

    ip("netns", "add", namespace)
    try:
        ip("-n", namespace, "link", "set", "lo", "up")
        ip("-n", namespace, "link", "add", "br0", "type", "bridge")
        ip("-n", namespace, "addr", "add", f"{ADDRESS}/24", "dev", "br0")
        ip("-n", namespace, "link", "set", "br0", "up")
        yield
    finally:
        deadline = time.monotonic() + 3
        while living := ip("netns", "pids", namespace).split():
            for pid in living:
                try:
                    os.kill(int(pid), signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.2)
        ip("netns", "delete", namespace)


@pytest.fixture(scope="session")
def running_head() -> Iterator[Head]:
    """Start Ray once for the whole run."""
    ray = shutil.which("ray", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    if os.geteuid() != 0 or not shutil.which("ip"):
        miss("root with ip(8)")
    if ray is None:
        miss("ray")
    assert ray is not None
    namespace, token = f"shim-probe-{os.getpid()}", Secret.generate()
    ports = {"raylet": 11001, "object-manager": 11002, "agent-grpc": 11003, "runtime-env-agent": 11004}
    ports |= {"metrics": 11005, "gcs": 6379, "client": 10001, "dashboard": 8265, "agent": 52365}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shim-", ignore_cleanup_errors=True)))
        stack.enter_context(lab(namespace))
        path = folder / "token"
        path.touch(0o600)
        path.write_text(token.reveal())
        environ = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(path),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_raylet_start_wait_time_s": "150",
        }
        command = [ray, "start", "--head", f"--node-ip-address={ADDRESS}", f"--temp-dir={folder}/ray"]
        command += ["--num-cpus=1", f"--dashboard-host={ADDRESS}", f"--node-manager-port={ports['raylet']}"]
        command += [f"--object-manager-port={ports['object-manager']}"]
        command += [f"--dashboard-agent-grpc-port={ports['agent-grpc']}"]
        command += [f"--runtime-env-agent-port={ports['runtime-env-agent']}"]
        command += [
            f"--metrics-export-port={ports['metrics']}",
            "--min-worker-port=12001",
            "--max-worker-port=12050",
        ]
        with inside(namespace):
            subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL, timeout=200)
            wait_for(ports)
        yield Head(ADDRESS, token, ports, namespace, environ, ray)


def wait_for(ports: dict[str, int]) -> None:
    """Wait until all listen: the agent comes up seconds after ``ray start`` has returned."""
    deadline = time.monotonic() + 60
    for role, port in ports.items():
        while is_open(ADDRESS, port) is not Verdict.OPEN:
            assert time.monotonic() < deadline, f"{role} does not listen"
            time.sleep(0.1)


@pytest.fixture
def token_head(running_head: Head) -> Iterator[Head]:
    """Give a test the running head, and put the test into its network."""
    with inside(running_head.namespace):
        yield running_head
