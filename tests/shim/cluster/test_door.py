"""The join opens and closes while the head runs, with a real join service and no Ray."""

from __future__ import annotations

import contextlib
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shim import token
from shim.cluster import door
from shim.cluster.worker import Door, fetch_record
from shim.errors import ShimError, UsageError
from shim.join.failure import JoinError, WrongPasswordError
from shim.secret import Secret
from shim.state import NodeState, Phase
from tests.shim.cluster.conftest import STRONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD, OTHER = Secret(STRONG), Secret("5c0bb4cf-0d11-4fd5-9d0a-ce9c4d5ad9f0")
ENVIRON = {"PATH": "/nowhere"}  # so that the embedded server is taken


def hush(_line: str) -> None:
    """Say nothing."""


@pytest.fixture
def head(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[NodeState]:
    """Remember a head that runs, with something that listens where its GCS would."""
    secret = token.generate(tmp_path / "auth_token")
    facts = {"token_path": secret.source.where, "ray": "2.60.0", "local": True}
    gcs = free_port()
    for _ in range(12):
        free_port()
    state = NodeState(
        tmp_path / "c1/head", "c1", "head", "id1", Phase.RUNNING, address="127.0.0.1", ports={"gcs": gcs}, facts=facts
    )
    with socket.create_server(("127.0.0.1", gcs)):
        yield state.save()
        with contextlib.suppress(ShimError):  # it is stopped already
            door.close(state.folder)


def join(head: NodeState, password: Secret = PASSWORD, port: int | None = None) -> Secret:
    gcs = head.ports["gcs"]
    return fetch_record(Door("127.0.0.1", gcs, port or gcs + 10), password, 0, hush).token


def kept_token(head: NodeState) -> Secret:
    found = token.load(Path(head.facts["token_path"]), "path")
    assert found is not None
    return found.secret


def test_a_join_opens_serves_and_closes(head: NodeState) -> None:
    before = door.look(head.folder)
    assert (before.open, before.since, before.port) == (False, None, head.ports["gcs"] + 10)
    opened = door.open_(head.folder, PASSWORD, ENVIRON)
    assert opened.open
    assert door.look(head.folder) == opened
    assert join(head) == kept_token(head)
    with pytest.raises(WrongPasswordError):
        join(head, OTHER)
    assert door.close(head.folder)
    after = door.look(head.folder)
    assert (after.open, after.since) == (False, None)
    with pytest.raises(JoinError, match="The join is closed"):
        join(head)


def test_closing_twice_is_fine(head: NodeState) -> None:
    assert not door.close(head.folder)
    door.open_(head.folder, PASSWORD, ENVIRON)
    assert door.close(head.folder)
    assert not door.close(head.folder)


def test_opening_again_changes_the_password(head: NodeState) -> None:
    door.open_(head.folder, PASSWORD, ENVIRON)
    door.open_(head.folder, OTHER, ENVIRON)
    assert join(head, OTHER) == kept_token(head)
    with pytest.raises(WrongPasswordError):
        join(head, PASSWORD)


def test_opening_again_publishes_the_token_of_now(head: NodeState) -> None:
    door.open_(head.folder, PASSWORD, ENVIRON)
    fresh = Secret.generate()
    token.save(Path(head.facts["token_path"]), fresh, replace=True)
    door.open_(head.folder, PASSWORD, ENVIRON)
    assert join(head) == fresh


def test_the_port_can_be_moved_and_is_remembered(head: NodeState, free_port: Callable[[], int]) -> None:
    port = free_port()
    assert door.open_(head.folder, PASSWORD, ENVIRON, port).port == port
    assert join(head, port=port)
    door.close(head.folder)
    assert door.look(head.folder).port == port
    assert door.open_(head.folder, PASSWORD, ENVIRON).port == port


def test_a_famous_password_is_refused_and_an_open_join_stays(head: NodeState) -> None:
    door.open_(head.folder, PASSWORD, ENVIRON)
    with pytest.raises(ShimError, match="everybody knows"):
        door.open_(head.folder, Secret("5241590000000000"), ENVIRON)
    assert join(head)


def test_a_weak_password_is_refused_on_the_network_alone(head: NodeState) -> None:
    weak = Secret("correct horse")
    replace(head, facts={**head.facts, "local": False}).save()
    with pytest.raises(ShimError, match="on the network it needs"):
        door.open_(head.folder, weak, ENVIRON)
    assert not door.look(head.folder).open
    head.save()
    assert door.open_(head.folder, weak, ENVIRON).open


def test_a_port_that_is_the_heads_own_or_taken_is_refused(head: NodeState) -> None:
    with pytest.raises(UsageError, match="is wanted twice"):
        door.open_(head.folder, PASSWORD, ENVIRON, head.ports["gcs"])
    ours = pytest.raises(ShimError, match=rf"in use by pid {os.getpid()}")
    with socket.create_server(("127.0.0.1", 0)) as server, ours:
        door.open_(head.folder, PASSWORD, ENVIRON, server.getsockname()[1])
    assert not door.look(head.folder).open


def test_without_the_token_nothing_opens(head: NodeState) -> None:
    Path(head.facts["token_path"]).unlink()
    with pytest.raises(ShimError, match="token is no longer in"):
        door.open_(head.folder, PASSWORD, ENVIRON)
    assert not door.look(head.folder).open


@pytest.mark.parametrize("change", [{"phase": Phase.STOPPED}, {"phase": Phase.STARTING}, {"boot_id": "earlier"}])
def test_only_a_head_that_runs_has_a_join(change: dict[str, object], head: NodeState) -> None:
    replace(head, **change).save()  # type: ignore[arg-type]
    for verb in (
        lambda: door.look(head.folder),
        lambda: door.close(head.folder),
        lambda: door.open_(head.folder, PASSWORD, ENVIRON),
    ):
        with pytest.raises(ShimError, match="No head of cluster 'c1' runs"):
            verb()


def test_where_nothing_was_started_looking_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ShimError, match="No head of cluster 'none' runs"):
        door.look(tmp_path / "none" / "head")
    assert not (tmp_path / "none").exists()


def test_no_file_holds_the_password_or_the_token(head: NodeState) -> None:
    door.open_(head.folder, PASSWORD, ENVIRON)
    for path in head.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert STRONG.encode() not in content, path
            assert kept_token(head).reveal().encode() not in content, path


@pytest.mark.parametrize(
    ("address", "local", "found"),
    [
        ("10.0.0.1", False, ("10.0.0.1", "127.0.0.1")),
        ("10.0.0.1", True, ("127.0.0.1",)),
        ("fd77::2", False, ("fd77::2", "::1")),
        ("fd77::2", True, ("::1",)),
        ("127.0.0.1", False, ("127.0.0.1",)),
        ("::1", False, ("::1",)),
    ],
)
def test_where_a_join_listens(address: str, local: bool, found: tuple[str, ...]) -> None:
    assert door.listening_addresses(address, local) == found
