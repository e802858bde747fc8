"""A worker is decided without touching anything, and told which side is wrong when tokens differ."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shim import token
from shim.cluster import worker as module
from shim.cluster.worker import Door, WorkerPlan, await_head, find_door, obtain_token, plan_worker, worker_launch
from shim.errors import ShimError, UsageError
from shim.join.record import JoinRecord
from shim.probe.answer import Answer, Verdict
from shim.secret import Secret
from tests.shim.cluster.conftest import STRONG, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.shim.cluster.conftest import Ask

HERE, THERE = Secret("a" * 64), Secret("b" * 64)
PASSWORD = f"--redis-password={STRONG}"


@pytest.mark.parametrize(
    ("address", "join_port", "door"),
    [
        ("head:6379", None, Door("head", 6379, 6389)),
        ("head", None, Door("head", 6379, 6389)),
        ("head:7000", 7777, Door("head", 7000, 7777)),
        ("[fd77::2]:7000", None, Door("fd77::2", 7000, 7010)),
        ("10.0.0.1:65530", 1234, Door("10.0.0.1", 65530, 1234)),
        ("head:65525", None, Door("head", 65525, 65535)),
    ],
)
def test_the_door_is_ten_above_the_gcs_unless_named(address: str, join_port: int | None, door: Door) -> None:
    assert find_door(address, join_port) == door


def test_the_address_of_a_door_is_the_gcs() -> None:
    assert Door("fd77::2", 7000, 7010).address == "[fd77::2]:7000"


@pytest.mark.parametrize("address", ["", "head:", "head:x", ":6379", "head:0", "ray://head:10001", "head:65536"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="is not HOST:PORT") as caught:
        find_door(address, None)
    assert "--address=HOST:6379" in caught.value.fix


def test_a_door_above_the_highest_port_must_be_named() -> None:
    with pytest.raises(UsageError, match="would be 65540") as caught:
        find_door("head:65530", None)
    assert "--join-port" in caught.value.fix


def test_planning_changes_nothing(ask: Ask, own_home: Path) -> None:
    before = tree(own_home)
    plan_worker(ask("--address=head:6379", PASSWORD), None)
    plan_worker(ask("--address=head:6379", PASSWORD, name="tests"), None)
    assert tree(own_home) == before


def test_the_token_is_kept_where_ray_looks(ask: Ask, own_home: Path, tmp_path: Path) -> None:
    default = own_home / ".ray" / "auth_token"
    assert plan_worker(ask("--address=head:6379"), None).token_path == default
    token.save(default, HERE)
    assert plan_worker(ask("--address=head:6379"), None).token_path == default
    token.save(tmp_path / "mine", HERE)
    named = ask("--address=head:6379", environ={"RAY_AUTH_TOKEN_PATH": str(tmp_path / "mine")})
    assert plan_worker(named, None).token_path == tmp_path / "mine"
    by_value = plan_worker(ask("--address=head:6379", environ={"RAY_AUTH_TOKEN": "c" * 64}), None)
    assert by_value.token_path == by_value.folder / "auth_token"
    other = plan_worker(ask("--address=head:6379", name="tests"), None)
    assert other.token_path == other.folder / "auth_token"


def test_no_secret_is_handed_to_ray(ask: Ask) -> None:
    environ = {"RAY_AUTH_TOKEN": "c" * 64, "RAY_REDIS_PASSWORD": STRONG}
    plan = plan_worker(ask("--address=head:6379", PASSWORD, "--num-cpus=2", environ=environ), None)
    launch = worker_launch(plan)
    assert set(launch.arguments) == {"--address=head:6379", "--num-cpus=2"}
    for secret in (STRONG, "c" * 64):
        assert secret not in str(launch)
        assert secret not in repr(plan)


class Head:
    """What a head would answer; no Ray runs here."""

    def __init__(self, token: Secret, *, open_to_all: bool = False, verdict: Verdict = Verdict.OPEN) -> None:
        self.token, self.open_to_all, self.verdict = token, open_to_all, verdict

    def gcs(self, _host: str, _port: int, key: Secret | None) -> Answer:
        if self.open_to_all:
            return Answer(Verdict.OPEN, "it lets everybody in")
        if key is None:
            return Answer(Verdict.REFUSED, "it asks for a token")
        return Answer(self.verdict if key == self.token else Verdict.REFUSED, "so it says")


@pytest.fixture
def plan(ask: Ask) -> WorkerPlan:
    return plan_worker(ask("--address=127.0.0.1:6379", PASSWORD), None)


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Callable[[Head], None]:
    def put(head: Head) -> None:
        record = JoinRecord(head.token, "c1", 1700000000, "2.60.0", 6379)
        monkeypatch.setattr("shim.probe.grpc.gcs", head.gcs)
        monkeypatch.setattr(module, "await_head", lambda *_: None)
        monkeypatch.setattr(module, "fetch_record", lambda *_: record)

    return put


def test_a_token_that_the_head_takes_is_used(plan: WorkerPlan, meet: Callable[[Head], None]) -> None:
    token.save(plan.token_path, HERE)
    meet(Head(HERE))
    joined = obtain_token(plan, lambda _line: None)
    assert (joined.token.secret, joined.record) == (HERE, None)


def test_a_loose_token_file_is_tightened_and_that_is_said(plan: WorkerPlan, meet: Callable[[Head], None]) -> None:
    token.save(plan.token_path, HERE)
    plan.token_path.chmod(0o644)
    meet(Head(HERE))
    said: list[str] = []
    obtain_token(plan, said.append)
    assert plan.token_path.stat().st_mode & 0o777 == 0o600
    assert "0600 now" in said[0]


def test_without_a_token_the_node_joins(plan: WorkerPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    version = str(plan.request.ray.version)
    record = JoinRecord(THERE, "c1", 1700000000, version, 6379)
    monkeypatch.setattr(module, "fetch_record", lambda *_: record)
    joined = obtain_token(plan, said.append)
    assert joined.record == record
    assert token.load(plan.token_path, "default") == joined.token
    assert token.fingerprint(THERE) in said[0]
    assert THERE.reveal() not in said[0]


def test_another_ray_than_the_heads_is_refused_before_the_token_is_kept(
    plan: WorkerPlan, meet: Callable[[Head], None]
) -> None:
    meet(Head(THERE))
    old = replace(plan.request.ray, version=type(plan.request.ray.version).parse("2.54.1"))
    with pytest.raises(ShimError, match=r"The head runs Ray 2\.60\.0, and .* is Ray 2\.54\.1") as caught:
        obtain_token(replace(plan, request=replace(plan.request, ray=old)), lambda _line: None)
    assert "'ray[default]==2.60.0'" in caught.value.fix
    assert not plan.token_path.exists()


def test_without_token_and_password_both_ways_in_are_named(plan: WorkerPlan) -> None:
    with pytest.raises(ShimError, match="no token for the cluster at") as caught:
        obtain_token(replace(plan, request=replace(plan.request, password=None)), lambda _line: None)
    assert "--redis-password" in caught.value.fix
    assert f"scp 127.0.0.1:.ray/auth_token {plan.token_path}" in caught.value.fix


def test_a_head_that_lets_everybody_in_is_refused(plan: WorkerPlan, meet: Callable[[Head], None]) -> None:
    """The node must not add itself to a cluster where anyone may run code."""
    token.save(plan.token_path, HERE)
    meet(Head(HERE, open_to_all=True))
    with pytest.raises(ShimError, match="asks for no token: anyone may run code") as caught:
        obtain_token(plan, lambda _line: None)
    assert "shim start --head" in caught.value.fix


def test_when_tokens_differ_both_fingerprints_are_shown(plan: WorkerPlan, meet: Callable[[Head], None]) -> None:
    token.save(plan.token_path, HERE)
    meet(Head(THERE))
    with pytest.raises(ShimError) as caught:
        obtain_token(plan, lambda _line: None)
    assert f"here {token.fingerprint(HERE)}, from {plan.token_path}" in caught.value.what
    assert f"the head's is {token.fingerprint(THERE)}" in caught.value.what
    assert f"mv {plan.token_path} {plan.token_path}.old" in caught.value.fix
    assert "--name NAME" in caught.value.fix
    for secret in (HERE, THERE):
        assert secret.reveal() not in caught.value.what + caught.value.fix
    assert token.load(plan.token_path, "default") == token.Token(HERE, token.Source("default", str(plan.token_path)))


def test_when_tokens_differ_and_there_is_no_password_the_ways_to_compare_are_named(
    plan: WorkerPlan, meet: Callable[[Head], None]
) -> None:
    token.save(plan.token_path, HERE)
    meet(Head(THERE))
    with pytest.raises(ShimError, match="refuses this node's token") as caught:
        obtain_token(replace(plan, request=replace(plan.request, password=None)), lambda _line: None)
    assert "shim token show --fingerprint" in caught.value.fix


@pytest.mark.parametrize("verdict", [Verdict.OTHER, Verdict.SILENT, Verdict.ABSENT])
def test_what_does_not_answer_as_a_gcs_is_named(
    verdict: Verdict, plan: WorkerPlan, meet: Callable[[Head], None]
) -> None:
    token.save(plan.token_path, HERE)
    meet(Head(HERE, verdict=verdict))
    with pytest.raises(ShimError, match="does not answer as one: so it says"):
        obtain_token(plan, lambda _line: None)


def test_a_token_by_value_is_kept_beside_the_state(ask: Ask, meet: Callable[[Head], None]) -> None:
    plan = plan_worker(ask("--address=127.0.0.1:6379", environ={"RAY_AUTH_TOKEN": HERE.reveal()}), None)
    meet(Head(HERE))
    obtain_token(plan, lambda _line: None)
    assert plan.token_path.read_text() == HERE.reveal() + "\n"
    assert plan.token_path.stat().st_mode & 0o777 == 0o600


def test_a_named_cluster_does_not_take_the_persons_own_token(
    ask: Ask, own_home: Path, meet: Callable[[Head], None]
) -> None:
    token.save(token.default_path(own_home), HERE)
    plan = plan_worker(ask("--address=127.0.0.1:6379", name="tests"), None)
    with pytest.raises(ShimError, match="no token for the cluster"):
        obtain_token(plan, lambda _line: None)


@pytest.fixture
def late_head() -> Iterator[tuple[int, Callable[[], None]]]:
    """Hold a port on which a head appears when told to."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    with server:
        yield server.getsockname()[1], server.listen


