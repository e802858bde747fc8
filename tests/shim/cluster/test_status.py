"""A status is asked of processes and ports: what the record says counts only where they agree."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shim import token
from shim.cluster.status import Status, look, moment
from shim.probe.answer import Answer, Verdict
from shim.process import look as look_at
from shim.secret import Secret
from shim.state import NodeState, Phase, lock
from tests.shim.cluster.family import Family, family

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = Secret("7e" * 32)


@pytest.fixture
def node(tmp_path: Path) -> NodeState:
    """Remember a head that runs on the person's own store; nothing of it does."""
    token.save(tmp_path / "auth_token", TOKEN)
    facts = {"token_path": str(tmp_path / "auth_token"), "ray": "2.60.0", "store": "yours at redis://store:1"}
    ports = {"gcs": 1, "join": 2, "dashboard": 3}
    return NodeState(
        tmp_path / "c1/head", "c1", "head", "id1", Phase.RUNNING, address="127.0.0.1", ports=ports, facts=facts
    ).save()


@pytest.fixture
def started(node: NodeState, tmp_path: Path) -> Iterator[Family]:
    with family(node.folder, tmp_path / "programs") as made:
        yield made


def parts(status: Status) -> dict[str, bool | None]:
    return {part.id: part.healthy for part in status.parts}


def detail(status: Status, identity: str) -> str:
    return next(part.detail for part in status.parts if part.id == identity)


def answer(monkeypatch: pytest.MonkeyPatch, stranger: Verdict, with_token: Verdict = Verdict.OPEN) -> None:
    """Let a GCS answer; no Ray runs here."""

    def gcs(_host: str, _port: int, key: Secret | None) -> Answer:
        return Answer(with_token if key == TOKEN else stranger, "so it says")

    monkeypatch.setattr("shim.probe.grpc.gcs", gcs)


def test_a_whole_head_is_healthy(node: NodeState, started: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    started.start("gcs_server")
    started.start("raylet")
    answer(monkeypatch, Verdict.REFUSED)
    status = look(node)
    assert status.healthy
    assert parts(status) == {"ray": True, "gcs": True, "store": None, "join": None}
    assert status.fingerprint == token.fingerprint(TOKEN)
    assert detail(status, "ray").startswith("2 processes since 1970-")
    assert TOKEN.reveal() not in repr(status)


def test_a_record_alone_is_not_health(node: NodeState) -> None:
    status = look(node)
    assert not status.healthy
    assert parts(status) == {"ray": False, "gcs": False, "store": None, "join": None}
    assert detail(status, "ray") == "GCS and raylet must run, and do not"


def test_a_head_that_lets_strangers_in_is_not_healthy(
    node: NodeState, started: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    started.start("gcs_server")
    started.start("raylet")
    answer(monkeypatch, Verdict.OPEN)
    status = look(node)
    assert not status.healthy
    assert detail(status, "gcs") == "asks for no token!"


def test_a_head_that_refuses_our_token_is_not_healthy(node: NodeState, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, Verdict.REFUSED, Verdict.REFUSED)
    assert detail(look(node), "gcs") == "our token: so it says"
    assert parts(look(node))["gcs"] is False


def test_a_missing_token_is_said(node: NodeState, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer(monkeypatch, Verdict.REFUSED)
    (tmp_path / "auth_token").unlink()
    status = look(node)
    assert status.fingerprint is None
    assert f"{tmp_path}/auth_token is missing" in detail(status, "gcs")
    (tmp_path / "auth_token").symlink_to("elsewhere")
    assert look(node).fingerprint is None


def test_a_store_and_a_join_that_died_are_said(node: NodeState) -> None:
    me = look_at(os.getpid())
    assert me is not None
    dead = replace(me, start=1)
    status = look(node.with_member("store", dead).with_member("join", dead))
    assert parts(status)["store"] is False
    assert "shim start --head" in detail(status, "store")
    assert parts(status)["join"] is False
    assert "shim join open" in detail(status, "join")


def test_what_is_reduced_on_the_persons_own_store_is_said(node: NodeState) -> None:
    assert detail(look(node.with_facts(reduced=["no ACL"])), "store") == "yours: watched by you; reduced: no ACL"


def test_a_stopped_node_is_neither_good_nor_bad_and_not_healthy(node: NodeState) -> None:
    status = look(replace(node, phase=Phase.STOPPED))
    assert parts(status) == {"phase": None}
    assert detail(status, "phase") == "stopped"
    assert not status.healthy


def test_what_is_left_of_a_stopped_node_is_counted(node: NodeState, started: Family) -> None:
    started.start("raylet")
    status = look(replace(node, phase=Phase.STOPPED))
    assert parts(status) == {"phase": False}
    assert "1 processes are left, `shim stop` ends them" in detail(status, "phase")


def test_an_interrupted_start_is_said_and_one_that_goes_on_too(node: NodeState) -> None:
    half = replace(node, phase=Phase.STARTING)
    assert detail(look(half), "phase") == "a start was interrupted"
    with lock(node.folder):
        assert "at this moment" in detail(look(half), "phase")
    assert parts(look(half)) == {"phase": False}


def test_a_worker_is_judged_by_its_raylet_and_its_head(
    node: NodeState, started: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    started.start("raylet")
    answer(monkeypatch, Verdict.REFUSED)
    status = look(replace(node, role="worker", head="10.9.9.9:65530", ports={}))
    assert parts(status) == {"ray": True, "gcs": True}
    assert status.parts[1].title == "GCS at 10.9.9.9:65530"
    assert status.nodes == ()


def test_asking_a_head_that_is_gone_ends_in_time(node: NodeState) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hung:  # takes connections and says nothing
        status = look(replace(node, ports={**node.ports, "gcs": hung.getsockname()[1]}))
    assert parts(status)["gcs"] is False


def test_a_moment_says_its_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        assert moment(0) == "1970-01-01 05:30:00+05:30"
    finally:
        monkeypatch.undo()
        time.tzset()
