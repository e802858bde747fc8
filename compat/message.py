"""One known error message: who says it, why, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from compat.option import Product
from compat.version import Version


@dataclass(frozen=True)
class Message:
    """One error message of Ray, Redis, KubeRay or gRPC.

    Attributes:
        id: Kebab-case, stable.
        title: The stable part of the wording, as a person recognises it. Holds no value of anybody's.
        pattern: A regular expression for the stable part. A space stands for any white space, line breaks
            included: terminals and logs wrap.
        samples: The message as it is really printed, one for each wording.
        says: Who prints it.
        cause: Why, in a sentence or two. ``{name}`` is filled from the pattern's group of that name.
        fix: What to do, step by step; a step that starts with ``$ `` is a command to type.
        sources: Files, issues and runs behind all this.
        since: First release seen to print it; None: not looked for, or ``of`` has no releases here.
        until: Last release seen to print it; None: the newest does, or it was not looked for.
        of: Whose releases these are.
        symptom: It does not name its cause: whatever else is found in the same log says more.
    """

    id: str
    title: str
    pattern: str
    samples: tuple[str, ...]
    says: str
    cause: str
    fix: tuple[str, ...]
    sources: tuple[str, ...]
    since: Version | None = None
    until: Version | None = None
    of: Product = field(default=Product.RAY)
    symptom: bool = False

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern, compiled."""
        return re.compile(self.pattern.replace(" ", r"\s+"))

    def said_by(self, version: Version) -> bool:
        """Tell whether this release of ``of`` prints it."""
        release = version.release
        return (self.since is None or self.since <= release) and (self.until is None or release <= self.until)


def message(
    number: str,
    title: str,
    pattern: str,
    *samples: str,
    says: str,
    cause: str,
    fix: tuple[str, ...],
    sources: tuple[str, ...],
    since: str = "",
    until: str = "",
    of: Product = Product.RAY,
    symptom: bool = False,
) -> Message:
    """Build a row of the table; empty versions mean none."""
    return Message(
        id=number,
        title=title,
        pattern=pattern,
        samples=samples,
        says=says,
        cause=cause,
        fix=fix,
        sources=sources,
        since=Version.parse(since) if since else None,
        until=Version.parse(until) if until else None,
        of=of,
        symptom=symptom,
    )
