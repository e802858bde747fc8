"""``shim start --block``: in the foreground, as in a systemd unit or a container; nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.cluster import GCS, SMALL, argv, environ, named, new_password

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.cluster import Node

pytestmark = [pytest.mark.ray, pytest.mark.root]
UP = "The cluster is up"
TASK = "import ray, sys; ray.init(sys.argv[1]); print(ray.get(ray.remote(num_cpus=0)(lambda: 42).remote()))"


def start(node: Node, *more: str, within: float = 120) -> subprocess.Popen[Any]:
    """Start a head with ``--block``; return shim itself when it says that the cluster is up."""
    words = ["start", "--head", f"--port={GCS}", "--block", *SMALL, *more]
    pipe = subprocess.PIPE
    child = node.host.popen([node.program, *words], stdout=pipe, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + within
    for line in child.stdout or ():
        node.said.append(line)
        if UP in line:
            return child
        assert time.monotonic() < deadline
    raise AssertionError("".join(node.said))


def end(child: subprocess.Popen[Any]) -> tuple[int, str]:
    """Wait for its end; return exit code and last words."""
    said, _ = child.communicate(timeout=60)
    return child.returncode, said


def test_a_blocking_start_hides_its_password_and_ends_with_its_gcs(new_host: Callable[[str], Node]) -> None:
    head, password = new_host("head"), new_password()
    child = start(head, f"--redis-password={password}")
    for pid in head.host.pids():
        assert password not in argv(pid)
        assert password not in environ(pid).values()
    assert "42" in head.python(TASK, head.gcs).stdout
    head.shim("join", "close")  # no reason to end
    assert head.status()["healthy"]
    assert "already runs" in head.start_head("--num-gpus=1", password=password, check=False).stderr
    assert child.poll() is None
    [gcs] = named(head, "gcs_server")
    os.kill(gcs, signal.SIGKILL)
    code, said = end(child)
    assert code == 1
    assert "Died" in said
    assert head.host.pids() == []
    assert head.shim("status", check=False).returncode == 1


def test_a_signal_ends_a_blocking_start_with_everything(new_host: Callable[[str], Node]) -> None:
    head = new_host("head")
    child = start(head)
    child.send_signal(signal.SIGTERM)
    code, said = end(child)
    assert code == 128 + signal.SIGTERM
    assert "SIGTERM: stopped; nothing was left running." in said
    assert head.host.pids() == []
