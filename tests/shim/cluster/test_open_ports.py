"""What answers anyone is found by asking, and only what the network reaches and this node holds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from shim.cluster import open_ports
from shim.process import MARKER
from shim.state import NodeState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.hosts.host import Host
    from tests.hosts.lab import Network

pytestmark = pytest.mark.root

SERVER = """
import http.server, socket, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == sys.argv[1] else int(sys.argv[4])); self.end_headers()
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
server = Server((sys.argv[2], int(sys.argv[3])), Answer)
print('ready', flush=True); server.serve_forever()
"""


@pytest.fixture
def head(network: Network) -> Host:
    return network.host("head")


@pytest.fixture
def node(head: Host, tmp_path: Path) -> NodeState:
    return NodeState(tmp_path / "head", "c1", "head", "id1", address=head.address, ports={"dashboard": 8265})


@pytest.fixture
def serve(head: Host, node: NodeState) -> Callable[..., None]:
    """Start an HTTP server on the head that answers one path."""

    def start(path: str, address: str, port: int, *, otherwise: int = 404, marked: bool = True) -> None:
        environment = {MARKER: str(node.folder)} if marked else {}
        command = [sys.executable, "-c", SERVER, path, address, str(port), str(otherwise)]
        child = head.popen(command, env=environment, stdout=-1)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"

    return start


def found(head: Host, node: NodeState) -> list[tuple[str, int, str]]:
    with head.inside():
        return [(one.address, one.port, one.what.partition(",")[0]) for one in open_ports.find(node)]


def test_metrics_and_serve_are_named(head: Host, node: NodeState, serve: Callable[..., None]) -> None:
    serve("/metrics", "0.0.0.0", 8080)
    serve("/-/routes", head.address, 8000)
    serve("/metrics", "::", 44217)
    assert found(head, node) == [
        (head.address, 8000, "Ray Serve"),
        (head.address, 8080, "metrics"),
        (head.address, 44217, "metrics"),
    ]


def test_what_asks_for_a_token_is_not_open(head: Host, node: NodeState, serve: Callable[..., None]) -> None:
    serve("/none", "0.0.0.0", 8080, otherwise=401)
    serve("/none", "0.0.0.0", 8081, otherwise=500)
    assert found(head, node) == []


def test_what_only_this_host_reaches_is_not_open(head: Host, node: NodeState, serve: Callable[..., None]) -> None:
    serve("/metrics", "127.0.0.1", 8080)
    serve("/metrics", "::1", 8081)
    assert found(head, node) == []


def test_other_programs_of_the_host_are_not_asked(head: Host, node: NodeState, serve: Callable[..., None]) -> None:
    serve("/metrics", "0.0.0.0", 9100, marked=False)  # a node exporter
    assert found(head, node) == []


def test_a_guarded_port_of_the_node_is_not_asked(head: Host, node: NodeState, serve: Callable[..., None]) -> None:
    serve("/metrics", "0.0.0.0", 8265)
    assert found(head, node) == []
