"""docs/options.md."""

from __future__ import annotations

from pathlib import Path

from compat.document import write_page
from compat.options import OPTIONS

PAGE = Path(__file__).parents[2] / "docs" / "options.md"


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text() == write_page(), "run: python -m compat.document > docs/options.md"


def test_page_holds_every_entry_once() -> None:
    page = write_page()
    assert all(page.count(f'<a id="{option.id}">') == 1 for option in OPTIONS)
