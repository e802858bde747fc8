"""How soon the small commands answer: against Ray's own, and against ten lines of click."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Row, interleave, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

TITLE = "Small commands"
TIMES = 15
RAY_LIMIT, CLICK_LIMIT = 1 / 15, 1.3

TEN_LINES = """\
import click

@click.command()
@click.option("--count", default=1)
@click.option("--name")
def hello(count, name):
    for _ in range(count):
        click.echo(f"Hello {name}")

hello()
"""


def run() -> list[Row]:
    """Measure."""
    folder = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as place:
        token, program = Path(place, "token"), Path(place, "hello.py")
        token.write_text("f" * 64 + "\n")
        token.chmod(0o600)
        program.write_text(TEN_LINES)
        environment = {**os.environ, "RAY_AUTH_TOKEN_PATH": str(token), "RAY_AUTH_MODE": "token"}

        def command(*words: str | Path) -> Callable[[], None]:
            return lambda: _run(words, environment)

        found = interleave(
            {
                "shim --help": command(folder / "shim", "--help"),
                "shim token show": command(folder / "shim", "token", "show"),
                "ten lines": command(sys.executable, program, "--help"),
                "ray --help": command(folder / "ray", "--help"),
                "ray get-auth-token": command(folder / "ray", "get-auth-token"),
            },
            TIMES,
        )
    return [
        ratio("`shim --help`", found["shim --help"], "`ray --help`", found["ray --help"], RAY_LIMIT),
        ratio(
            "`shim token show`",
            found["shim token show"],
            "`ray get-auth-token`",
            found["ray get-auth-token"],
            RAY_LIMIT,
        ),
        ratio("`shim --help`", found["shim --help"], "ten lines of click", found["ten lines"], CLICK_LIMIT),
        ratio("`shim token show`", found["shim token show"], "ten lines of click", found["ten lines"], CLICK_LIMIT),
    ]


def _run(words: tuple[str | Path, ...], environment: dict[str, str]) -> None:
    subprocess.run([str(word) for word in words], env=environment, stdout=subprocess.DEVNULL, check=True)
