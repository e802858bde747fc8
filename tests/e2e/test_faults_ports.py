"""Ports in use, clashes and impossible ports: refused before anything is started, naming who holds them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.cluster import AGENT, CLIENT, DASHBOARD, GCS, JOIN, new_node, new_password
from tests.hosts.lab import Network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.cluster import Node

pytestmark = [pytest.mark.ray, pytest.mark.root]
STORE = GCS + 11
ROLES = {"GCS": GCS, "join service": JOIN, "control store": STORE, "dashboard": DASHBOARD, "Ray Client": CLIENT,
         "dashboard agent": AGENT}  # fmt: skip
HOLD = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])), reuse_port=True)
print("listening", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def head(hosts_possible: None, ray_bin: Path, shim_bin: Path) -> Iterator[Node]:
    with Network() as network:
        yield new_node(network, "head", shim_bin)


def hold(node: Node, port: int, address: str = "127.0.0.1") -> subprocess.Popen[bytes]:
    """Listen on a port of the host, with SO_REUSEPORT as Ray does, until its standard input is closed."""
    pipe = subprocess.PIPE
    child: subprocess.Popen[bytes] = node.host.popen(
        [sys.executable, "-c", HOLD, address, str(port)], stdin=pipe, stdout=pipe
    )
    assert child.stdout
    assert child.stdout.readline() == b"listening\n"
    return child


def refused(node: Node, *words: str, code: int) -> str:
    """Start a head that must be refused; return why. Nothing new runs, and no token was made."""
    before = set(node.host.pids())
    done = node.start_head(*words, password=new_password(), check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout == ""
    assert set(node.host.pids()) == before
    assert not node.token_file.exists()
    return done.stderr


@pytest.mark.parametrize("role", ROLES)
def test_a_port_in_use_is_refused_and_its_holder_named(head: Node, role: str) -> None:
    held = hold(head, ROLES[role])
    said = refused(head, code=1)
    assert f"port {ROLES[role]} ({role}) is in use by pid " in said
    assert "(python" in said
    held.communicate()


def test_all_holders_are_named_at_once(head: Node) -> None:
    held = [hold(head, port, head.address) for port in (GCS, CLIENT)]
    said = refused(head, code=1)
    assert f"port {GCS} (GCS)" in said
    assert f"port {CLIENT} (Ray Client)" in said
    for child in held:
        child.communicate()


def test_two_clusters_ten_ports_apart_are_refused(head: Node) -> None:
    """The GCS of the second would lie on the join port of the first."""
    held = hold(head, JOIN, head.address)
    before = set(head.host.pids())
    done = head.shim("start", "--head", f"--port={GCS + 10}", "--name=second", check=False)
    assert done.returncode == 1
    assert f"port {JOIN} (GCS) is in use" in done.stderr
    assert set(head.host.pids()) == before
    held.communicate()


@pytest.mark.parametrize(
    ("words", "why"),
    {
        "join on the dashboard's": (["--join-port=8265"], "Port 8265 is wanted twice"),
        "store on the join's": ([f"--store-port={JOIN}"], f"Port {JOIN} is wanted twice"),
        "dashboard on the GCS's": ([f"--dashboard-port={GCS}"], f"Port {GCS} is wanted twice"),
        "dashboard ten above the GCS": (["--dashboard-port=6389"], "Port 6389 is wanted twice"),
        "agent among the workers'": (["--dashboard-agent-listen-port=12000"], "(10002 to 19999)"),
        "port 0": (["--dashboard-port=0"], "--dashboard-port=0 is not a port that shim can use"),
        "no number": (["--ray-client-server-port=many"], "is not a port"),
        "too high": (["--ray-client-server-port=65536"], "is not a port"),
    }.values(),
)
def test_ports_that_cannot_be_are_called_wrong(head: Node, words: list[str], why: str) -> None:
    assert why in refused(head, *words, code=2)


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--port=0", "--port=0 is not a port"),
        ("--redis-port=0", "--port=0 is not a port"),
        ("--port=65530", "The port of the join service would be 65540"),
        ("--port=70000", "--port=70000 is not a port"),
    ],
)
def test_a_gcs_port_that_cannot_be_is_called_wrong(head: Node, option: str, why: str) -> None:
    before = set(head.host.pids())
    done = head.shim("start", "--head", option, f"--redis-password={new_password()}", check=False)
    assert done.returncode == 2
    assert why in done.stderr
    assert set(head.host.pids()) == before


def test_a_worker_of_a_port_that_cannot_be_is_called_wrong(head: Node) -> None:
    for port in ("0", "65530", "65536", "x"):
        done = head.shim("start", f"--address=head:{port}", "--redis-password=irrelevant", check=False)
        assert done.returncode == 2, done.stderr
