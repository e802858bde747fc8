"""Every probe against a real Ray in token mode: as a stranger, with a wrong token, with the right one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shim.network import listeners
from shim.probe import grpc, http, resp
from shim.probe.answer import Answer, Verdict
from shim.probe.tls import speaks_tls
from shim.secret import Secret

if TYPE_CHECKING:
    from tests.shim.probe.conftest import Head

pytestmark = [pytest.mark.ray, pytest.mark.root]
Ask = Callable[[str, int, Secret | None], Answer]

DRIVER = """
import ray, sys
ray.init("10.77.0.1:6379", _node_ip_address="10.77.0.1", log_to_driver=False)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("role", "ask"),
    [
        ("gcs", grpc.gcs),
        ("client", grpc.client),
        ("raylet", grpc.raylet),
        ("agent-grpc", grpc.agent),
        ("dashboard", http.dashboard),
        ("agent", http.agent),
        ("runtime-env-agent", http.runtime_env_agent),
    ],
)
def test_only_the_token_is_let_in(token_head: Head, role: str, ask: Ask) -> None:
    port = token_head.ports[role]
    assert ask(token_head.host, port, None).verdict is Verdict.REFUSED
    assert ask(token_head.host, port, Secret("wrong")).verdict is Verdict.REFUSED
    assert ask(token_head.host, port, token_head.token).verdict is Verdict.OPEN


def test_only_the_token_is_let_in_by_drivers_and_workers(token_head: Head, tmp_path: Path) -> None:
    python = Path(token_head.ray).with_name("python")
    command = [str(python if python.exists() else sys.executable), "-c", DRIVER]
    with subprocess.Popen(
        command,
        env=token_head.environ,
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "ready\n"
        ports = [one.port for one in listeners() if 12001 <= one.port <= 12050]
        assert ports
        for port in ports:
            assert grpc.worker(token_head.host, port, None).verdict is Verdict.REFUSED
            assert grpc.worker(token_head.host, port, Secret("wrong")).verdict is Verdict.REFUSED
            assert grpc.worker(token_head.host, port, token_head.token).verdict is Verdict.OPEN
        driver.communicate("", timeout=60)


def test_the_cluster_id_is_told_to_the_token_only(token_head: Head) -> None:
    found = grpc.cluster_id(token_head.host, token_head.ports["gcs"], token_head.token)
    assert found is not None
    assert len(found) == 56
    assert grpc.cluster_id(token_head.host, token_head.ports["gcs"], None) is None


@pytest.mark.parametrize("role", ["object-manager", "client"])
def test_another_service_could_not_be_looked_at(token_head: Head, role: str) -> None:
    assert grpc.gcs(token_head.host, token_head.ports[role], token_head.token).verdict is Verdict.OTHER


def test_the_wrong_protocol_is_named(token_head: Head) -> None:
    gcs, dashboard = token_head.ports["gcs"], token_head.ports["dashboard"]
    assert http.dashboard(token_head.host, gcs, None).detail == "it speaks HTTP/2, not HTTP"
    assert grpc.gcs(token_head.host, dashboard, None).detail == "it speaks HTTP, not gRPC"
    assert resp.stranger(token_head.host, gcs).verdict is Verdict.OTHER
    assert resp.stranger(token_head.host, dashboard).detail == "it speaks HTTP, not Redis"
    assert not speaks_tls(token_head.host, dashboard)


def test_metrics_are_open_by_design(token_head: Head) -> None:
    assert http.request(token_head.host, token_head.ports["metrics"], "/metrics").status == 200


def test_asking_the_agent_starts_no_job_and_no_driver(token_head: Head) -> None:
    def jobs() -> object:
        where = token_head.host, token_head.ports["dashboard"], "/api/jobs/"
        return json.loads(http.request(*where, token=token_head.token).body)

    before = jobs()
    assert http.agent(token_head.host, token_head.ports["agent"], token_head.token).verdict is Verdict.OPEN
    assert jobs() == before
