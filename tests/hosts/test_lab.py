"""The hosts that other tests rely on are what they claim to be."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hosts import namespace
from tests.hosts.lab import FOLDERS, RAY_FOLDER, Host, Network, stranger_uid

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.root
PORT = 7000
ECHO = "/bin/cat"


@contextlib.contextmanager
def listening(host: Host, address: str = "") -> Iterator[socket.socket]:
    """Listen on the host."""
    with host.inside():
        server = socket.create_server((address or host.address, PORT), family=_family(address or host.address))
    server.settimeout(5)
    with server:
        yield server


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def send(source: Host, target: str, data: bytes, server: socket.socket, *, timeout: float = 2) -> bytes:
    """Send ``data`` from one host to another's listener; return what arrives."""
    with source.inside():
        client = socket.create_connection((target, PORT), timeout=timeout)
    with client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        connection, _ = server.accept()
        with connection:
            return connection.makefile("rb").read()


def reaches(address: str) -> bool:
    """Say whether a connection is made within half a second."""
    try:
        socket.create_connection((address, PORT), timeout=0.5).close()
    except OSError:
        return False
    return True


def test_hosts_and_an_outsider_reach_each_other_over_both_families(network: Network) -> None:
    head, worker, outsider = (network.host(name) for name in ("head", "worker", "outsider"))
    for address in (head.address, head.address6):
        with listening(head, address) as server:
            assert send(worker, address, b"from worker", server) == b"from worker"
            assert send(outsider, address, b"from outsider", server) == b"from outsider"


def test_the_machine_itself_and_other_networks_do_not_reach_a_host(network: Network) -> None:
    head = network.host("head")
    with Network() as other, listening(head) as server:
        neighbour = other.host("head")
        assert neighbour.address == head.address  # equal addresses do not meet
        reaches(head.address)  # something else may answer there: what counts is that this host hears nothing
        server.settimeout(0.5)
        with pytest.raises(TimeoutError):
            server.accept()
        with neighbour.inside(), pytest.raises(ConnectionRefusedError):
            socket.create_connection((head.address, PORT), timeout=0.5)


