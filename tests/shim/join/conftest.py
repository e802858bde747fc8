"""Real join services on every server binary at hand, and small fake heads on real sockets."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from shim.join.credential import Derived, derive
from shim.join.record import JoinRecord, seal
from shim.join.service import close_door, open_door
from shim.secret import Secret
from shim.store.binary import Binary, ask, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shim.process import Process

PASSWORD = Secret("1b671a64-40d5-491e-99b0-da01ff1f3341")
TOKEN = "5ca1ab1e" * 8


@pytest.fixture(scope="session")
def derived() -> Derived:
    return derive(PASSWORD)


@pytest.fixture(scope="session")
def record() -> JoinRecord:
    return JoinRecord(Secret(TOKEN), "28c9d0f1a2", int(time.time()), "2.60.0", 6379)


@pytest.fixture(scope="session")
def sealed(record: JoinRecord, derived: Derived) -> bytes:
    return seal(record, derived)


def _binaries() -> list[str]:
    """Return the embedded server, Debian's, and those in SHIM_TEST_SERVERS (paths, with colons between)."""
    native = shutil.which("redis-server", path="/usr/bin")
    more = [path for path in os.environ.get("SHIM_TEST_SERVERS", "").split(":") if path]
    return ["embedded", *([native] if native else []), *more]


@pytest.fixture(scope="session", params=_binaries())
def binary(request: pytest.FixtureRequest) -> Binary:
    if request.param == "embedded":
        return find("embedded")
    from pathlib import Path

    return ask(Path(request.param), "native")


@dataclass(frozen=True)
class Door:
    """A running join service."""

    port: int
    folder: Path
    process: Process


@pytest.fixture
def door(
    binary: Binary, tmp_path: Path, sealed: bytes, derived: Derived, free_port: Callable[[], int]
) -> Iterator[Door]:
    port = free_port()
    process = open_door(
        folder=tmp_path / "join",
        binary=binary,
        addresses=("127.0.0.1",),
        port=port,
        sealed=sealed,
        join_password=derived.join_password,
        marker=str(tmp_path),
    )
    yield Door(port, tmp_path / "join", process)
    close_door(process)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    def choose() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return choose


@contextlib.contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on a port of 127.0.0.1 and let ``answer`` deal with each connection, one thread each."""
    server = socket.create_server(("127.0.0.1", 0))

    def deal(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the client hung up
            answer(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=deal, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.fixture
def gcs() -> Iterator[int]:
    """Something that listens where the GCS would."""
    with listening(lambda connection: None) as port:
        yield port
