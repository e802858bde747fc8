"""What breaks, and what ``shim start`` makes of it: one real cluster of two hosts, hurt in one way after another.

In this order: each test leaves a healthy cluster to the next, the last one ends it.
"""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.cluster import SMALL, argv, is_alive, named, new_node, new_password
from tests.hosts.lab import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.cluster import Node

pytestmark = [pytest.mark.ray, pytest.mark.root]

REMEMBER = """
    import sys, ray
    from ray.experimental import internal_kv
    ray.init(address=sys.argv[1], namespace="kept", log_to_driver=False)
    internal_kv._internal_kv_put(b"written", b"before", namespace=b"faults")

    @ray.remote(num_cpus=0, max_restarts=-1, name="kept", lifetime="detached")
    class Kept:
        def answer(self):
            return 42

    print(ray.get(Kept.remote().answer.remote()))
"""
RECALL = """
    import json, sys, ray
    from ray.experimental import internal_kv
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On
    ray.init(address=sys.argv[1], namespace="kept", log_to_driver=False)
    alive = {node["NodeManagerAddress"]: node["NodeID"] for node in ray.nodes() if node["Alive"]}
    where = ray.remote(num_cpus=0)(lambda: ray.get_runtime_context().get_node_id())
    tasks = [where.options(scheduling_strategy=On(node, soft=False)).remote() for node in alive.values()]
    ran = ray.get(tasks, timeout=60)
    kept = internal_kv._internal_kv_get(b"written", namespace=b"faults")
    answer = ray.get(ray.get_actor("kept").answer.remote(), timeout=60)
    print(json.dumps({"alive": alive, "ran": sorted(ran), "kept": kept.decode(), "answer": answer}))
"""


@dataclass(frozen=True)
class Pair:
    """A head and a worker, and the password that they were started with."""

    head: Node
    worker: Node
    password: str

    def start(self, *more: str, check: bool = True) -> tuple[int, str]:
        """Give the head's line again."""
        done = self.head.start_head(*more, password=self.password, check=check)
        return done.returncode, done.stdout + done.stderr

    def recall(self) -> dict[str, object]:
        """Ask the cluster what it remembers, and run a task on every node."""
        said: dict[str, object] = json.loads(self.head.python(RECALL, self.head.gcs).stdout.splitlines()[-1])
        return said

    def server(self, job: str) -> int:
        """Return this machine's pid of the control store (``store``) or the join service (``join``)."""
        [pid] = [pid for pid in self.head.host.pids() if f"{job}/server.conf" in argv(pid) or f"*:{job}" in argv(pid)]
        return pid


@pytest.fixture(scope="module")
def pair(hosts_possible: None, ray_bin: Path, shim_bin: Path) -> Iterator[Pair]:
    with Network() as network:
        made = Pair(new_node(network, "head", shim_bin), new_node(network, "worker", shim_bin), new_password())
        made.start()
        made.worker.start_worker(made.head, password=made.password)
        made.head.python(REMEMBER, made.head.gcs)
        yield made


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    await_true(lambda: not is_alive(pid))