def test_nothing_leaves_the_network_but_a_host_knows_its_address(network: Network) -> None:
    head = network.host("head")
    with head.inside():
        assert not reaches("192.0.2.1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("8.8.8.8", 80))  # what Ray does to find the node's address; sends nothing
            assert probe.getsockname()[0] == head.address


def test_hosts_differ_in_name_home_and_ray_folder_and_know_each_other(network: Network) -> None:
    head, worker = network.host("head"), network.host("worker")
    look = f"hostname; echo $HOME; pwd; cd {RAY_FOLDER}; touch $(hostname); ls; getent hosts worker head"
    names = f"{worker.address}    worker\n{head.address}    head\n"
    said = {host.name: host.run(["sh", "-c", look]).stdout for host in (head, worker)}
    assert said["head"].replace(" " * 7, " " * 4) == f"head\n{head.home}\n{head.home}\nhead\n{names}"
    assert said["worker"].startswith(f"worker\n{worker.home}\n{worker.home}\nworker\n")
    assert socket.gethostname() not in ("head", "worker")


def test_settings_of_the_tests_do_not_reach_a_host(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "elsewhere:6379")
    monkeypatch.setenv("SHIM_STATE_DIR", "/elsewhere")
    told = network.host("head").run(["env"], env={"RAY_AUTH_MODE": "token"}).stdout
    assert "elsewhere" not in told
    assert "RAY_AUTH_MODE=token" in told.splitlines()


def test_a_program_that_fails_fails_the_test_and_shows_what_it_said(network: Network) -> None:
    head = network.host("head")
    with pytest.raises(AssertionError, match="no such thing"):
        head.run(["sh", "-c", "echo no such thing >&2; exit 3"])
    assert head.run(["sh", "-c", "exit 3"], check=False).returncode == 3


def test_standard_input_reaches_the_program(network: Network) -> None:
    assert network.host("head").run([ECHO], stdin="line\n").stdout == "line\n"


def test_another_user_has_its_own_home_and_no_rights(network: Network) -> None:
    head, uid = network.host("head"), stranger_uid()
    (head.home / "secret").write_text("for root only")
    who = head.run(["sh", "-c", "id -u; id -g; id -G; touch $HOME/mine && echo wrote"], uid=uid).stdout.split()
    assert who == [str(uid), str(uid), str(uid), "wrote"]
    refused = head.run(["cat", head.home / "secret"], uid=uid, check=False)
    assert refused.returncode != 0
    assert "Permission denied" in refused.stderr


def test_a_cut_host_is_silent_until_it_is_mended(network: Network) -> None:
    head, worker = network.host("head"), network.host("worker")
    with listening(head) as server:
        head.cut()
        with worker.inside():
            assert not reaches(head.address)
        head.mend()
        assert send(worker, head.address, b"back", server, timeout=5) == b"back"


@pytest.mark.parametrize("family", ["address", "address6"])
def test_a_capture_sees_what_passes_also_across_segments(network: Network, family: str) -> None:
    head, worker = network.host("head"), network.host("worker")
    address = getattr(head, family)
    data = b"".join(b"%07d;" % number for number in range(20_000))  # 160 kB: many segments
    with listening(head, address) as server, head.capture() as packets:
        assert send(worker, address, data, server) == data
    assert data in packets
    assert data not in bytes(packets)
    assert b"0000001;" in bytes(packets)
    assert b"never sent" not in packets


def test_a_capture_sees_loopback_too_and_not_what_passes_elsewhere(network: Network) -> None:
    head, worker = network.host("head"), network.host("worker")
    with listening(head, "127.0.0.1") as server, head.capture() as own, worker.capture() as others:
        send(head, "127.0.0.1", b"to myself", server)
    assert b"to myself" in own
    assert b"to myself" not in others


def test_processes_of_a_host_are_listed_and_die_with_the_network(hosts_possible: None) -> None:
    with Network() as network:
        head, worker = network.host("head"), network.host("worker")
        child = head.popen(["sleep", "1000"])
        detached = head.run(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"])
        outside = head.pid_outside(int(detached.stdout))
        assert sorted(head.pids()) == sorted([child.pid, outside])
        assert worker.pids() == []
    assert child.returncode == -signal.SIGKILL
    assert not is_running(outside)


def test_a_host_sees_its_own_processes_and_no_others(network: Network) -> None:
    head, worker = network.host("head"), network.host("worker")
    head.popen(["sleep", "1234"])
    assert "sleep 1234" in head.run(["ps", "-eo", "args"]).stdout
    assert "sleep 1234" not in worker.run(["ps", "-eo", "args"]).stdout


def test_orphans_of_a_host_leave_no_zombies(network: Network) -> None:
    head = network.host("head")
    head.run(["sh", "-c", "for i in 1 2 3; do (sh -c 'exit 0' &) ; done"])
    deadline = time.monotonic() + 5
    while head.pids() and time.monotonic() < deadline:
        os.sched_yield()
    assert head.pids() == []


def test_hosts_booted_at_different_times(network: Network) -> None:
    ask = ["cat", "/proc/sys/kernel/random/boot_id"]
    own = Path(ask[1]).read_text()
    assert len({own, network.host("head").run(ask).stdout, network.host("worker").run(ask).stdout}) == 3


def test_a_signal_reaches_the_program_itself(network: Network) -> None:
    child = network.host("head").popen(
        ["sh", "-c", "trap 'exit 7' TERM; echo on; sleep 9 & wait"], stdout=subprocess.PIPE
    )
    assert child.stdout
    assert child.stdout.readline() == b"on\n"
    child.terminate()
    assert child.wait(5) == 7


def is_running(pid: int) -> bool:
    """Say whether the pid is a process that is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def left_of(pid: int) -> list[Path]:
    """Return what networks of that process left on this machine."""
    places = (namespace.NAMED, FOLDERS)
    return [path for place in places for path in place.glob(f"shim-{pid}-*")]


def links() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def test_nothing_is_left_after_an_error(hosts_possible: None) -> None:
    before, ours = links(), left_of(os.getpid())

    def interrupted() -> None:
        with Network() as network:
            network.host("head").popen(["sleep", "1000"])
            network.host("worker")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert links() == before
    assert left_of(os.getpid()) == ours


def test_what_a_killed_run_left_is_removed_by_the_next(hosts_possible: None) -> None:
    code = (
        "from tests.hosts.lab import Network; import os, signal\n"
        "head = Network().__enter__().host('head')\n"
        "child = head.popen(['sleep', '1000'])\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[2]
    killed = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)
    with killed:
        assert killed.stdout
        orphan = int(killed.stdout.readline())
    assert len(left_of(killed.pid)) == 3  # two namespaces and the folder
    deadline = time.monotonic() + 5
    while is_running(orphan) and time.monotonic() < deadline:
        os.sched_yield()
    assert not is_running(orphan)  # at once: its host died with the tests
    with Network():
        assert left_of(killed.pid) == []
