"""A head is decided before anything starts: what cannot work is refused, and planning itself leaves no trace."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compat.errors import LegacyError
from shim import token
from shim.cluster.plan import HeadPlan, check_store, plan_head
from shim.errors import ShimError, UsageError
from shim.secret import Secret
from shim.state import NodeState
from tests.shim.cluster.conftest import STRONG, Ask, tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.cluster.request import Request

FAMOUS, WEAK = "5241590000000000", "correct horse"
NETWORK, LOCAL = "--node-ip-address=10.0.0.1", "--node-ip-address=127.0.0.1"
Free = tuple[str, ...]


def plan(request: Request, known: NodeState | None = None) -> HeadPlan:
    return plan_head(request, known, set())


def password(text: str) -> str:
    return f"--redis-password={text}"


def test_a_plain_legacy_line_becomes_a_head_with_a_door(ask: Ask, free: Free) -> None:
    found = plan(ask("--head", NETWORK, password(STRONG), *free, "--num-cpus=3"))
    gcs = int(free[0].partition("=")[2])
    assert (found.ports["gcs"], found.ports["join"], found.ports["store"]) == (gcs, gcs + 10, gcs + 11)
    assert (found.address, found.local, found.gcs_address) == ("10.0.0.1", False, f"10.0.0.1:{gcs}")
    assert found.join
    assert found.join_addresses == ("10.0.0.1", "127.0.0.1")
    assert found.store.local is not None
    assert found.store.namespace == "default"
    assert "--num-cpus=3" in found.arguments
    assert STRONG not in repr(found)
    assert not [word for word in found.arguments if STRONG in word]


def test_planning_changes_nothing_and_starts_nothing(ask: Ask, free: Free, own_home: Path) -> None:
    (own_home / ".ray").mkdir()
    (own_home / ".ray" / "auth_token").write_text("a" * 64)
    (own_home / ".ray" / "auth_token").chmod(0o644)
    before, children = tree(own_home), Path("/proc/thread-self/children").read_text()
    for request in (
        ask("--head", NETWORK, password(STRONG), *free),
        ask("--head", NETWORK, *free, name="tests"),
        ask("--head", NETWORK, *free, environ={"RAY_AUTH_TOKEN": "b" * 64}),
    ):
        plan(request)
    assert tree(own_home) == before
    assert Path("/proc/thread-self/children").read_text() == children


@pytest.mark.parametrize("where", [NETWORK, LOCAL])
def test_a_password_that_everybody_knows_is_refused_everywhere(where: str, ask: Ask, free: Free) -> None:
    with pytest.raises(ShimError, match="everybody knows") as caught:
        plan(ask("--head", where, password(FAMOUS), *free))
    assert "--no-join" in caught.value.fix
    assert FAMOUS not in caught.value.what + caught.value.fix


def test_a_weak_password_is_refused_on_the_network(ask: Ask, free: Free) -> None:
    with pytest.raises(ShimError, match="on the network it needs 64") as caught:
        plan(ask("--head", NETWORK, password(WEAK), *free))
    assert WEAK not in caught.value.what + caught.value.fix


def test_a_weak_password_is_warned_about_on_this_host_alone(ask: Ask, free: Free) -> None:
    found = plan(ask("--head", LOCAL, password(WEAK), *free))
    assert found.join
    assert found.join_addresses == ("127.0.0.1",)
    assert len(found.warnings) == 1
    assert "too weak" in found.warnings[0]
    assert plan(ask("--head", LOCAL, password(STRONG), *free)).warnings == ()


@pytest.mark.parametrize("text", [FAMOUS, WEAK, STRONG])
def test_without_a_door_the_password_guards_nothing_and_may_be_anything(text: str, ask: Ask, free: Free) -> None:
    found = plan(ask("--head", NETWORK, password(text), *free, join=False))
    assert (found.join, found.warnings) == (False, ())
    assert "join" not in found.ports


def test_without_a_password_there_is_no_door(ask: Ask, free: Free) -> None:
    found = plan(ask("--head", NETWORK, *free))
    assert not found.join
    assert "join" not in found.ports


def test_rays_words_for_this_host_mean_the_hosts_address_and_a_door_on_loopback(ask: Ask, free: Free) -> None:
    """Ray rewrites 127.0.0.1 to the host's address: its ports are on the network all the same."""
    from shim.network import node_address

    for word in ("127.0.0.1", "localhost"):
        found = plan(ask("--head", f"--node-ip-address={word}", *free))
        assert (found.address, found.local) == (node_address(), True)


def test_an_address_of_ipv6_has_a_door_on_both_its_loopback_and_itself(ask: Ask, free: Free) -> None:
    found = plan(ask("--head", "--node-ip-address=fd77::2", password(STRONG), *free))
    assert found.join_addresses == ("fd77::2", "::1")
    assert found.gcs_address == f"[fd77::2]:{found.ports['gcs']}"


