"""The two commands that go without click say exactly what click would."""

from __future__ import annotations

from click.testing import CliRunner

from shim.cli.main import cli
from shim.cli.quick import HELP

HOW = "python -m tests.shim.cli.test_quick writes it anew"


def rendered() -> str:
    return CliRunner().invoke(cli, ["--help"], prog_name="shim", terminal_width=80).output


def test_the_quick_help_is_clicks_own() -> None:
    assert HELP.read_text() == rendered(), HOW


if __name__ == "__main__":
    HELP.write_text(rendered())
