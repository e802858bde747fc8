"""The report of a start holds no secret, as text and as JSON, and ends with what to type next."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from shim import token
from shim.cluster.head import Started, head_launch
from shim.cluster.plan import HeadPlan, plan_head
from shim.cluster.selfcheck import Check
from shim.cluster.worker import StartedWorker, plan_worker, worker_launch
from shim.report.start import Screen
from shim.secret import Secret
from shim.state import NodeState, Phase
from tests.shim.cluster.conftest import STRONG, ask, free, free_port

if TYPE_CHECKING:
    from tests.shim.cluster.conftest import Ask

__all__ = ["ask", "free", "free_port"]  # fixtures

TOKEN, URL_PASSWORD = "7e" * 32, "st0re-s3cret"
SECRETS = (STRONG, TOKEN, URL_PASSWORD)
FOUND = token.Token(Secret(TOKEN), token.Source("default", "/home/me/.ray/auth_token"))
CHECKS = (Check("gcs-refuses-strangers", "gcs refuses strangers", True, "it asks for a token"),)
ENVIRON = {"RAY_AUTH_TOKEN": TOKEN, "RAY_REDIS_PASSWORD": STRONG, "SHIM_STORE_PASSWORD": URL_PASSWORD}


@pytest.fixture
def plan(ask: Ask, free: tuple[str, ...]) -> HeadPlan:
    argv = ("--head", "--node-ip-address=10.0.0.1", f"--redis-password={STRONG}", *free)
    return plan_head(ask(*argv, environ=ENVIRON), None, set())


def state_of(plan: HeadPlan) -> NodeState:
    facts = {"token_path": str(plan.token_path), "store": "valkey 9.1.2 on 127.0.0.1:1", "join_since": 5}
    return NodeState(
        plan.folder,
        plan.name,
        "head",
        plan.cluster_id,
        Phase.RUNNING,
        address=plan.address,
        ports=plan.ports,
        facts=facts,
    )


def started(plan: HeadPlan) -> Started:
    child = cast("subprocess.Popen[bytes]", None)
    return Started(state_of(plan), FOUND, CHECKS, {"ray": 12.3456}, child)


def told(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Return what went to standard output and standard error; neither may hold a secret."""
    said = capsys.readouterr()
    for secret in SECRETS:
        assert secret not in said.out + said.err
    return said.out, said.err


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        Screen(as_json).say("Starting.")
        assert told(capsys) == ("", "Starting.\n")


