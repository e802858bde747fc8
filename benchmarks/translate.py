"""How many legacy command lines are translated in a second."""

from __future__ import annotations

import random
import time

from benchmarks.measure import Row
from compat.start import translate_start
from compat.version import Version

TITLE = "Translating command lines"
LINES = 100_000

WORDS = (
    ("--head",),
    ("--redis-port=6379",),
    ("--redis-password", "correct-horse-battery-staple"),
    ("--num-cpus=4",),
    ("--redis-shard-ports", "6380,6381"),
    ("--resources", '{"gpu": 1}'),
    ("--redis-max-memory=100000000",),
    ("--block",),
)


def run() -> list[Row]:
    """Measure."""
    dice = random.Random(7)
    target = Version(2, 60, 0)
    lines = [
        [word for words in dice.sample(WORDS, dice.randint(1, len(WORDS))) for word in words] for _ in range(LINES)
    ]
    began = time.perf_counter()
    for line in lines:
        translate_start(line, target)
    seconds = time.perf_counter() - began
    return [Row(f"{LINES:,} command lines", f"{seconds:.2f} s", "", f"{LINES / seconds:,.0f} a second", "", None)]
