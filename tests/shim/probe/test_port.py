"""Connecting, and nothing more."""

from __future__ import annotations

import errno
import socket
import time
from typing import TYPE_CHECKING

from shim.probe.answer import Verdict, from_error
from shim.probe.port import is_open
from tests.shim.probe import peers

if TYPE_CHECKING:
    import pytest


def test_a_listener_is_open_whatever_it_speaks() -> None:
    with peers.listening(peers.stays_silent) as number:
        assert is_open("127.0.0.1", number) is Verdict.OPEN


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver is the only part that cannot be had: nobody's hosts file names two addresses of 127/8."""
    with peers.listening(peers.stays_silent) as number:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, number)) for host in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert is_open("two-addresses", number) is Verdict.OPEN


def test_a_host_that_cannot_be_reached_is_silent_and_no_route_is_other() -> None:
    """A firewall that rejects with ICMP host-prohibited looks like an unreachable host."""
    assert from_error(OSError(errno.EHOSTUNREACH, "No route to host")).verdict is Verdict.SILENT
    assert from_error(OSError(errno.ENETUNREACH, "Network is unreachable")).verdict is Verdict.OTHER


def test_a_port_without_listener_is_absent() -> None:
    assert is_open("127.0.0.1", peers.free_port()) is Verdict.ABSENT


def test_a_port_that_drops_packets_is_silent_in_time() -> None:
    with peers.filtered() as number:
        start = time.monotonic()
        assert is_open("127.0.0.1", number, timeout=0.3) is Verdict.SILENT
        assert time.monotonic() - start < 1


def test_a_host_that_cannot_be_named_is_other() -> None:
    assert is_open("a..b", 1) is Verdict.OTHER
