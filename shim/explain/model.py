"""What an explanation is made of. Nothing in it holds a password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compat.errors import LegacyError
    from compat.message import Message
    from compat.messages import Found
    from compat.note import Note
    from compat.option import Era, LegacyOption
    from compat.version import Version
    from shim.explain.kind import Kind


@dataclass(frozen=True)
class Story:
    """One spelling, era by era.

    Attributes:
        option: The entry of the table.
        now: The era that holds for the Ray in question; None before the spelling existed.
    """

    option: LegacyOption
    now: Era | None


@dataclass(frozen=True)
class Elsewhere:
    """The same name in another place: its spelling there, and what it does on the Ray in question."""

    spelling: str
    effect: str


@dataclass(frozen=True)
class Modern:
    """What to write now, passwords as ``***``.

    Attributes:
        ray: The Ray that it is for: the one in question, or the newest where that one has no tokens.
        lines: What to type or write, one command or statement each.
        notes: What was translated.
        warnings: What the translation cannot know or do.
    """

    ray: Version
    lines: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cure:
    """A known error message that was found, and whether the Ray in question is known to print it."""

    found: Found
    here: bool


@dataclass(frozen=True)
class Explanation:
    """All that is known about what was asked.

    Attributes:
        kind: What it was taken for.
        shown: What was asked, without its secrets; empty for an error: a log is not repeated.
        ray: The Ray in question.
        verdict: One sentence in plain words.
        protects: Whether it keeps strangers out on that Ray; None where that is no question.
        stories: The spellings in it, era by era.
        elsewhere: The same name in other places.
        modern: What to write now.
        why: The reason, in a sentence or two each.
        cures: Known errors that were found, most specific first.
        suggestions: What may have been meant, if nothing is known.
    """

    kind: Kind
    shown: str
    ray: Version
    verdict: str
    protects: bool | None = None
    stories: tuple[Story, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    modern: Modern | None = None
    why: tuple[str, ...] = ()
    cures: tuple[Cure, ...] = ()
    suggestions: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Tell whether anything is known about it."""
        return bool(self.stories or self.cures or self.modern)

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the files, issues and runs behind it, each once."""
        named = [source for story in self.stories for source in story.option.sources]
        named += [source for cure in self.cures for source in cure.found.message.sources]
        return tuple(dict.fromkeys(named))


def wrong(kind: Kind, shown: str, ray: Version, error: LegacyError, stories: tuple[Story, ...]) -> Explanation:
    """Return the explanation of a line or call that no Ray would take."""
    if error.fix.startswith("Did you mean"):
        meant = error.fix.removeprefix("Did you mean ").rstrip("?")
        return Explanation(kind, shown, ray, error.what, suggestions=(meant,))
    return Explanation(kind, shown, ray, error.what, stories=stories, modern=Modern(ray, (), warnings=(error.fix,)))


def suggest(messages: list[Message]) -> tuple[str, ...]:
    """Return how near messages are named."""
    return tuple(f"{row.title}  ({row.says})" for row in messages)
