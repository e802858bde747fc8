"""Who has neither password nor token gets nowhere, on any port of any node, but where `shim status` says so."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shim.probe.answer import Verdict
from shim.secret import Secret
from tests.e2e import stranger
from tests.e2e.cluster import TOKEN_MODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.cluster import Cluster, Node

pytestmark = [pytest.mark.ray, pytest.mark.root]

WORKERS = """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ray.init("ray://head:10001", namespace="strangers", log_to_driver=False)

    @ray.remote(num_cpus=0)
    class Idle:
        def ready(self):
            return True

    for number, node in enumerate(node["NodeID"] for node in ray.nodes() if node["Alive"]):
        here = NodeAffinitySchedulingStrategy(node, soft=False)
        actor = Idle.options(name=f"idle-{number}", lifetime="detached", scheduling_strategy=here).remote()
        assert ray.get(actor.ready.remote(), timeout=60)
"""

WRONG = Secret.generate()
CREDENTIALS = {
    "nothing": {},
    "a wrong token": {**TOKEN_MODE, "RAY_AUTH_TOKEN": WRONG.reveal()},
    "the legacy password": {"PASSWORD": "_redis_password"},
}
TRY = """
import os, sys, ray
password = {"_redis_password": os.environ["PASSWORD"]} if "PASSWORD" in os.environ else {}
ray.init(sys.argv[1], log_to_driver=False, **password)
print("ran:", ray.get(ray.remote(num_cpus=0)(lambda: os.uname().nodename).remote(), timeout=30))
"""


@pytest.fixture(scope="module")
def attempts(cluster: Cluster) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Start all drivers of strangers at once: Ray tries for 20 to 30 seconds before it gives up."""
    pipe, begun = subprocess.PIPE, {}
    for credential, env in CREDENTIALS.items():
        given = {name: cluster.password if name == "PASSWORD" else value for name, value in env.items()}
        for address in ("head:6379", "ray://head:10001"):
            command = [sys.executable, "-c", TRY, address]
            begun[f"{credential} at {address}"] = cluster.outsider.host.popen(
                command, env=given, stdout=pipe, stderr=subprocess.STDOUT, text=True
            )
    yield begun
    for child in begun.values():
        child.kill()


@pytest.fixture(scope="module")
def busy(cluster: Cluster, attempts: object) -> Cluster:
    """Let a worker process live on each node, so that its port is tried as well."""
    cluster.worker.python(WORKERS)
    return cluster


def open_by_design(node: Node) -> set[int]:
    """Return the ports that `shim status` calls open."""
    parts = [part for part in node.status()["parts"] if part["id"] == "open"]
    assert all("open to anyone by Ray's design" in part["detail"] for part in parts)
    return {int(re.sub(r"\D", "", part["title"])) for part in parts}


@pytest.mark.parametrize("key", [None, WRONG], ids=["no token", "a wrong token"])
@pytest.mark.parametrize("role", ["head", "worker"])
def test_every_port_refuses_but_those_that_status_names(busy: Cluster, role: str, key: Secret | None) -> None:
    target: Node = getattr(busy, role)
    named = open_by_design(target)
    tried = [port for port in stranger.knock(busy.outsider, target, key) if port.is_reachable]
    assert {port.port for port in tried if port.who(Verdict.OPEN)} == named
    closed = [port for port in tried if port.port not in named]
    assert [port for port in closed if not port.who(Verdict.REFUSED)] == [], "could not look"
    recognised = {name for port in closed for name in port.who(Verdict.REFUSED)}
    expected = {"raylet", "object manager", "worker", "agent", "job agent", "runtime environments"}
    assert recognised >= (expected | {"GCS", "Ray Client", "dashboard", "Redis"} if role == "head" else expected)


@pytest.mark.parametrize("role", ["head", "worker"])
def test_the_same_ports_let_the_token_in(busy: Cluster, role: str) -> None:
    """The control: without it, a probe that never gets an answer would look like a closed port."""
    target: Node = getattr(busy, role)
    tried = stranger.knock(busy.driver, target, Secret(busy.token))
    welcome = {name for port in tried for name in port.who(Verdict.OPEN)}
    expected = {"raylet", "agent", "job agent", "runtime environments", "pages"}
    assert welcome >= (expected | {"GCS", "Ray Client", "dashboard"} if role == "head" else expected)


def test_control_store_cannot_be_reached_at_all(cluster: Cluster) -> None:
    store = cluster.head.status()["ports"]["store"]
    tried = [port for port in stranger.knock(cluster.outsider, cluster.head, None) if port.port == store]
    assert len(tried) == 2, "IPv4 and IPv6"
    assert not any(port.is_reachable for port in tried)


def test_metrics_that_status_calls_open_hold_no_secret(cluster: Cluster) -> None:
    from shim.probe import http

    for node in (cluster.head, cluster.worker):
        for port in open_by_design(node):
            with cluster.outsider.host.inside():
                page = http.request(node.address, port, "/metrics").body
            assert cluster.token.encode() not in page
            assert cluster.password.encode() not in page


@pytest.mark.parametrize("address", ["head:6379", "ray://head:10001"])
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_driver_of_a_stranger_runs_nothing(
    attempts: dict[str, subprocess.Popen[str]], credential: str, address: str
) -> None:
    child = attempts[f"{credential} at {address}"]
    said, _ = child.communicate(timeout=120)
    assert child.returncode != 0
    assert "ran:" not in said
    assert "Error" in said, "it must have got as far as the cluster"
