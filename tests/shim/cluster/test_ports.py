"""Fixed ports are told apart and seen to be free before anything starts."""

from __future__ import annotations

import itertools
import os
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shim.cluster import ports
from shim.cluster.ports import choose, number, refuse_clashes, refuse_taken, taken
from shim.errors import ShimError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = ("gcs", "join", "store", "dashboard", "client", "agent")
DEFAULTS = {"gcs": 6379, "join": 6389, "store": 6390, "dashboard": 8265, "client": 10001, "agent": 52365}


def test_every_role_has_a_name_and_an_option() -> None:
    assert tuple(choose({}, 0)) == tuple(ports.OPTIONS) == tuple(ports.TITLES) == ROLES


def test_the_default_ports_are_rays_own_and_do_not_clash() -> None:
    assert choose({}, 0) == DEFAULTS
    refuse_clashes(choose({}, 0), ports.WORKERS)


def test_join_and_store_follow_the_gcs() -> None:
    assert choose({"gcs": 7000}, 0) == {**DEFAULTS, "gcs": 7000, "join": 7010, "store": 7011}


@pytest.mark.parametrize("role", ROLES)
def test_what_was_asked_for_wins(role: str) -> None:
    assert choose({role: 9000}, 3)[role] == 9000


def test_no_two_slots_share_a_port() -> None:
    every = [port for slot in range(9) for port in choose({}, slot).values()]
    assert len(every) == len(set(every))
    for slot in range(1, 9):
        refuse_clashes(choose({}, slot), (23000 + 1000 * slot, 23999 + 1000 * slot))


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(ROLES, 2)))
def test_two_roles_on_one_port_are_refused_by_name(one: str, other: str) -> None:
    both = {**DEFAULTS, one: 7777, other: 7777}
    with pytest.raises(UsageError, match="Port 7777 is wanted twice") as caught:
        refuse_clashes(both, ports.WORKERS)
    assert ports.TITLES[one] in caught.value.what
    assert ports.TITLES[other] in caught.value.what
    assert ports.OPTIONS[other] in caught.value.fix


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("port", "refused"), [(10001, False), (10002, True), (19999, True), (20000, False)])
def test_a_port_among_the_workers_is_refused(role: str, port: int, refused: bool) -> None:
    wanted = {**DEFAULTS, "client": 10000, role: port}
    if not refused:
        refuse_clashes(wanted, ports.WORKERS)
        return
    with pytest.raises(UsageError, match=f"Port {port} of the {ports.TITLES[role]} lies among"):
        refuse_clashes(wanted, ports.WORKERS)


@pytest.mark.parametrize("gcs", [65526, 65530, 65535])
def test_a_gcs_port_that_leaves_no_room_is_refused(gcs: int) -> None:
    with pytest.raises(UsageError, match="the highest is 65535") as caught:
        refuse_clashes(choose({"gcs": gcs}, 0), ports.WORKERS)
    assert re.search("--(join|store)-port", caught.value.fix)


def test_the_highest_gcs_port_that_leaves_room_passes() -> None:
    refuse_clashes(choose({"gcs": 65524}, 0), ports.WORKERS)


@pytest.mark.parametrize("text", ["0", "", "-1", "65536", "6379.0", "x", "6_379", " 6379", "1e3"])
def test_what_is_no_fixed_port_is_refused_with_its_option(text: str) -> None:
    with pytest.raises(UsageError, match="--port=") as caught:
        number(text, "--port")
    assert "--port" in caught.value.fix


@given(some.integers(1, 65535))
def test_every_port_is_read(port: int) -> None:
    assert number(str(port), "--port") == port


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_a_taken_port_is_found_with_its_holder(server: socket.socket) -> None:
    port = server.getsockname()[1]
    assert taken({"gcs": port, "join": 1}, ())["gcs"].port == port
    with pytest.raises(
        ShimError, match=rf"Nothing was started: port {port} \(GCS\) is in use by pid {os.getpid()}"
    ) as e:
        refuse_taken({"gcs": port}, ())
    assert "--port=…" in e.value.fix
    assert "--name" in e.value.fix


def test_all_taken_ports_are_named_at_once(server: socket.socket) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        wanted = {"dashboard": server.getsockname()[1], "agent": other.getsockname()[1]}
        with pytest.raises(ShimError) as caught:
            refuse_taken(wanted, ())
    for role, port in wanted.items():
        assert f"port {port} ({ports.TITLES[role]})" in caught.value.what
        assert f"{ports.OPTIONS[role]}=…" in caught.value.fix


def test_our_own_ports_count_as_free(server: socket.socket) -> None:
    """A restart takes over the ports of the processes that it is about to clear."""
    port = server.getsockname()[1]
    assert taken({"gcs": port}, {os.getpid()}) == {}
    assert list(taken({"gcs": port}, {1})) == ["gcs"]
    refuse_taken({"gcs": port}, {os.getpid()})


def test_a_port_on_any_address_counts() -> None:
    """Another address would be free to bind; but who connects to the node would reach either."""
    with socket.create_server(("127.0.0.9", 0)) as other:
        assert list(taken({"gcs": other.getsockname()[1]}, ())) == ["gcs"]


SHARED = (
    "import socket, sys, time\n"
    "server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
    "server.bind(('127.0.0.1', int(sys.argv[1]))); server.listen()\n"
    "print(server.getsockname()[1], flush=True); sys.stdin.read()"
)


def test_a_port_that_would_be_shared_without_an_error_is_taken() -> None:
    """Two heads on one host both bind 10001 (SO_REUSEPORT): binding proves nothing, the list does."""
    command = [sys.executable, "-c", SHARED]
    with subprocess.Popen([*command, "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        port = int(first.stdout.readline())
        with socket.socket() as ours:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            ours.bind(("127.0.0.1", port))  # no error
            ours.listen()
            assert list(taken({"client": port}, {os.getpid()})) == ["client"], "the other's socket is hidden by ours"
            assert taken({"client": port}, {os.getpid(), first.pid}) == {}
        first.communicate("")
