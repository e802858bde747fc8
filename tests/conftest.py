"""What every test stands on: a home of its own, no settings of Ray or shim from outside, real parts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import real
from tests.hosts.lab import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = ("SHIM_TEST_", real.REQUIRED)  # settings of the tests themselves


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Hold back tests that are marked as needing root or Ray where those are missing."""
    if item.get_closest_marker("root"):
        real.need(os.geteuid() == 0, "root", "sudo sh tests/run.sh")
    if item.get_closest_marker("ray"):
        real.beside_python("ray")


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep every test away from the person's settings and home (``~/.ray/auth_token``); return its own."""
    for name in list(os.environ):
        if name.startswith(("RAY_", "SHIM_", "XDG_")) and not name.startswith(KEPT):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anyone from a test
    return home


@pytest.fixture(scope="session")
def need_root() -> None:
    """Skip, or fail where real parts are required, without root."""
    real.need(os.geteuid() == 0, "root", "sudo sh tests/run.sh")


@pytest.fixture(scope="session")
def hosts_possible(need_root: None) -> None:
    """Check for what network namespaces as hosts take."""
    real.program("ip", "iproute2")
    real.need(Path("/proc/self/ns/net").exists(), "network namespaces", "use a Linux kernel with CONFIG_NET_NS")


@pytest.fixture
def network(hosts_possible: None) -> Iterator[Network]:
    """Make an empty network for one test; put hosts on it with ``network.host("head")``."""
    with Network() as made:
        yield made


@pytest.fixture(scope="module")
def module_network(hosts_possible: None) -> Iterator[Network]:
    """Make an empty network for all tests of a module."""
    with Network() as made:
        yield made


@pytest.fixture(scope="session")
def ray_bin() -> Path:
    """Find the ``ray`` of this environment, or the one that SHIM_TEST_RAY names."""
    return real.beside_python("ray")


@pytest.fixture(scope="session")
def shim_bin() -> Path:
    """Find the ``shim`` of this environment, or the one that SHIM_TEST_SHIM names."""
    return real.beside_python("shim")


@pytest.fixture(scope="session")
def redis_server() -> Path:
    """Find Debian's redis-server, or the one that SHIM_TEST_REDIS_SERVER names."""
    return real.program("redis-server")
