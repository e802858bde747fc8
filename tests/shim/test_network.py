"""Addresses are read and written one way, and listeners are those that the kernel has."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shim.network import (
    Listener,
    describe_holder,
    is_loopback,
    is_private,
    join_host,
    listeners,
    node_address,
    split_address,
)
from tests import real

if TYPE_CHECKING:
    import ipaddress
    from collections.abc import Iterator

    from tests.hosts.lab import Network

ADDRESSES = {
    "head": ("head", 6379),
    "head:1": ("head", 1),
    "head.example.com:65535": ("head.example.com", 65535),
    "10.0.0.1:6380": ("10.0.0.1", 6380),
    "10.0.0.1": ("10.0.0.1", 6379),
    "::1": ("::1", 6379),
    "[::1]": ("::1", 6379),
    "[fd77::2]:6380": ("fd77::2", 6380),
    "fd77::2": ("fd77::2", 6379),
    "[fe80::1%eth0]:1": ("fe80::1%eth0", 1),
    "[head]:5": ("head", 5),
}


@pytest.mark.parametrize(("text", "found"), ADDRESSES.items(), ids=ADDRESSES)
def test_address_is_split(text: str, found: tuple[str, int]) -> None:
    assert split_address(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "", ":", ":6379", "head:", "head:0", "head:65536", "head:-1", "head:+1", "head:1_0", "head:x", "head: 1",
        "head:\uff16\uff13", "head:" + "9" * 5000, "[]:1", "[]", "he ad:1", "http://head:1", "ray://head:10001",
        "redis://:pw@head:1", "user@head:1", "head/0:1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not host:port|''"):
        split_address(text)


HOSTS = some.one_of(
    some.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True),
    some.ip_addresses(v=4).map(str),
    some.ip_addresses(v=6).map(str),
)


@given(HOSTS, some.integers(1, 65535))
def test_what_is_joined_is_split_again(host: str, port: int) -> None:
    assert split_address(join_host(host, port)) == (host, port)


@given(some.text(max_size=30))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        host, port = split_address(text)
        assert host.strip("[]") == host
        assert 0 < port <= 65535
        assert split_address(join_host(host, port)) == (host, port)


@contextlib.contextmanager
def listening(family: socket.AddressFamily, address: str, *, v6only: bool = True) -> Iterator[int]:
    with socket.socket(family) as server:
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
        server.bind((address, 0))
        server.listen()
        yield int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("family", "bound", "shown"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET, "127.1.2.3", "127.1.2.3"),
        (socket.AF_INET6, "::1", "::1"),
        (socket.AF_INET6, "::ffff:127.0.0.1", "127.0.0.1"),  # a Java or Go server on IPv4
    ],
)
def test_a_listener_is_seen_with_its_address_and_holder(family: socket.AddressFamily, bound: str, shown: str) -> None:
    with listening(family, bound, v6only=False) as port:
        found = [listener for listener in listeners() if listener.port == port]
        assert [listener.address for listener in found] == [shown]
        assert is_loopback(found[0].address)
        assert found[0].holder() == os.getpid()
        assert describe_holder(found[0]).startswith(f"pid {os.getpid()} (")
    assert [listener for listener in listeners() if listener.port == port] == []


def test_a_socket_that_only_connects_or_is_bound_is_no_listener() -> None:
    with listening(socket.AF_INET, "127.0.0.1") as port, socket.create_connection(("127.0.0.1", port)) as client:
        assert client.getsockname()[1] not in {listener.port for listener in listeners()}
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert bound.getsockname()[1] not in {listener.port for listener in listeners()}


def test_the_holder_is_found_while_it_opens_and_closes_other_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A descriptor that is closed between the listing and the look must not hide those after it."""
    with listening(socket.AF_INET, "127.0.0.1") as port:
        (found,) = (listener for listener in listeners() if listener.port == port)
        real_readlink = os.readlink

        def fickle(path: str) -> str:
            if path.endswith("/fd/0"):
                raise FileNotFoundError(path)
            return real_readlink(path)

        monkeypatch.setattr(os, "readlink", fickle)
        assert found.holder() == os.getpid()


def test_a_socket_that_nobody_holds_any_more_has_no_holder() -> None:
    gone = Listener("127.0.0.1", 1, inode=2**40)
    assert gone.holder() is None
    assert describe_holder(gone) == "a process of another user"


@pytest.mark.root
def test_another_users_process_is_not_named_to_who_may_not_know() -> None:
    ask = (
        "import os, sys; from shim.network import *; os.setuid(65534)\n"
        "print(*(describe_holder(found) for found in listeners() if found.port == int(sys.argv[1])))"
    )
    with listening(socket.AF_INET, "127.0.0.1") as port:
        done = subprocess.run([sys.executable, "-c", ask, str(port)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "a process of another user"


def test_without_any_route_the_address_is_loopback() -> None:
    """As on a laptop in a train; Ray does the same."""
    unshare = str(real.program("unshare", "util-linux"))
    real.need(os.geteuid() == 0, "root", "sudo sh tests/run.sh")
    ask = "from shim.network import node_address; print(node_address(), node_address('2001:db8::1'))"
    command = [unshare, "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", sys.executable, "-c", ask]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["127.0.0.1", "127.0.0.1"]


def test_the_address_is_the_one_on_the_way_to_the_target(network: Network) -> None:
    host = network.host("head")
    with host.inside():
        assert node_address() == host.address
        assert node_address("127.0.0.1") == "127.0.0.1"
        assert node_address("fd77::1") == host.address6


def test_asking_for_the_address_sends_nothing(network: Network) -> None:
    host = network.host("head")
    other = network.host("other")
    with host.inside(), host.capture() as packets:
        node_address(other.address)
    ipv4_or_arp = (b"\x08\x00", b"\x08\x06")
    assert [frame for frame in packets.frames if frame[12:14] in ipv4_or_arp] == []


@pytest.mark.parametrize(
    ("address", "loopback", "private"),
    [
        ("127.0.0.1", True, True),
        ("127.9.9.9", True, True),
        ("::1", True, True),
        ("localhost", True, False),
        ("10.1.2.3", False, True),
        ("172.16.0.1", False, True),
        ("192.168.0.1", False, True),
        ("169.254.1.1", False, True),
        ("fd00::1", False, True),
        ("fe80::1", False, True),
        ("0.0.0.0", False, True),
        ("8.8.8.8", False, False),
        ("2606:4700::1", False, False),
        ("head", False, False),
        ("", False, False),
    ],
)
def test_who_can_reach_an_address(address: str, loopback: bool, private: bool) -> None:
    assert (is_loopback(address), is_private(address)) == (loopback, private)


@given(some.ip_addresses(v=4) | some.ip_addresses(v=6))
def test_the_kernels_notation_is_read(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    from shim.network import _readable

    words = [address.packed[at : at + 4] for at in range(0, len(address.packed), 4)]
    kernel = "".join(f"{int.from_bytes(word, 'little'):08X}" for word in words)
    assert _readable(kernel) == str(getattr(address, "ipv4_mapped", None) or address)


def test_looking_for_a_holder_while_processes_come_and_go_does_not_fail() -> None:
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            with socket.socket():
                subprocess.run(["true"], check=True)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        with listening(socket.AF_INET, "127.0.0.1") as port:
            for _ in range(20):
                (found,) = (listener for listener in listeners() if listener.port == port)
                assert found.holder() is not None
    finally:
        stop.set()
        thread.join()
