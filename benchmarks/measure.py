"""Interleaved measuring: what is compared is run turn by turn, so that a busy moment hits both."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Row:
    """One line of a report: a ratio or a difference against a limit of the project's own."""

    what: str
    measured: str
    against: str
    result: str
    limit: str
    holds: bool | None


def interleave(runs: Mapping[str, Callable[[], float | None]], times: int) -> dict[str, float]:
    """Run each in turn, ``times`` times, and return the median seconds of each.

    A run returns its own seconds, or None to have its wall time taken.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(times):
        for name, run in runs.items():
            began = time.perf_counter()
            own = run()
            seconds[name].append(time.perf_counter() - began if own is None else own)
    return {name: statistics.median(values) for name, values in seconds.items()}


def ratio(what: str, ours: float, theirs: str, other: float, limit: float) -> Row:
    """Compare two medians."""
    found = ours / other
    return Row(what, f"{ours:.3f} s", f"{theirs} {other:.3f} s", f"{found:.2f}x", f"≤ {limit:.2f}x", found <= limit)


def difference(what: str, ours: float, theirs: str, other: float, limit: float) -> Row:
    """Subtract two medians."""
    found = ours - other
    return Row(what, f"{ours:.3f} s", f"{theirs} {other:.3f} s", f"+{found:.3f} s", f"≤ +{limit:.1f} s", found <= limit)


def aside(what: str, seconds: float, why: str) -> Row:
    """Report a figure that no limit is set for."""
    return Row(what, f"{seconds:.3f} s", why, "", "", None)
