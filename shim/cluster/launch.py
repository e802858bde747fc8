"""Run ``ray start`` through the bootstrap, and show what it says."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.process import Child, Process, look, spawn, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shim.cluster.ray import RayInstallation
    from shim.secret import Secret

BOOTSTRAP = Path(__file__).parent / "bootstrap" / "ray_start.py"
STARTED = "Ray runtime started."
TIMEOUT = 300
"""Seconds for ``ray start``; it takes 13 on two idle cores (Ray 2.60) and has waits of its own inside."""

_ADVICE = ("Next steps", "To terminate the Ray runtime")
_NOISE = ("Could not retrieve session key from storage", "Usage stats collection is", "----")


@dataclass(frozen=True)
class Launch:
    """What to hand to ``ray start``: arguments without secrets, environment, log."""

    ray: RayInstallation
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path


def command(launch: Launch) -> list[str]:
    """Return the command line that is run."""
    style = [
        option
        for option in ("--log-style=pretty", "--log-color=false")
        if not any(word.startswith(option.partition("=")[0]) for word in launch.arguments)
    ]
    return [str(launch.ray.python), str(BOOTSTRAP), *launch.arguments, *style]


def begin(launch: Launch) -> tuple[Child, Process]:
    """Begin ``ray start`` in a session of its own; return it, and what `process.family` knows it by.

    It loads Ray, which takes a second, and then waits for `hand_over`; when we die before that, it ends.
    """
    launch.log.unlink(missing_ok=True)
    child = spawn(command(launch), env=launch.environment, log=launch.log, stdin=None)
    return child, look(child.pid) or Process(child.pid, start=0, session=child.pid)


def hand_over(child: Child, store_password: Secret | None) -> None:
    """Let it go on: its store is there, and this is the password (None: there is none, as for a worker)."""
    secret = {"redis_password": store_password.reveal()} if store_password else {}
    tell(child, json.dumps(secret).encode())


def await_started(child: Child, launch: Launch, say: Callable[[str], None]) -> None:
    """Wait until ``ray start`` has done its work, passing on what it says, less its advice.

    With ``--block`` it does not end: its word that it started counts.

    Raises:
        ShimError: It failed or is not done in time; the last lines of its log say why.
    """
    deadline, shown = time.monotonic() + TIMEOUT, 0
    blocks = "--block" in launch.arguments
    while True:
        code = child.poll()
        text = launch.log.read_text(errors="replace") if launch.log.exists() else ""
        lines = list(worth_showing(text if code is not None else text[: text.rfind("\n") + 1]))
        for line in lines[shown:]:
            say(line)
        shown = len(lines)
        if code == 0 or (blocks and code is None and STARTED in text):
            return
        if code is not None:
            raise ShimError(f"`ray start` failed (exit code {code}).", fix=f"See what it said above, and {launch.log}.")
        if time.monotonic() > deadline:
            raise ShimError(
                f"`ray start` is not done after {TIMEOUT} seconds.",
                fix=f"Is the machine overloaded? See {launch.log}.",
            )
        time.sleep(0.05)


def worth_showing(text: str) -> Iterator[str]:
    """Yield Ray's own words less its "Next steps" (they would leave the token out) and its advice to ``ray stop``.

    ``ray stop`` would leave the store running and end every other Ray of the machine.
    """
    advising = False
    for line in text.splitlines():
        if line.startswith(_ADVICE):
            advising = True
        elif line and not line.startswith(" "):
            advising = False
        if not advising and line.strip() and not any(noise in line for noise in _NOISE):
            yield line
