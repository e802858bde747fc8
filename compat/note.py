"""What one part of an old command line, call or variable became."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .version import Version


class Sure(enum.Enum):
    """How sure a translation is."""

    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True)
class Note:
    """One thing that was translated; ``str()`` is the one line a person reads. Never holds a password.

    Attributes:
        id: Kebab-case and stable: tests, JSON and ``shim explain`` refer to it.
        was: What was written (``--redis-port=6379``).
        now: What it became (``--port=6379``); empty if it was dropped.
        since: The Ray release that made the change necessary; None if no release did.
        sure: Likely means: check that this is what you meant.
        why: What that release did, to be read after its name (``removed --redis-port``).
    """

    id: str
    was: str
    now: str
    since: Version | None
    sure: Sure
    why: str

    def __str__(self) -> str:
        change = f"{self.was} became {self.now}" if self.now else f"{self.was} was dropped"
        cause = f"Ray {self.since} {self.why}" if self.since else self.why
        doubt = "" if self.sure is Sure.CERTAIN else "; check that this is what you meant"
        return f"{change} ({cause}{doubt})"
