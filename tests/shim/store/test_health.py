"""Is the store well: each way not to be, on a real server. Full disks are in test_local.py."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from shim.secret import Secret
from shim.store import local, server
from shim.store.conversation import Credential, speak
from shim.store.health import check
from tests.shim.probe.peers import listening, says, stays_silent
from tests.shim.store.conftest import PERSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.process import Process

Note: TypeAlias = "Callable[[Process], Process]"


def test_a_store_of_ours_is_well(store: local.LocalStore) -> None:
    _, ray = local.start(store)
    assert check(store.port, ray).ok
    assert check(f"127.0.0.1:{store.port}", ray).ok
    assert check(f"redis://127.0.0.1:{store.port}", ray).ok


def test_a_refused_user_is_not_well(store: local.LocalStore) -> None:
    local.start(store)
    found = check(store.port, Credential("ray", Secret("wrong")))
    assert (found.ok, "WRONGPASS" in found.detail) == (False, True)


def test_a_stopped_store_is_not_well(store: local.LocalStore) -> None:
    process, ray = local.start(store)
    local.stop(process)
    assert check(store.port, ray) == type(check(store.port, ray))(False, "nothing listens there")


def test_a_replica_is_not_well(spec: server.ServerSpec, running: Note, tmp_path: object) -> None:
    running(server.launch(spec))
    with speak(spec.port, PERSON) as session:
        session.call("REPLICAOF", "127.0.0.1", "1")
    found = check(spec.port, PERSON)
    assert (found.ok, "replica" in found.detail) == (False, True)


def test_a_store_without_room_in_memory_is_not_well(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(replace(spec, settings=(("maxmemory", "100kb"),))))
    found = check(spec.port, PERSON)
    assert (found.ok, "memory is full" in found.detail) == (False, True)


def test_something_else_is_not_well() -> None:
    with listening(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        found = check(port, PERSON)
    assert (found.ok, "HTTP" in found.detail) == (False, True)


def test_one_that_never_answers_is_not_well_in_time() -> None:
    with listening(stays_silent) as port:
        found = check(port, PERSON, timeout=0.2)
    assert (found.ok, "does not answer" in found.detail) == (False, True)
