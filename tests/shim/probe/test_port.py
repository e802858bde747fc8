"""Connecting, and nothing more."""

from __future__ import annotations

import time

from shim.probe.answer import Verdict
from shim.probe.port import is_open
from tests.shim.probe import peers


def test_a_listener_is_open_whatever_it_speaks() -> None:
    with peers.listening(peers.stays_silent) as number:
        assert is_open("127.0.0.1", number) is Verdict.OPEN


def test_a_name_with_two_addresses_is_tried_on_both() -> None:
    with peers.listening(peers.stays_silent) as number:
        assert is_open("localhost", number) is Verdict.OPEN


def test_a_port_without_listener_is_absent() -> None:
    assert is_open("127.0.0.1", peers.free_port()) is Verdict.ABSENT


def test_a_port_that_drops_packets_is_silent_in_time() -> None:
    with peers.filtered() as number:
        start = time.monotonic()
        assert is_open("127.0.0.1", number, timeout=0.3) is Verdict.SILENT
        assert time.monotonic() - start < 1


def test_a_host_that_cannot_be_named_is_other() -> None:
    assert is_open("a..b", 1) is Verdict.OTHER
