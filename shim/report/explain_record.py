"""An explanation as data: what ``shim explain --json`` prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shim.explain.model import Cure, Explanation, Modern, Story

FORMAT = 1
_SOURCE = re.compile(r"(?P<pr>PR )?(?P<project>ray|kuberay|modin|grpc)#(?P<number>\d+)")
_HOME = {
    "ray": "ray-project/ray",
    "kuberay": "ray-project/kuberay",
    "modin": "modin-project/modin",
    "grpc": "grpc/grpc",
}


def record(explanation: Explanation) -> dict[str, object]:
    """Return an explanation as data; its format has a version."""
    return {
        "version": FORMAT,
        "kind": explanation.kind.value,
        "known": explanation.known,
        "input": explanation.shown or None,
        "ray": str(explanation.ray),
        "verdict": explanation.verdict,
        "protects": explanation.protects,
        "options": [_story_record(story) for story in explanation.stories],
        "elsewhere": [vars(other) for other in explanation.elsewhere],
        "now": _modern_record(explanation.modern) if explanation.modern else None,
        "why": list(explanation.why),
        "errors": [_cure_record(cure) for cure in explanation.cures],
        "sources": [{"text": source, "url": url(source)} for source in explanation.sources],
        "suggestions": list(explanation.suggestions),
    }


def url(source: str) -> str | None:
    """Return the address of an issue or pull request; None for anything else."""
    found = _SOURCE.fullmatch(source) or _SOURCE.search(source)
    if found is None:
        return None
    kind = "pull" if found["pr"] else "issues"  # GitHub leads from one to the other
    return f"https://github.com/{_HOME[found['project']]}/{kind}/{found['number']}"


def _story_record(story: Story) -> dict[str, object]:
    option = story.option
    return {
        "id": option.id,
        "spelling": option.spelling,
        "of": option.of.value,
        "default": option.default or None,
        "eras": [
            {
                "from": str(era.since) if era.since else None,
                "until": str(era.until) if era.until else None,
                "effect": era.effect.value,
                "what": era.what,
                "current": era is story.now,
            }
            for era in option.eras
        ],
        "modern": option.modern,
    }


def _modern_record(modern: Modern) -> dict[str, object]:
    return {
        "ray": str(modern.ray),
        "lines": [line for line in modern.lines if not line.startswith("# ")],
        "advice": [line[2:] for line in modern.lines if line.startswith("# ")],
        "notes": [
            {
                "id": note.id,
                "was": note.was,
                "now": note.now,
                "since": str(note.since) if note.since else None,
                "sure": note.sure.value,
                "text": str(note),
            }
            for note in modern.notes
        ],
        "warnings": list(modern.warnings),
    }


def _cure_record(cure: Cure) -> dict[str, object]:
    found = cure.found
    message = found.message
    return {
        "id": message.id,
        "title": message.title,
        "says": message.says,
        "of": message.of.value,
        "since": str(message.since) if message.since else None,
        "until": str(message.until) if message.until else None,
        "here": cure.here,
        "symptom": message.symptom,
        "line": found.line,
        "times": found.times,
        "cause": found.cause,
        "fix": list(found.fix),
    }
