"""``python -m benchmarks [NAME...]``: measure, print, and write docs/benchmarks.md (all names: when none is given)."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.measure import Row

NAMES = ("cli", "start", "legacy", "translate")
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Medians of runs that take turns, all of one session on one machine: only the ratios and differences mean
something elsewhere. `python -m benchmarks` writes this page.

"""


def main() -> int:
    """Measure; exit 1 when a limit does not hold."""
    names = sys.argv[1:] or NAMES
    parts, missed = [], False
    for name in names:
        module = importlib.import_module(f"benchmarks.{name}")
        rows: list[Row] = module.run()
        parts.append(f"## {module.TITLE}\n\n{_table(rows)}")
        print(parts[-1], flush=True)
        missed = missed or any(row.holds is False for row in rows)
    if not sys.argv[1:]:
        PAGE.write_text(HEAD + _machine() + "\n\n" + "\n\n".join(parts) + "\n")
    return 1 if missed else 0


def _machine() -> str:
    import ray

    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"Measured with Python {platform.python_version()}, Ray {ray.__version__}, {system}."


def _table(rows: list[Row]) -> str:
    lines = ["| what | median | against | result | limit | |", "|---|---|---|---|---|---|"]
    marks = {True: "holds", False: "**missed**", None: ""}
    lines += [
        f"| {row.what} | {row.measured} | {row.against} | {row.result} | {row.limit} | {marks[row.holds]} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
