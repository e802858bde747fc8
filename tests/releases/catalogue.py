"""The Ray releases that are started here, and what each takes to run today.

None of them limits its own requirements from above, so the newest packages would break it: the pins are the
last versions with which it was seen to run (``docs/releases.md``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from compat.version import Version
from tests.imports import ROOT

OLD = tuple(
    line for line in (ROOT / "docker/legacy-ray/requirements.txt").read_text().splitlines() if not line.startswith("#")
)
MIDDLE = ("click<8.2", "numpy<2", "pydantic<2", "setuptools<81")


@dataclass(frozen=True)
class Subject:
    """One release under test.

    Attributes:
        ray: Its version.
        python: The Python that runs it; 3.9 comes from a Debian 11 of its own (see ``install``).
        pins: What ``pip`` must be told besides the version.
    """

    ray: Version
    python: str
    pins: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.ray)

    @property
    def requirements(self) -> tuple[str, ...]:
        """What to install."""
        return (f"ray[default]=={self.ray}", *self.pins)

    @property
    def folder(self) -> str:
        """Name of what is installed; another one as soon as something else would be installed."""
        mark = hashlib.sha256(" ".join(self.requirements).encode()).hexdigest()[:8]
        return f"ray-{self.ray}-python{self.python}-{mark}"


SUBJECTS = (
    Subject(Version(1, 4, 1), "3.9", OLD),
    Subject(Version(1, 9, 2), "3.9", OLD),
    Subject(Version(1, 10, 0), "3.9", OLD),
    Subject(Version(1, 11, 0), "3.9", OLD),
    Subject(Version(1, 13, 0), "3.9", OLD),
    Subject(Version(2, 3, 1), "3.11", (*MIDDLE, "async-timeout")),
    Subject(Version(2, 9, 3), "3.11", MIDDLE),
    Subject(Version(2, 51, 2), "3.11"),
    Subject(Version(2, 52, 1), "3.11"),
    Subject(Version(2, 54, 1), "3.11"),
    Subject(Version(2, 58, 1), "3.11"),
    Subject(Version(2, 60, 0), "3.11"),
)