def await_true(fact: Callable[[], object], *, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_second_start_says_already_running_and_changes_nothing(pair: Pair) -> None:
    before = set(pair.head.host.pids()), pair.head.status()["cluster_id"]
    code, said = pair.start()
    assert code == 0
    assert "already running" in said
    again = pair.worker.start_worker(pair.head, password=pair.password)
    assert "already running" in again.stdout
    assert pair.head.status()["healthy"]
    assert (before[0] - set(pair.head.host.pids()), pair.head.status()["cluster_id"]) == (set(), before[1])


def test_a_second_start_with_other_options_says_what_differs(pair: Pair) -> None:
    before = set(pair.head.host.pids())
    code, said = pair.start("--num-gpus=2", "--no-join", check=False)
    assert code == 1
    assert "already runs, with other options" in said
    assert "--num-gpus=2" in said
    assert "--no-join" in said
    assert before <= set(pair.head.host.pids())


def test_a_second_start_with_another_password_says_so(pair: Pair) -> None:
    done = pair.head.start_head(password=new_password(), check=False)
    assert done.returncode == 1
    assert "another Redis password" in done.stderr
    assert pair.head.status()["healthy"]


def test_a_join_service_that_was_killed_is_missed_by_status_and_mended(pair: Pair) -> None:
    kill(pair.server("join"))
    status = pair.head.shim("status", check=False)
    assert status.returncode == 1
    assert "died; open it again: shim join open" in status.stdout
    pair.head.shim("join", "open", f"--redis-password={pair.password}")
    assert pair.head.status()["healthy"]
    kill(pair.server("join"))
    code, said = pair.start()
    assert (code, "opening it again" in said) == (0, True)
    assert pair.head.status()["healthy"]
    fetched = pair.worker.shim("token", "fetch", f"--address={pair.head.gcs}", f"--redis-password={pair.password}")
    assert fetched.returncode == 0


def come_back(pair: Pair, killed: int) -> None:
    """Kill a process of the head; start it again; see that all is there that was."""
    before = pair.recall()
    kill(killed)
    await_true(lambda: not named(pair.head, "gcs_server"))
    assert pair.head.shim("status", check=False).returncode == 1
    pair.start()
    after = pair.recall()
    assert (after["kept"], after["answer"]) == ("before", 42)
    nodes, nodes_before = after["alive"], before["alive"]
    assert isinstance(nodes, dict)
    assert isinstance(nodes_before, dict)
    assert set(nodes) == {pair.head.address, pair.worker.address}
    assert nodes[pair.worker.address] == nodes_before[pair.worker.address]  # it rode it out
    assert after["ran"] == sorted(nodes.values())
    assert pair.head.status()["healthy"]
    assert pair.worker.status()["healthy"]


def test_after_the_gcs_was_killed_the_same_line_brings_the_cluster_back(pair: Pair) -> None:
    [gcs] = named(pair.head, "gcs_server")
    come_back(pair, gcs)


def test_after_the_store_was_killed_it_comes_back_from_its_file(pair: Pair) -> None:
    come_back(pair, pair.server("store"))


def test_stop_ends_exactly_what_start_started(pair: Pair, redis_server: Path) -> None:
    head = pair.head
    mine = set(head.host.pids())
    head.host.popen([redis_server, "--port", "7777", "--save", ""])
    ports = ["--port=7379", "--dashboard-agent-listen-port=52399", "--ray-client-server-port=20001"]
    ports += ["--min-worker-port=21000", "--max-worker-port=21100", "--include-dashboard=false"]
    head.ray("start", "--head", *ports, *SMALL, env={"RAY_AUTH_MODE": "disabled"})
    theirs = set(head.host.pids()) - mine
    job = ("job", "submit", "--no-wait", "--address=http://127.0.0.1:8265", "--", "sleep", "98765")
    head.ray(*job, env={"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(head.token_file)})
    await_true(lambda: any("sleep 98765" in argv(pid) for pid in head.host.pids()))
    kill(named(head, "raylet")[0] if named(head, "raylet")[0] in mine else named(head, "raylet")[1])  # orphans

    said = head.shim("stop").stdout
    assert "processes ended" in said
    assert not set(head.host.pids()) & mine
    assert not any("sleep 98765" in argv(pid) for pid in head.host.pids())
    alive = {pid for pid in theirs if "gcs_server" in argv(pid) or "raylet" in argv(pid) or "redis" in argv(pid)}
    assert {name for name in ("gcs_server", "raylet") if named(head, name)} == {"gcs_server", "raylet"}
    assert alive <= set(head.host.pids())
    assert "nothing was running" in head.shim("stop").stdout
    pair.worker.shim("stop")
    assert pair.worker.host.pids() == []
