"""The pages under docs/ can be found, and lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.imports import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def targets(page: Path) -> list[str]:
    """Return where the links of a page lead, without those in code."""
    return LINK.findall(FENCE.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """Return the places in a page that a link can name, as GitHub makes them from headings."""
    text = page.read_text()
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'id="([^"]+)"', text))


def dead_links(page: Path) -> list[str]:
    """Return the links of a page that lead to no file, or to no such place in it."""
    dead = []
    for target in targets(page):
        name, _, place = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if re.match(r"[a-z]+:", target):
            continue
        if not file.exists() or (place and file.suffix == ".md" and place not in anchors(file)):
            dead.append(target)
    return dead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dead_links(page) == []


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](page.md#one) [b](#two) [c](gone.md) [d](https://x.example) `[e](no.md)`\n")
    assert dead_links(page) == ["#two", "gone.md"]


@pytest.mark.parametrize("index", ["docs/README.md", "docs/decisions/README.md"])
def test_every_page_is_in_its_index(index: str) -> None:
    page = ROOT / index
    linked = {(page.parent / target).resolve() for target in targets(page)}
    beside = {path for path in page.parent.glob("*.md") if path != page}
    assert {str(path.relative_to(ROOT)) for path in beside - linked} == set()


def test_every_exit_code_of_an_error_is_explained() -> None:
    page = (ROOT / "docs/exit-codes.md").read_text()
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    source = "\n".join(path.read_text() for path in (ROOT / "shim").rglob("*.py"))
    used = {int(code) for code in re.findall(r"(?:exit_code=|sys\.exit\(|SystemExit\()(\d+)", source)}
    assert 2 in used  # the search finds what there is
    assert used <= listed
