"""The processes of a node are found without its record, and ended in an order that loses nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shim.cluster import remains
from shim.state import NodeState, Phase
from tests.shim.cluster.family import Family, family

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def node(tmp_path: Path) -> NodeState:
    return NodeState(tmp_path / "c1" / "head", "c1", "head", "id1", Phase.RUNNING)


@pytest.fixture
def started(node: NodeState, tmp_path: Path) -> Iterator[Family]:
    with family(node.folder, tmp_path / "programs") as made:
        yield made


def test_marked_processes_are_found_without_any_record(node: NodeState, started: Family) -> None:
    """As after a kill between a start and its record."""
    one, _ = started.start("raylet"), started.start("stranger", marked=False)
    assert remains.find(node.folder, None) == [one]
    assert remains.find(node.folder.with_name("worker"), None) == []


def test_recorded_sessions_are_found_without_a_mark(node: NodeState, started: Family) -> None:
    """Ray's agents overwrite their environment."""
    agent = started.start("agent", marked=False)
    assert remains.find(node.folder, node.with_member("ray", agent)) == [agent]
    assert remains.find(node.folder, node) == []


def test_a_session_whose_number_was_used_again_is_not_ours(node: NodeState, started: Family) -> None:
    """After days, another program may lead a session of the recorded number."""
    other = started.start("stranger", marked=False)
    recorded = replace(other, start=other.start - 100)
    assert remains.find(node.folder, node.with_member("ray", recorded)) == []


def test_a_record_of_an_earlier_boot_names_nobody(node: NodeState, started: Family) -> None:
    other = started.start("stranger", marked=False)
    stale = replace(node.with_member("ray", other), boot_id="earlier")
    assert remains.find(node.folder, stale) == []


def test_the_door_ends_first_and_the_store_last(node: NodeState, started: Family, tmp_path: Path) -> None:
    """The store must have everything that the GCS wrote on its way out."""
    log = tmp_path / "log"
    members = {
        role: started.start(name, code=f"trap 'echo {role} >>{log}; exit' TERM")
        for role, name in (("store", "redis-server"), ("ray", "raylet"), ("join", "join-server"))
    }
    for role, process in members.items():
        node = node.with_member(role, process)
    assert remains.clear(node.folder, node, grace=5) >= 3
    assert log.read_text().split() == ["join", "ray", "store"]
    assert remains.find(node.folder, node) == []


def test_a_store_that_hears_nothing_is_killed_too(node: NodeState, started: Family) -> None:
    deaf = started.start("redis-server", code="trap '' TERM")
    node = node.with_member("store", deaf)
    remains.clear(node.folder, node, grace=0.2)
    assert not deaf.is_alive()


def test_clearing_nothing_is_fine(node: NodeState) -> None:
    assert remains.clear(node.folder, None) == 0
    assert remains.clear(node.folder, node) == 0


def test_another_nodes_processes_live_on(node: NodeState, started: Family, tmp_path: Path) -> None:
    with family(node.folder.with_name("worker"), tmp_path / "programs") as neighbours:
        neighbour, ours = neighbours.start("raylet"), started.start("raylet")
        assert remains.clear(node.folder, node, grace=5) == 1
        assert neighbour.is_alive()
        assert not ours.is_alive()


def test_a_head_is_healthy_with_its_store_gcs_and_raylet(node: NodeState, started: Family) -> None:
    store, raylet = started.start("redis-server"), started.start("raylet")
    node = node.with_member("store", store)
    assert not remains.is_healthy(node)  # no GCS yet
    gcs = started.start("gcs_server")
    assert remains.is_healthy(node)
    assert {process.pid for process in remains.raylets(node)} == {raylet.pid, gcs.pid}
    assert not remains.is_healthy(replace(node, phase=Phase.STARTING))
    assert not remains.is_healthy(node.with_member("store", replace(store, start=1)))


def test_a_worker_is_healthy_with_its_raylet(node: NodeState, started: Family) -> None:
    worker = replace(node, role="worker")
    assert remains.raylets(worker) == []
    raylet = started.start("raylet")
    assert remains.raylets(worker) == [raylet]
    assert remains.is_healthy(worker)


def test_the_name_is_the_kernels(started: Family) -> None:
    assert remains.name(started.start("gcs_server").pid) == "gcs_server"
    assert remains.name(2**22 + 1) == ""
