"""The self-check: passes on a store of ours, fails on each way to be open, and never changes anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from shim.secret import Secret
from shim.store import local, server
from shim.store.conversation import Credential, speak
from shim.store.proof import prove
from tests.shim.store.conftest import PERSON, admin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.process import Process
    from shim.store.conversation import Credential as Who

Note: TypeAlias = "Callable[[Process], Process]"


def failed(port: int, who: Who, node_address: str | None = None) -> set[str]:
    return {proof.name for proof in prove("127.0.0.1", port, who, node_address) if not proof.passed}


def test_a_store_of_ours_passes(store: local.LocalStore) -> None:
    _, ray = local.start(store)
    proofs = prove("127.0.0.1", store.port, ray, "127.0.0.2")
    assert [proof for proof in proofs if not proof.passed] == []
    assert len({proof.name for proof in proofs}) == len(proofs) >= 30
    assert not any(ray.password.reveal() in proof.detail for proof in proofs)


def test_a_user_who_may_do_everything_fails_and_nothing_is_changed(store: local.LocalStore) -> None:
    process, ray = local.start(store)
    admin = admin_of(store)
    with speak(store.port, ray) as session:
        session.call("HSET", "RAYns1@KV", "key", "value")
    with speak(store.port, admin) as session:
        session.call("SET", "outside", "1")
        before = [session.call("CONFIG", "GET", "*"), session.call("ACL", "LIST")]
    named = failed(store.port, admin)
    assert {"config-refused", "eval-refused", "flushall-refused", "keys-refused", "shutdown-refused"} <= named
    assert {"set-outside-refused", "get-outside-refused", "read-other-namespace-refused"} <= named
    assert {"count-other-namespace-refused", "delete-other-namespace-refused", "replicaof-refused"} <= named
    with speak(store.port, admin) as session:
        assert [session.call("CONFIG", "GET", "*"), session.call("ACL", "LIST")] == before
        keys = session.call("KEYS", "*")
        assert isinstance(keys, list)
        assert sorted(keys) == [b"RAYns1@KV", b"outside"]
        assert session.call("ROLE")[0] == b"master"  # type: ignore[index]
    assert process.is_alive()


def test_an_open_server_fails(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(spec))
    with speak(spec.port, PERSON) as session:
        session.call("ACL", "SETUSER", "default", "nopass")
    assert {"stranger-refused", "wrong-password-refused"} <= failed(spec.port, PERSON)


def test_a_ray_user_without_a_password_fails_behind_a_closed_default(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(spec))
    with speak(spec.port, PERSON) as session:
        session.call("ACL", "SETUSER", "ray", "on", "nopass", "+ping")
    assert "wrong-password-refused" in failed(spec.port, Credential("ray", Secret("x")))


def test_the_famous_password_fails(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(spec))
    with speak(spec.port, PERSON) as session:
        session.call("ACL", "SETUSER", "default", ">5241590000000000")
    assert "stranger-refused" in failed(spec.port, PERSON)


def test_a_persons_own_user_is_not_blamed_for_its_rights(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(spec))
    proofs = prove("127.0.0.1", spec.port, PERSON, None, own_user=False)
    assert [(proof.name, proof.passed) for proof in proofs] == [
        ("stranger-refused", True),
        ("wrong-password-refused", True),
        ("ray-user-accepted", True),
    ]


def test_a_store_on_the_nodes_address_fails(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(replace(spec, bind=("127.0.0.1", "127.0.0.2"))))
    assert "unreachable-from-network" in failed(spec.port, PERSON, "127.0.0.2")
    assert "unreachable-from-network" not in failed(spec.port, PERSON, "127.0.0.3")


def test_a_refused_ray_user_fails(store: local.LocalStore) -> None:
    local.start(store)
    assert failed(store.port, Credential("ray", Secret("wrong"))) == {"ray-user-accepted"}


def test_a_store_that_is_gone_fails(free_port: int) -> None:
    assert "stranger-refused" in failed(free_port, PERSON)
    assert "ray-user-finished" in failed(free_port, PERSON)