def test_a_head_is_reported_with_what_to_type_next(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    Screen(False).head(plan, started(plan))
    out, err = told(capsys)
    gcs = plan.ports["gcs"]
    assert err == ""
    assert f"The cluster is up and closed (1 checks passed): 10.0.0.1:{gcs}" in out
    assert f"fingerprint {token.fingerprint(Secret(TOKEN))}" in out
    assert f'shim start --address=10.0.0.1:{gcs} --redis-password="$PW"\n' in out
    assert f"shim token fetch --address=10.0.0.1:{gcs}\n" in out
    assert f"RAY_ADDRESS=ray://10.0.0.1:{plan.ports['client']} python train.py" in out
    assert "shim join close" in out
    assert f"RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH={plan.token_path}" in out
    assert out.splitlines()[-1].split() == ["shim", "status", "shim", "stop"]


def test_a_join_port_of_ones_own_is_in_every_line_that_needs_it(
    plan: HeadPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    choices = replace(plan.request.choices, join_port=7777)
    moved = replace(plan, request=replace(plan.request, choices=choices), ports={**plan.ports, "join": 7777})
    Screen(False).head(moved, started(moved))
    assert told(capsys)[0].count("--join-port=7777") == 2


def test_without_a_door_the_token_is_copied(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    closed = replace(plan, join=False, ports={role: port for role, port in plan.ports.items() if role != "join"})
    Screen(False).head(closed, started(closed))
    out, _ = told(capsys)
    assert f"scp {plan.token_path} NODE:.ray/auth_token" in out
    assert "redis-password" not in out
    assert "shim join close" not in out


def test_on_this_host_alone_nothing_is_said_about_others(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    local = replace(plan, local=True)
    Screen(False).head(local, started(local))
    out, _ = told(capsys)
    assert "Another node" not in out
    assert "shim token fetch" not in out


def test_a_named_cluster_is_named_in_what_to_type_next(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    named = replace(plan, name="tests")
    Screen(False).head(named, started(named))
    out, _ = told(capsys)
    assert "shim stop --name tests" in out
    assert "shim join close --name tests" in out


def test_a_path_with_a_space_can_be_pasted(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    spaced = replace(plan, token_path=Path("/home/my self/auth_token"))
    Screen(False).head(spaced, started(spaced))
    assert "RAY_AUTH_TOKEN_PATH='/home/my self/auth_token' " in told(capsys)[0]


def test_a_head_as_json(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(True)
    screen.say("Starting.")
    screen.head(plan, started(plan))
    out, _ = told(capsys)
    record = json.loads(out)
    assert (record["version"], record["result"], record["role"]) == (1, "started", "head")
    assert record["ports"] == dict(plan.ports)
    assert record["token_fingerprint"] == token.fingerprint(Secret(TOKEN))
    assert record["seconds"] == {"ray": 12.346}
    assert record["checks"] == [vars(CHECKS[0])]
    assert record["dashboard"] == f"http://127.0.0.1:{plan.ports['dashboard']}"
    assert record["notes"] == ["Starting."]


@pytest.mark.parametrize("as_json", [False, True])
def test_a_worker_is_reported(as_json: bool, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_worker(ask("--address=head:6379", f"--redis-password={STRONG}", environ=ENVIRON), None)
    state = NodeState(plan.folder, "default", "worker", "c1", Phase.RUNNING, address="10.0.0.2", head="head:6379")
    Screen(as_json).worker(plan, StartedWorker(state, FOUND, {"join": 0.5}, cast("subprocess.Popen[bytes]", None)))
    out, _ = told(capsys)
    if as_json:
        record = json.loads(out)
        assert (record["version"], record["role"], record["head"]) == (1, "worker", "head:6379")
        return
    assert "A worker of the cluster at head:6379 runs on 10.0.0.2." in out
    assert out.splitlines()[-1] == "Next: shim status, or shim stop"


@pytest.mark.parametrize("as_json", [False, True])
def test_a_node_that_ran_before_is_reported(as_json: bool, plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json).already(replace(state_of(plan), name="tests"))
    out, _ = told(capsys)
    if as_json:
        assert json.loads(out)["result"] == "already-running"
        return
    assert "already running on 10.0.0.1" in out
    assert out.splitlines()[-1] == "Next: shim status, or shim stop --name tests"


def rehearse(plan: HeadPlan, as_json: bool, capsys: pytest.CaptureFixture[str]) -> str:
    Screen(as_json).rehearsal(plan, head_launch(plan, None))
    return told(capsys)[0]


def test_a_rehearsal_shows_every_step_and_no_secret(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    out = rehearse(plan, False, capsys)
    assert f"# token: {plan.token_path}" in out
    assert f"# control store: {plan.binary} on 127.0.0.1:{plan.ports['store']}, password ***" in out
    assert f"# join service: 10.0.0.1, 127.0.0.1 port {plan.ports['join']}" in out
    assert "RAY_AUTH_MODE=token" in out
    assert f"--port={plan.ports['gcs']}" in out
    assert out.splitlines()[-1] == "Nothing was started."


def test_a_rehearsal_as_json(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(rehearse(plan, True, capsys))
    assert (record["version"], record["result"]) == (1, "dry-run")
    assert record["environment"]["RAY_AUTH_MODE"] == "token"
    assert "--head" in record["command"]


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("by", ["--store", "RAY_REDIS_ADDRESS", "--address"])
def test_the_password_of_ones_own_store_is_not_rehearsed(
    by: str, as_json: bool, ask: Ask, free: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"redis://me:{URL_PASSWORD}@store:6379"
    if by == "--store":
        request = ask("--head", *free, store=url)
    elif by == "--address":
        request = ask("--head", f"--address={url}", *free)
    else:
        request = ask("--head", *free, environ={by: url})
    screen = Screen(as_json)
    for note in request.command.notes:
        screen.say(str(note))
    plan = plan_head(request, None, set())
    screen.rehearsal(plan, head_launch(plan, None))
    assert "control store: yours, password ***" in told(capsys)[0]


@pytest.mark.parametrize("as_json", [False, True])
def test_a_worker_is_rehearsed(as_json: bool, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {**ENVIRON, "RAY_REDIS_ADDRESS": f"redis://me:{URL_PASSWORD}@store:6379"}
    plan = plan_worker(ask("--address=head:6379", f"--redis-password={STRONG}", environ=environ), None)
    Screen(as_json).rehearsal(plan, worker_launch(plan))
    assert "head:6389" in told(capsys)[0]


def test_what_is_rehearsed_is_what_a_shell_reads(plan: HeadPlan, capsys: pytest.CaptureFixture[str]) -> None:
    out = rehearse(plan, False, capsys)
    line = out[: out.rindex("Nothing was started.")]
    done = subprocess.run(["sh", "-n"], input=line, text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