def test_a_head_that_comes_later_is_waited_for(late_head: tuple[int, Callable[[], None]]) -> None:
    """Slurm starts workers first."""
    port, appear = late_head
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        threading.Thread(target=appear).start()

    await_head(Door("127.0.0.1", port, port + 10), 30, say)
    assert said == [f"Waiting for the head at 127.0.0.1:{port}."]


def test_a_head_that_does_not_come_is_an_error(late_head: tuple[int, Callable[[], None]]) -> None:
    port, _ = late_head
    with pytest.raises(ShimError, match=f"the head at 127.0.0.1:{port} is not there") as caught:
        await_head(Door("127.0.0.1", port, port + 10), 0.5, lambda _line: None)
    assert "--join-timeout" in caught.value.fix


def test_a_head_that_is_there_is_not_talked_about(late_head: tuple[int, Callable[[], None]]) -> None:
    port, appear = late_head
    appear()
    said: list[str] = []
    await_head(Door("127.0.0.1", port, port + 10), 0, said.append)
    assert said == []


def test_the_record_of_another_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clusters ten ports apart: the door of one is where the other's GCS would have its own."""
    record = JoinRecord(THERE, "c1", 1700000000, "2.60.0", gcs_port=7000)
    monkeypatch.setattr("shim.join.client.fetch", lambda *_, **__: record)
    with pytest.raises(ShimError, match="belongs to the cluster on port 7000, not to the one on port 6379") as caught:
        module.fetch_record(Door("head", 6379, 6389), Secret("x"), 0, lambda _line: None)
    assert "--address=head:7000" in caught.value.fix
