"""A worker that cannot join says why, in words of its own for each reason; one that comes too early waits."""

from __future__ import annotations

import secrets
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.cluster import JOIN, SMALL, new_node, new_password
from tests.hosts.lab import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.cluster import Cluster, Node

pytestmark = [pytest.mark.ray, pytest.mark.root]


@pytest.fixture
def late(cluster: Cluster) -> Iterator[Node]:
    """Put one more host beside the shared cluster: it asks, and changes nothing there."""
    node = new_node(cluster.network, f"late{len(cluster.network.hosts)}", cluster.head.program)
    yield node
    node.host.turn_off()


def lose_join_port(node: Node) -> None:
    """Let everything that a host sends to the join port vanish, as many a firewall does."""
    rule = f"tcp dport {JOIN} drop"
    node.run(
        "nft", "-f", "-", stdin=f"table inet t {{\nchain out {{\ntype filter hook output priority 0\n{rule}\n}}\n}}\n"
    )


def refusal(node: Node, head: Node, password: str, *more: str, env: dict[str, str] | None = None) -> str:
    """Start a worker that must fail, with nothing left running; return what it said."""
    done = node.start_worker(head, "--join-timeout=5", *more, password=password, env=env, check=False)
    assert done.returncode == 1, done.stdout
    assert "Error: " in done.stderr
    assert "Try: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not password or password not in done.stderr
    assert node.host.pids() == []
    assert not node.sessions.joinpath("session_latest").exists(), "Ray was not even asked"
    return done.stderr


def test_wrong_password_is_called_wrong(late: Node, cluster: Cluster) -> None:
    said = refusal(late, cluster.head, new_password())
    assert f"The join service at {cluster.head.address}:{JOIN} refuses this Redis password." in said
    assert not late.token_file.exists()


def test_no_password_and_no_token_names_both_ways_in(late: Node, cluster: Cluster) -> None:
    said = refusal(late, cluster.head, "")
    assert "has no token" in said
    assert "--redis-password" in said
    assert "auth_token" in said


def test_join_port_that_vanishes_is_said_to_be_a_firewall(late: Node, cluster: Cluster) -> None:
    lose_join_port(late)
    said = refusal(late, cluster.head, cluster.password)
    assert f"the join port {JOIN} does not: a firewall?" in said


def test_head_that_cannot_be_reached_is_said_to_be_absent(late: Node, cluster: Cluster) -> None:
    late.host.cut()
    said = refusal(late, cluster.head, cluster.password)
    assert f"No head answers at {cluster.head.address}" in said


def test_name_that_does_not_resolve_is_said_not_to(late: Node, cluster: Cluster) -> None:
    words = ("start", "--address=haed:6379", "--join-timeout=1", f"--redis-password={cluster.password}", *SMALL)
    done = late.shim(*words, check=False)
    assert done.returncode == 1
    assert "The name haed does not resolve." in done.stderr


def test_other_token_without_password_says_whose_is_refused(late: Node, cluster: Cluster) -> None:
    keep_token(late, secrets.token_hex(32))
    said = refusal(late, cluster.head, "")
    assert "refuses this node's token" in said
    assert str(late.token_file) in said


def test_other_token_with_password_says_both_fingerprints(late: Node, cluster: Cluster) -> None:
    """Which side is wrong can be told only by who may know the head's."""
    other = secrets.token_hex(32)
    keep_token(late, other)
    said = refusal(late, cluster.head, cluster.password)
    fingerprint = cluster.head.status()["token_fingerprint"]
    assert f"This node's token is not the head's: here {mine(late)}" in said
    assert f"the head's is {fingerprint}" in said
    assert late.token_file.read_text() == other, "another cluster's token is never overwritten"


def keep_token(node: Node, token: str) -> None:
    node.token_file.parent.mkdir(mode=0o700)
    node.token_file.write_text(token)
    node.token_file.chmod(0o600)


def mine(node: Node) -> str:
    return node.shim("token", "show", "--fingerprint").stdout.strip()


def test_same_token_needs_no_join(late: Node, cluster: Cluster) -> None:
    keep_token(late, cluster.token)
    lose_join_port(late)
    late.start_worker(cluster.head)
    assert late.status()["healthy"]
    late.stop()


def test_open_head_is_refused(new_host: Callable[[str], Node]) -> None:
    """A head that asks for no token would let anybody run code beside this node's."""
    plain = new_host("plain")
    plain.ray("start", "--head", "--port=6379", *SMALL, "--include-dashboard=false", env={"RAY_AUTH_MODE": "disabled"})
    node = new_host("node")
    keep_token(node, secrets.token_hex(32))
    assert "asks for no token: anyone may run code there" in refusal(node, plain, "")


def test_other_ray_is_named_with_both_versions(late: Node, cluster: Cluster, tmp_path: Path) -> None:
    """It is refused before it is run, so that the version beside its program is all that it needs to have."""
    old = tmp_path / "bin" / "ray"
    (tmp_path / "lib/python3.11/site-packages/ray-2.58.1.dist-info").mkdir(parents=True)
    old.parent.mkdir()
    old.write_text(f"#!{sys.executable}\nraise SystemExit('this Ray must not be run')\n")
    old.chmod(0o755)
    said = refusal(late, cluster.head, cluster.password, f"--ray-bin={old}")
    assert "The head runs Ray 2.60" in said
    assert f"{old} is Ray 2.58.1" in said
    assert not late.token_file.exists()


@pytest.fixture(scope="module")
def young(hosts_possible: None, ray_bin: Path, shim_bin: Path) -> Iterator[tuple[Node, Node, str, str]]:
    """Start a worker first and its head afterwards, as Slurm does; the worker's words come along."""
    with Network("10.78.0") as network:
        head, worker = new_node(network, "head", shim_bin), new_node(network, "worker", shim_bin)
        password, pipe = new_password(), subprocess.PIPE
        line: list[str | Path] = [shim_bin, "start", f"--address={head.gcs}", f"--redis-password={password}", *SMALL]
        child = worker.host.popen(line, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        head.start_head(password=password)
        said, _ = child.communicate(timeout=120)
        assert child.returncode == 0, said
        yield head, worker, password, said


def test_worker_that_starts_first_waits_for_its_head(young: tuple[Node, Node, str, str]) -> None:
    head, worker, _, said = young
    assert worker.status()["healthy"]
    assert "aiting" in said
    assert "Joined" in said
    assert {node["address"] for node in head.status()["nodes"]} == {head.address, worker.address}


def test_closed_join_is_said_to_be_closed_and_opens_again(young: tuple[Node, Node, str, str], tmp_path: Path) -> None:
    head, worker, password, _ = young
    ask = ("token", "fetch", f"--address={head.gcs}", "--redis-password=-", f"--path={tmp_path / 'token'}")
    assert "The join is closed." in head.shim("join", "close").stdout
    refused = worker.shim(*ask, "--join-timeout=2", stdin=password + "\n", check=False)
    assert refused.returncode == 1
    assert "The join is closed, or a firewall rejects it" in refused.stderr
    assert "shim join open" in refused.stderr
    assert worker.status()["healthy"], "who is in stays in"
    head.shim("join", "open", "--redis-password=-", stdin=password + "\n")
    worker.shim(*ask, stdin=password + "\n")
    assert (tmp_path / "token").read_text() == worker.token_file.read_text()


def test_worker_is_stopped_alone_and_joins_again(young: tuple[Node, Node, str, str]) -> None:
    head, worker, password, _ = young
    worker.stop()
    assert worker.host.pids() == []
    assert head.status()["healthy"]
    worker.start_worker(head, password=password)
    assert worker.status()["healthy"]
