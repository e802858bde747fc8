"""``shim start`` is killed or interrupted while a real Ray comes up (all other moments: tests/shim/cluster)."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.cluster import GCS, SMALL, named, new_password

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.cluster import Node

pytestmark = [pytest.mark.ray, pytest.mark.root]


def begin(node: Node, *words: str) -> subprocess.Popen[Any]:
    pipe = subprocess.PIPE
    return node.host.popen([node.program, "start", *words, *SMALL], stdout=pipe, stderr=subprocess.STDOUT, text=True)


def send(child: subprocess.Popen[Any], number: signal.Signals, fact: Callable[[], object]) -> tuple[int, str]:
    """Signal shim itself as soon as ``fact`` holds; return its exit code and what it said."""
    deadline = time.monotonic() + 120
    while not fact():
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.send_signal(number)
    said, _ = child.communicate(timeout=60)
    return child.returncode, said


def test_killed_while_ray_comes_up_it_is_seen_and_removed_or_finished(new_host: Callable[[str], Node]) -> None:
    head, worker, password = new_host("head"), new_host("worker"), f"--redis-password={new_password()}"
    line = ("--head", f"--port={GCS}", password)
    code, _ = send(begin(head, *line), signal.SIGKILL, lambda: named(head, "raylet"))
    assert code == -signal.SIGKILL
    seen = head.shim("status", check=False)
    assert seen.returncode == 1
    assert "a start was interrupted" in seen.stdout
    head.shim("stop")
    assert head.host.pids() == []
    head.shim("stop")

    child = begin(head, *line)
    send(child, signal.SIGKILL, lambda: [*head.host.home.rglob("head/task.log")])  # while it checks itself
    again = head.shim("start", *line, *SMALL)
    assert "Clearing" in again.stderr
    assert head.status()["healthy"]
    send(begin(worker, f"--address={head.gcs}", password), signal.SIGKILL, lambda: named(worker, "raylet"))
    assert "a start was interrupted" in worker.shim("status", check=False).stdout
    worker.shim("stop")
    assert worker.host.pids() == []
    head.shim("stop")
    assert head.host.pids() == []


def test_interrupted_while_ray_comes_up_it_leaves_nothing(new_host: Callable[[str], Node]) -> None:
    head = new_host("head")
    code, said = send(begin(head, "--head", f"--port={GCS}"), signal.SIGINT, lambda: named(head, "raylet"))
    assert code == 128 + signal.SIGINT
    assert "SIGINT: stopped; nothing was left running." in said
    assert "Traceback" not in said
    assert head.host.pids() == []
    assert "stopped" in head.shim("status", check=False).stdout
