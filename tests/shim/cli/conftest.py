"""Run shim as a person does: a process of its own, into pipes or on a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str = ""


def _command(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "shim", *words]


@pytest.fixture
def shim() -> Callable[..., Said]:
    """Run a command into pipes."""

    def run(*words: str, stdin: str | None = None, **environ: str) -> Said:
        given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        done = subprocess.run(
            _command(words), env={**os.environ, **environ}, capture_output=True, text=True, timeout=60, **given
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def terminal() -> Callable[..., Said]:
    """Run a command on a terminal of its own; ``typed`` is what the person types."""

    def run(*words: str, typed: str = "", **environ: str) -> Said:
        ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", **environ}
        child = subprocess.Popen(
            _command(words), env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        said, deadline = b"", time.monotonic() + 60
        if typed:
            while b": " not in said:  # the question
                said += _read(ours, deadline)
            os.write(ours, typed.encode())
        while data := _read(ours, deadline):
            said += data
        os.close(ours)
        return Said(child.wait(60), said.decode().replace("\r\n", "\n"))

    return run


def _read(descriptor: int, deadline: float) -> bytes:
    assert select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0], "it says nothing"
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the program has ended: EIO
        return b""