@pytest.mark.parametrize("address", ["head", "10.0.0.256", "10.0.0.1:6379", "0.0.0.0", "::", "224.0.0.1", ""])
def test_a_node_address_that_is_none_is_refused(address: str, ask: Ask, free: Free) -> None:
    with pytest.raises((UsageError, LegacyError)):
        plan(ask("--head", f"--node-ip-address={address}", *free))


def test_a_public_address_is_warned_about(ask: Ask, free: Free) -> None:
    (warning,) = plan(ask("--head", "--node-ip-address=8.8.8.8", *free)).warnings
    assert "8.8.8.8 is a public address" in warning
    assert "TLS" in warning
    for private in ("10.0.0.1", "192.168.1.1", "fd77::2", "127.0.0.1"):
        assert plan(ask("--head", f"--node-ip-address={private}", *free)).warnings == ()


def test_the_default_token_is_the_persons_own(ask: Ask, free: Free, own_home: Path) -> None:
    assert plan(ask("--head", *free)).token_path == own_home / ".ray" / "auth_token"


def test_a_token_file_that_was_named_is_used(ask: Ask, free: Free, tmp_path: Path) -> None:
    path = tmp_path / "token"
    token.save(path, Secret("c" * 64))
    assert plan(ask("--head", *free, environ={"RAY_AUTH_TOKEN_PATH": str(path)})).token_path == path


def test_a_token_given_by_value_goes_into_the_state_folder(ask: Ask, free: Free) -> None:
    """Ray gets a path, never the token itself."""
    found = plan(ask("--head", *free, environ={"RAY_AUTH_TOKEN": "c" * 64}))
    assert found.token_path == found.folder / "auth_token"


def test_a_named_cluster_has_a_token_of_its_own(ask: Ask, free: Free, own_home: Path) -> None:
    token.generate(token.default_path(own_home))
    found = plan(ask("--head", *free, name="tests", environ={"RAY_AUTH_TOKEN": "c" * 64}))
    assert found.token_path == found.folder / "auth_token"
    assert found.folder.parent.name == "tests"


def test_a_token_that_ray_could_not_use_is_refused(ask: Ask, free: Free, tmp_path: Path) -> None:
    with pytest.raises(ShimError, match="missing or has an empty first line"):
        plan(ask("--head", *free, environ={"RAY_AUTH_TOKEN_PATH": str(tmp_path / "none")}))


@pytest.mark.parametrize("place", [".ray", ".ray/auth_token"])
def test_a_token_behind_a_link_is_refused(place: str, ask: Ask, free: Free, own_home: Path, tmp_path: Path) -> None:
    (own_home / place).parent.mkdir(exist_ok=True)
    (own_home / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ShimError, match="symbolic link"):
        plan(ask("--head", *free))


@pytest.mark.parametrize("depth", range(4))
def test_a_state_folder_behind_a_link_is_refused(
    depth: int, ask: Ask, free: Free, own_home: Path, tmp_path: Path
) -> None:
    request = ask("--head", *free)
    folder = [(real := plan(request).folder), *real.parents][3 - depth]
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(tmp_path)
    with pytest.raises(ShimError, match="symbolic link"):
        plan(request)


@pytest.mark.root
def test_a_state_folder_of_someone_else_is_refused(ask: Ask, free: Free, own_home: Path) -> None:
    (own_home / "state").mkdir()
    os.chown(own_home / "state", 65534, 65534)
    with pytest.raises(ShimError, match="belongs to user 65534"):
        plan(ask("--head", *free))


def test_a_redis_of_the_persons_gets_the_password_and_no_door_opens(ask: Ask, free: Free) -> None:
    """`RAY_REDIS_ADDRESS` with --redis-password is the one place where Ray still checks it: it stays the store's."""
    environ = {"RAY_REDIS_ADDRESS": "10.9.9.9:6379"}
    found = plan(ask("--head", NETWORK, password(FAMOUS), "--redis-username=me", *free, environ=environ))
    assert (found.store.local, found.store.username) == (None, "me")
    assert found.store.password == Secret(FAMOUS)
    assert found.store.url == Secret("redis://10.9.9.9:6379")
    assert found.store.namespace == "default"
    assert not found.join
    assert set(found.ports) == {"gcs", "dashboard", "client", "agent"}
    assert "10.9.9.9" not in repr(found)


def test_a_store_of_the_persons_keeps_the_door_and_has_a_namespace_of_its_own(ask: Ask, free: Free) -> None:
    """Others may use that server too."""
    request = ask("--head", NETWORK, password(STRONG), *free, store="rediss://u:p4ss@store:6380")
    one, other = plan(request), plan(request)
    assert one.join
    assert one.binary is not None  # for the join service, which is always ours
    assert one.store.local is None
    assert "store" not in one.ports
    assert one.store.namespace.startswith("default-")
    assert one.store.namespace != other.store.namespace
    assert "p4ss" not in repr(one)


def test_a_namespace_that_was_given_is_kept(ask: Ask, free: Free) -> None:
    environ = {"RAY_external_storage_namespace": "mine"}
    for store in ("auto", "redis://store:6379"):
        assert plan(ask("--head", *free, store=store, environ=environ)).store.namespace == "mine"


def test_what_an_earlier_start_left_is_kept(ask: Ask, free: Free) -> None:
    first = plan(ask("--head", *free))
    known = NodeState(first.folder, "default", "head", first.cluster_id)
    assert plan(ask("--head", *free), known).cluster_id == first.cluster_id
    assert plan(ask("--head", *free)).cluster_id != first.cluster_id


def test_data_stays_off_the_network(ask: Ask, free: Free, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask("--head", *free)
    here = plan(request)
    assert here.store.local is not None
    assert here.store.local.data == here.folder / "store" / "data"
    monkeypatch.setattr("shim.store.filesystem.is_network_filesystem", lambda path: "nfs4")
    away = plan(request)
    assert away.store.local is not None
    data = away.store.local.data
    assert data.is_relative_to(f"/var/tmp/shim-{os.geteuid()}")
    assert data.parts[-3:] == away.folder.parts[-3:]  # host, cluster, head: hosts with one home do not meet
    assert not data.exists()


def test_a_taken_port_is_refused_and_ours_is_not(ask: Ask, free: Free) -> None:
    request = ask("--head", *free)
    with socket.create_server(("127.0.0.1", int(free[1].partition("=")[2]))):
        with pytest.raises(ShimError, match=r"\(dashboard\) is in use by pid"):
            plan(request)
        assert plan_head(request, None, {os.getpid()}).ports


def test_ports_that_clash_are_refused(ask: Ask, free: Free) -> None:
    gcs = int(free[0].partition("=")[2])
    with pytest.raises(UsageError, match=f"Port {gcs + 10} is wanted twice"):
        plan(ask("--head", NETWORK, password(STRONG), *free, f"--dashboard-port={gcs + 10}"))
    assert plan(ask("--head", *free, f"--dashboard-port={gcs + 10}")).ports["dashboard"] == gcs + 10  # no join: free


def test_a_port_among_the_workers_is_refused_where_the_person_put_them(ask: Ask, free: Free) -> None:
    gcs = int(free[0].partition("=")[2])
    moved = ("--min-worker-port=20000", "--max-worker-port=22999")
    with pytest.raises(UsageError, match=rf"Port {gcs} of the GCS lies among.*\(20000 to 22999\)"):
        plan(ask("--head", *free, *moved))


def test_join_and_store_ports_can_be_chosen(ask: Ask, free: Free, free_port: Callable[[], int]) -> None:
    join, store = free_port(), free_port()
    found = plan(ask("--head", NETWORK, password(STRONG), *free, join_port=join, store_port=store))
    assert (found.ports["join"], found.ports["store"]) == (join, store)
    assert found.store.local is not None
    assert found.store.local.port == store


def test_a_random_port_is_refused(ask: Ask) -> None:
    with pytest.raises(UsageError, match="--port=0 is not a port that shim can use"):
        plan(ask("--head", "--port=0"))


def test_rays_defaults_are_not_repeated_to_ray_and_other_ports_are(ask: Ask, free: Free) -> None:
    words = plan(ask("--head", *free)).arguments
    for option in free:
        assert words.count(option) == 1
    assert not [word for word in words if word.startswith(("--min-worker", "--max-worker"))]
    found = plan(ask("--head", *free[1:], "--port", free[0].partition("=")[2]))
    assert [word for word in found.arguments if word.startswith("--port")] == ["--port"]


def test_random_ports_for_workers_are_rays_business(ask: Ask, free: Free) -> None:
    words = plan(ask("--head", "--min-worker-port=0", "--max-worker-port=0", *free)).arguments
    assert [word for word in words if "worker-port" in word] == ["--min-worker-port=0", "--max-worker-port=0"]


def test_a_server_that_will_not_do_is_refused(ask: Ask, free: Free, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no store 'sqlite'"):
        plan(ask("--head", *free, store="sqlite"))
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.14 sha=0 malloc=x bits=64 build=0'\n")
    old.chmod(0o755)
    with pytest.raises(ShimError, match=r"redis 5\.0\.14; ACLs came with 6\.0"):
        check_store(plan(ask("--head", *free, store="native", environ={"PATH": f"{tmp_path}:/bin"})))
    found = plan(ask("--head", *free, environ={"PATH": f"{tmp_path}:/bin"}))  # auto goes on to the embedded one
    assert found.binary is not None
    assert found.binary.source == "embedded"


def test_a_broken_server_is_found_before_anything_is_stopped(ask: Ask, free: Free, tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo 'Redis server v=7.0.0 sha=0 malloc=x bits=64' && exit\n"
        "echo 'Fatal error, cannot open config file'; exit 1\n"
    )
    broken.chmod(0o755)
    with pytest.raises(ShimError):
        check_store(plan(ask("--head", *free, store="native", environ={"PATH": f"{tmp_path}:/bin"})))
