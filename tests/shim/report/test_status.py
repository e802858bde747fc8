"""A status reads alike for people and programs, and ends with what to type next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shim.cluster.status import Part, Status
from shim.report.status import show
from shim.state import NodeState, Phase

GOOD = (Part("ray", "Ray 2.60.0", True, "9 processes"), Part("join", "join", None, "closed"))
BAD = (*GOOD, Part("gcs", "GCS at 10.0.0.1:6379", False, "asks for no token!"))
NODES = (
    {"address": "10.0.0.1", "state": "ALIVE", "head": True},
    {"address": "10.0.0.2", "state": "DEAD", "head": False},
)


def status(parts: tuple[Part, ...] = GOOD, *, role: str = "head", name: str = "default") -> Status:
    facts = {"token_path": "/t/auth_token", "reduced": ["no ACL"]}
    state = NodeState(
        Path("/state"), name, role, "c1", Phase.RUNNING, address="10.0.0.1", head="10.0.0.1:6379", facts=facts
    )
    return Status(state, parts, NODES if role == "head" else (), "3f9a-1c07")


def test_people_see_each_part_with_its_mark(capsys: pytest.CaptureFixture[str]) -> None:
    show([status(BAD)], as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "head of cluster 'default' on 10.0.0.1",
        "  ok   Ray 2.60.0: 9 processes",
        "  -    join: closed",
        "  BAD  GCS at 10.0.0.1:6379: asks for no token!",
        "  -    reduced: no ACL",
        "       token 3f9a-1c07 in /t/auth_token",
        "       node 10.0.0.1: alive (head)",
        "       node 10.0.0.2: dead",
        "Next: shim start --head brings it back; shim stop ends what is left",
    ]


@pytest.mark.parametrize(
    ("seen", "last"),
    [
        (status(), "Next: shim stop"),
        (status(name="tests"), "Next: shim stop --name tests"),
        (status(BAD, name="tests"), "Next: shim start --head --name tests brings it back"),
        (status(BAD, role="worker"), "Next: shim start --address=10.0.0.1:6379 brings it back"),
    ],
)
def test_the_last_line_names_the_next_command(seen: Status, last: str, capsys: pytest.CaptureFixture[str]) -> None:
    show([seen], as_json=False)
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)


def test_nothing_started_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show([], as_json=False)
    assert capsys.readouterr().out.splitlines()[-1] == "Next: shim start --head"


def test_programs_get_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    show([status(BAD), status(role="worker")], as_json=True)
    record = json.loads(capsys.readouterr().out)
    assert record["version"] == 1
    head, worker = record["nodes"]
    assert (head["healthy"], worker["healthy"]) == (False, True)
    assert head["parts"] == [vars(part) for part in BAD]
    assert head["nodes"] == list(NODES)
    assert (head["token_fingerprint"], head["token_path"]) == ("3f9a-1c07", "/t/auth_token")
    assert worker["head"] == "10.0.0.1:6379"
