"""What `shim run` handed on to this Python, and the beginning of the hook."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field

VARIABLE = "SHIM_RUN"
"""Environment variable that every process of a run inherits. JSON, no secret: see `Run`."""

PAPER = "shim-run"
"""Name of the file in memory that carries the password in, and then the notes that were said (memfd_create(2))."""


@dataclass
class Run:
    """One `shim run` or one process with ``shim.install()``.

    Attributes:
        shim: The words that start shim's command line, in shim's own Python.
        root: Process id of the driver; None outside of `shim run`.
        paper: File descriptor of `PAPER` in the driver.
        place: Where the person gave the legacy password, if not in the script.
        password: That password.
        hidden: Variables that held it: the script sees them in ``os.environ``, its children do not inherit them.
        quiet: Say nothing: a worker, whose driver has said it.
        said: Notes that were said by this process.
    """

    shim: tuple[str, ...] = ()
    root: int | None = None
    paper: int | None = None
    place: str = ""
    password: str = field(default="", repr=False)
    hidden: dict[str, str] = field(default_factory=dict, repr=False)
    quiet: bool = False
    said: set[str] = field(default_factory=set)


current = Run()
"""The run that this process belongs to."""


def begin() -> None:
    """Take what `shim run` handed on, and wait for the script to import Ray."""
    from . import finder

    handed = json.loads(os.environ[VARIABLE])
    current.shim = tuple(handed["shim"])
    current.root, current.paper = handed["root"], handed["paper"]
    if current.root == os.getpid() and is_paper(f"/proc/self/fd/{current.paper}"):
        _take_secret(current)
    finder.add()


def is_paper(path: str) -> bool:
    """Say whether a path in /proc is the file in memory of a run."""
    try:
        return os.readlink(path).startswith(f"/memfd:{PAPER}")  # noqa: PTH115
    except OSError:
        return False


def _take_secret(run: Run) -> None:
    """Read the password, which is nowhere else; from now on the file holds the notes that were said."""
    assert run.paper is not None  # noqa: S101 - the caller looked
    os.set_inheritable(run.paper, False)
    os.lseek(run.paper, 0, os.SEEK_SET)
    secret = os.read(run.paper, 1 << 20)
    os.ftruncate(run.paper, 0)
    if secret:
        handed = json.loads(secret)
        run.place, run.password, run.hidden = handed["place"], handed["password"], handed["hidden"]
        show(run.hidden)


def show(variables: dict[str, str]) -> None:
    """Let the script read these in ``os.environ``; ``os.environ[...] = ...`` would let its children inherit them."""
    for name, value in variables.items():
        _inside()[os.fsencode(name)] = os.fsencode(value)


class Hidden:
    """While it lasts, not even ``os.environ.copy()`` has the hidden variables: Ray's processes get a copy."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self.taken: dict[str, str] = {}

    def __enter__(self) -> None:
        self.taken = {name: os.environ[name] for name in self.variables if name in os.environ}
        for name in self.taken:
            _inside().pop(os.fsencode(name), None)

    def __exit__(self, *_: object) -> None:
        show(self.taken)


def _inside() -> dict[bytes, bytes]:
    inside: dict[bytes, bytes] = vars(os.environ)["_data"]
    return inside


def say(text: str) -> None:
    """Say something on standard error, once in the whole run, whichever of its processes comes first."""
    if current.quiet or text in current.said:
        return
    current.said.add(text)
    if not _said_elsewhere(text) and sys.stderr is not None:
        sys.stderr.write(f"shim: {text}\n")


def _said_elsewhere(text: str) -> bool:
    """Write the note on the run's paper, which the driver keeps in memory; say whether it was there."""
    import fcntl

    path = f"/proc/{current.root}/fd/{current.paper}"
    if current.root is None or not is_paper(path):
        return False
    line = json.dumps(text).encode() + b"\n"
    try:
        with open(path, "r+b") as paper:  # noqa: PTH123
            fcntl.flock(paper, fcntl.LOCK_EX)
            if line in paper.readlines():
                return True
            paper.write(line)
    except OSError:
        pass  # said twice is better than not at all
    return False
