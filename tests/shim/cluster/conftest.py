"""Requests as a person would type them, on the Ray beside this Python (asked for its version, not started)."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from shim.cluster.request import Choices, Request, read_request
from tests.shim.cluster.place import new_place, place, ray_program  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

STRONG = "1b671a64-40d5-491e-99b0-da01ff1f3341"
"""A legacy password that may open a join on the network."""


class Ask(Protocol):
    """Read a command line of `shim start`."""

    def __call__(self, *argv: str, environ: Mapping[str, str] | None = None, **choices: Any) -> Request: ...


@pytest.fixture
def ask(ray_bin: Path, own_home: Path) -> Ask:
    """Read ``ray start`` words, with shim's own options as keywords."""

    def read(*argv: str, environ: Mapping[str, str] | None = None, **choices: Any) -> Request:
        chosen = Choices(**{"ray_bin": str(ray_bin), **choices})
        given = {"PATH": os.environ["PATH"], "SHIM_STATE_DIR": str(own_home / "state"), **(environ or {})}
        return read_request(argv, chosen, given, own_home)

    return read


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Return a port that nobody listens on, below the kernel's own and beyond the workers'."""
    left = iter(range(20000, 22990))

    def choose() -> int:
        for port in left:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)):
                    return port
        raise RuntimeError("all ports are in use")

    return choose


@pytest.fixture
def free(free_port: Callable[[], int]) -> tuple[str, ...]:
    """Return the options that put every fixed port of a head where nobody is."""
    gcs = free_port()
    for _ in range(20):
        free_port()  # keep those for the join service and the store
    names = ("--dashboard-port", "--ray-client-server-port", "--dashboard-agent-listen-port")
    return (f"--port={gcs}", *(f"{name}={free_port()}" for name in names))


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return everything below a folder: mode, and content of files."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }
