"""The report of ``shim explain``, as text or as one JSON object."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from compat.options import Effect
from shim.explain.kind import Kind
from shim.explain.words import short
from shim.report.explain_record import record, url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compat.option import Era
    from compat.version import Version
    from shim.explain.model import Cure, Elsewhere, Explanation, Modern

NARROWEST, WIDEST = 60, 100
COLOURS = {
    Effect.PROTECTED: "green",
    Effect.LIVE: "cyan",
    Effect.IGNORED: "yellow",
    Effect.REFUSED: "red",
    Effect.OPEN: "red",
    Effect.MISLEADING: "red",
    Effect.NOT_READ: "yellow",
}


def show(explanation: Explanation, *, as_json: bool) -> None:
    """Print an explanation."""
    if as_json:
        click.echo(json.dumps(record(explanation), indent=1, ensure_ascii=False))
        return
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
    click.echo("\n".join(write(explanation, width)))


def write(explanation: Explanation, width: int) -> Iterator[str]:
    """Write the report for a screen of so many columns."""
    if explanation.shown:
        yield from _wrap(explanation.shown, width, first="  ", style="dim")
        yield ""
    if explanation.kind is Kind.ERROR and explanation.cures:
        yield from _cures(explanation, width)
    else:
        yield from _wrap(explanation.verdict, width, colour=_verdict_colour(explanation))
    yield from _stories(explanation, width)
    yield from _elsewhere(explanation.elsewhere)
    if explanation.modern is not None:
        yield from _modern(explanation.modern, explanation.ray, width)
    yield from _section("Why", explanation.why, width)
    yield from _section("Did you mean", explanation.suggestions, width)
    yield from _sources(explanation.sources, width)


def _verdict_colour(explanation: Explanation) -> str | None:
    return {True: "green", False: "red", None: None}[explanation.protects]


def _cures(explanation: Explanation, width: int) -> Iterator[str]:
    for place, cure in enumerate(explanation.cures):
        found = cure.found
        if place:
            yield ""
        yield from _wrap(found.message.title, width, colour="red")
        yield from _wrap(_where(cure, explanation), width, first="  ", style="dim")
        yield ""
        yield from _wrap(found.cause, width)
        yield ""
        yield _title("What to do")
        for step in found.fix:
            if step.startswith("$ "):
                yield click.style(f"    {step[2:]}", fg="cyan")
            else:
                yield from _wrap(step, width, first="  ")


def _where(cure: Cure, explanation: Explanation) -> str:
    found = cure.found
    message = found.message
    times = f"line {found.line}" + (f", {found.times} times" if found.times > 1 else "")
    span = _span(message.since, message.until)
    known = f"{message.of.value} {span}" if span else ""
    here = "" if cure.here else f"; not seen in Ray {short(explanation.ray)}"
    return ", ".join(filter(None, [times, f"said by {message.says}", known])) + here


def _stories(explanation: Explanation, width: int) -> Iterator[str]:
    for story in explanation.stories:
        yield ""
        product = "" if story.option.of.value == "Ray" else f"  ({story.option.of.value})"
        yield _title(f"{story.option.spelling}{product}")
        rows = [_row(era, era is story.now) for era in story.option.eras]
        spans = max(len(row[1]) for row in rows)
        effects = max(len(row[2]) for row in rows)
        for (mark, span, effect, what), era in zip(rows, story.option.eras, strict=True):
            indent = " " * (spans + effects + 6)  # the mark, and what stands between the columns
            lines = textwrap.wrap(what, max(24, width - len(indent))) or [""]
            coloured = click.style(f"{effect:{effects}}", fg=COLOURS[era.effect], bold=bool(mark.strip()) or None)
            yield f"{mark}{span:{spans}}  {coloured}  {lines[0]}"
            yield from (f"{indent}{line}" for line in lines[1:])


def _row(era: Era, here: bool) -> tuple[str, str, str, str]:
    span = _span(era.since, era.until) or "always"
    effect = era.effect.value.upper() if era.effect is Effect.PROTECTED else era.effect.value
    return ("> " if here else "  ", span, effect, era.what)


def _span(since: Version | None, until: Version | None) -> str:
    if since is None and until is None:
        return ""
    if until is None:
        return f"{short(since)} -" if since else ""
    return f"{short(since)} - {short(until)}" if since else f"- {short(until)}"


def _elsewhere(others: Sequence[Elsewhere]) -> Iterator[str]:
    if others:
        yield ""
        yield _title("The same elsewhere")
        longest = max(len(other.spelling) for other in others)
        for other in others:
            yield f"   {other.spelling:{longest}}  {other.effect}"


def _modern(modern: Modern, ray: Version, width: int) -> Iterator[str]:
    yield ""
    yield _title("What to write now" + ("" if modern.ray == ray else f" (Ray {short(modern.ray)})"))
    for line in modern.lines:
        if line.startswith("# "):
            yield from _wrap(line[2:], width, first="  ")
        else:
            yield click.style(f"    {line}", fg="cyan")
    for note in modern.notes:
        yield from _wrap(str(note), width, first="  - ", rest="    ")
    for warning in modern.warnings:
        yield from _wrap(warning, width, first="  ! ", rest="    ", colour="yellow")


def _section(title: str, lines: Sequence[str], width: int) -> Iterator[str]:
    if lines:
        yield ""
        yield _title(title)
        for line in lines:
            yield from _wrap(line, width, first="  ")


def _sources(sources: Sequence[str], width: int) -> Iterator[str]:
    if sources:
        yield ""
        yield _title("Sources")
        plain = [source for source in sources if url(source) is None]
        if plain:
            yield from _wrap("; ".join(plain), width, first="  ", style="dim")
        for source in sources:
            if address := url(source):
                yield click.style(f"  {address}", dim=True)


def _title(text: str) -> str:
    return click.style(text, bold=True)


def _wrap(
    text: str, width: int, *, first: str = "", rest: str | None = None, colour: str | None = None, style: str = ""
) -> Iterator[str]:
    indent = first if rest is None else rest
    options = {"break_long_words": False, "break_on_hyphens": False}
    lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=indent, **options)  # type: ignore[arg-type]
    for line in lines:
        yield click.style(line, fg=colour, bold=colour in ("red", "green") or None, dim=style == "dim" or None)
