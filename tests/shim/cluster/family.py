"""Stand-ins for the processes of a node: programs that bear a name, and the mark of a state folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from shim.process import MARKER, Process, look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Family:
    """Starts processes named as one likes; all end with the ``with`` block."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self._programs = folder, programs
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, *, marked: bool = True, code: str | None = None) -> Process:
        """Start ``sleep`` (or a line of shell) under that name, in a session of its own."""
        program = self._programs / name
        if not program.exists():
            shutil.copy(shutil.which("sleep" if code is None else "bash") or "/bin/sleep", program)
        words = ["1000"] if code is None else ["-c", f"{code}\necho ready; while :; do sleep 0.02; done"]
        environ = {"PATH": os.environ["PATH"], **({MARKER: str(self.folder)} if marked else {})}
        child = subprocess.Popen([program, *words], env=environ, start_new_session=True, stdout=subprocess.PIPE)
        self._children.append(child)
        if code is not None:
            assert child.stdout is not None
            child.stdout.readline()
        found = look(child.pid)
        assert found is not None
        return found

    def end(self) -> None:
        """Kill and reap what is left."""
        for child in self._children:
            child.kill()
            child.communicate()


@contextlib.contextmanager
def family(folder: Path, programs: Path) -> Iterator[Family]:
    """Make an empty family for the node in ``folder``."""
    programs.mkdir(exist_ok=True)
    made = Family(folder, programs)
    try:
        yield made
    finally:
        made.end()
