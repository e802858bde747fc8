"""Another user of a host, of a uid that nobody has: what `attacker.py` does there."""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import real
from tests.hosts.lab import stranger_uid

if TYPE_CHECKING:
    from tests.e2e.cluster import Node

SOURCE = Path(__file__).with_name("attacker.py").read_text()
PYTHON = Path("/usr/bin/python3")  # one that every user may run: the tests' own may live in root's home
PATIENCE = 120


@dataclass(frozen=True)
class Sight:
    """A command line that somebody else's process showed, and for how long (seconds of the monotonic clock)."""

    pid: int
    argv: str
    first: float
    last: float


class Watch:
    """Looks at every command line of a host, as another user would, while the ``with`` block runs."""

    def __init__(self, node: Node) -> None:
        self.seen: list[Sight] = []
        self._node = node

    def __enter__(self) -> Watch:
        self._child = self._node.host.popen(
            command("watch"), uid=stranger_uid(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        said, _ = self._child.communicate("stop\n", timeout=PATIENCE)
        self.seen += [Sight(*row) for row in json.loads(said)]


def command(verb: str, *words: str | Path) -> list[str]:
    """Return the command line of the attacker."""
    real.need(PYTHON.exists(), str(PYTHON), "apt-get install -y python3")
    return [str(PYTHON), "-I", "-c", SOURCE, verb, *map(str, words)]


def attack(node: Node, verb: str, *words: str | Path, stdin: str = "") -> Any:
    """Let another user of that host do something; return what came of it."""
    done = node.host.run(command(verb, *words), uid=stranger_uid(), stdin=stdin, timeout=PATIENCE)
    return base64.b64decode(done.stdout) if verb == "read" else json.loads(done.stdout)
