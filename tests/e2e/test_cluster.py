"""The main job, end to end: a legacy command line becomes a cluster that works for its people."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import stat
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.cluster import AGENT, CLIENT, DASHBOARD, SMALL, TOKEN_MODE, is_alive, named, new_node

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.cluster import Cluster, Node

pytestmark = [pytest.mark.ray, pytest.mark.root]

EVERYWHERE = """
    import json, socket, sys, ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ray.init(sys.argv[1], log_to_driver=False)

    @ray.remote(num_cpus=0)
    def where():
        return ray.get_runtime_context().get_node_id(), socket.gethostname()

    def on(node):
        return where.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote()

    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    print(json.dumps([nodes, ray.get([on(node) for node in nodes], timeout=120)]))
"""


def hosts_that_ran(driver: Node, address: str) -> set[str]:
    """Run one task on each node; return the hosts' names, having checked that each node ran its own."""
    nodes, ran = json.loads(driver.python(EVERYWHERE, address).stdout.splitlines()[-1])
    assert [node for node, _ in ran] == nodes
    return {host for _, host in ran}


def test_status_is_healthy_on_head_and_worker(cluster: Cluster) -> None:
    head, worker = cluster.head.status(), cluster.worker.status()
    assert head["healthy"]
    assert {node["address"] for node in head["nodes"] if node["state"] == "ALIVE"} >= {
        cluster.head.address,
        cluster.worker.address,
    }
    assert worker["healthy"]
    assert worker["head"] == "head:6379"
    assert head["token_fingerprint"] == worker["token_fingerprint"]


def test_legacy_port_is_the_gcs_and_the_join_stands_beside_it(cluster: Cluster) -> None:
    assert cluster.head.status()["ports"] == {
        "gcs": 6379,
        "join": 6389,
        "store": 6390,
        "dashboard": DASHBOARD,
        "client": CLIENT,
        "agent": AGENT,
    }


@pytest.mark.parametrize("address", ["head:6379", "ray://head:10001"])
def test_driver_on_a_node_runs_tasks_on_both_nodes(cluster: Cluster, address: str) -> None:
    assert hosts_that_ran(cluster.worker, address) >= {"head", "worker"}


def test_driver_elsewhere_runs_tasks_with_the_fetched_token(cluster: Cluster) -> None:
    assert stat.S_IMODE(cluster.driver.token_file.stat().st_mode) == 0o600
    assert hosts_that_ran(cluster.driver, "ray://head:10001") >= {"head", "worker"}


def test_job_is_submitted_listed_logged_and_stopped_with_the_token(cluster: Cluster) -> None:
    address, driver = f"--address=http://head:{DASHBOARD}", cluster.driver
    said = driver.ray("job", "submit", address, "--submission-id=short", "--", sys.executable, "-c", "print(6 * 7)")
    assert "succeeded" in said.stdout
    driver.ray("job", "submit", address, "--submission-id=long", "--no-wait", "--", "sleep", "600")
    listed = driver.ray("job", "list", address).stdout
    assert "submission_id='short'" in listed
    assert "submission_id='long'" in listed
    assert "42" in driver.ray("job", "logs", address, "short").stdout.split()
    assert "was stopped" in driver.ray("job", "stop", address, "long").stdout


def test_job_of_a_stranger_is_refused(cluster: Cluster) -> None:
    submit = ("job", "submit", f"--address=http://head:{DASHBOARD}", "--", "touch", "/tmp/ray/was-here")
    done = cluster.outsider.ray(*submit, env={}, check=False)
    assert done.returncode != 0
    assert "401" in done.stdout + done.stderr or "authentication token" in done.stdout + done.stderr
    assert not (cluster.head.sessions / "was-here").exists()


def test_password_is_asked_for_on_a_terminal_and_not_shown(cluster: Cluster, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    driver, place = cluster.driver, tmp_path / "auth_token"
    words: list[str | Path] = [driver.program, "token", "fetch", "--address=head:6379", "--path", str(place)]
    child = driver.host.popen(words, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = read_until(ours, b"): ")
    assert b"Redis password" in shown
    os.write(ours, cluster.password.encode() + b"\n")
    shown += read_until(ours, b"Next:")
    assert child.wait(60) == 0
    os.close(ours)
    assert cluster.password.encode() not in shown
    assert place.read_text().strip() == cluster.token
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def read_until(terminal: int, words: bytes) -> bytes:
    """Read what a program writes to its terminal, up to some words or its end (60 s at most)."""
    text, deadline = b"", time.monotonic() + 60
    while words not in text and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            try:
                text += os.read(terminal, 4096)
            except OSError:  # EIO: the other side has closed
                break
    return text


def test_what_shim_advises_to_type_for_a_driver_elsewhere_works(cluster: Cluster, tmp_path: Path) -> None:
    words = ("token", "fetch", "--address=head:6379", "--redis-password=-", "--path", str(tmp_path / "token"))
    said = cluster.driver.shim(*words, stdin=cluster.password + "\n").stdout
    [line] = [line for line in said.splitlines() if "python train.py" in line]
    variables = dict(word.split("=", 1) for word in line.split() if word.startswith("RAY_"))
    script = "import ray; ray.init(log_to_driver=False); print(ray.get(ray.remote(lambda: 42).remote(), timeout=60))"
    assert "42" in cluster.driver.python(script, env=variables, timeout=90).stdout.split()


def test_native_ray_start_joins_beside_shims_nodes(cluster: Cluster) -> None:
    """What RAY_AUTH_MODE=token alone starts mixes with shim's nodes, so that shim can be dropped any day."""
    native = new_node(cluster.network, "native", cluster.head.program)
    native.token_file.parent.mkdir(mode=0o700)
    native.token_file.write_text(cluster.token)
    patience = {"RAY_raylet_start_wait_time_s": "150"}
    try:
        native.ray("start", "--address=head:6379", *SMALL, env={**TOKEN_MODE, **patience})
        assert hosts_that_ran(cluster.worker, "head:6379") >= {"head", "worker", "native"}
    finally:
        leave(native)


def leave(node: Node) -> None:
    """End a raylet so that its cluster forgets the node at once, then the host."""
    for pid in named(node, "raylet"):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
    node.host.turn_off()


def test_second_start_says_already_running_and_changes_nothing(cluster: Cluster) -> None:
    before = named(cluster.head, "gcs_server")
    done = cluster.head.start_head("--dashboard-host=0.0.0.0", password=cluster.password)
    assert "already running" in done.stdout
    assert named(cluster.head, "gcs_server") == before


def test_second_start_with_other_options_says_what_differs(cluster: Cluster) -> None:
    done = cluster.head.start_head("--dashboard-host=127.0.0.1", password=cluster.password, check=False)
    assert done.returncode == 1
    assert "asked for now: --dashboard-host=127.0.0.1" in done.stderr
