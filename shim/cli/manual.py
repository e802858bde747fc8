"""The reference of all commands, as their ``--help`` gives it.

``python -m shim.cli.manual > docs/cli.md`` writes it anew, ``python -m shim.cli.manual quick > shim/cli/help.txt`` the
help of the whole; a test keeps both current (tests/shim/cli/test_manual.py).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = """\
# Commands

What `--help` says, command by command. Made by `python -m shim.cli.manual > docs/cli.md`: edit the commands, not
this page.
"""
WIDTH = 100


def commands() -> Iterator[tuple[str, click.Context]]:
    """Yield every command with its full name (``shim token show``), groups before what they hold."""
    from shim.cli.main import cli

    settings = {**cli.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    yield from _below("shim", click.Context(cli, info_name="shim", **settings))


def _below(name: str, context: click.Context) -> Iterator[tuple[str, click.Context]]:
    yield name, context
    group = context.command
    if isinstance(group, click.Group):
        for word in group.list_commands(context):
            found = group.get_command(context, word)
            assert found is not None  # noqa: S101 - it was listed
            settings = {key: value for key, value in found.context_settings.items() if key == "help_option_names"}
            yield from _below(f"{name} {word}", click.Context(found, context, info_name=word, **settings))


def write() -> str:
    """Return the page."""
    sections = [f"## {name}\n\n```text\n{context.get_help().rstrip()}\n```\n" for name, context in commands()]
    return "\n".join([HEAD, *sections])


def write_quick() -> str:
    """Return what ``shim --help`` shows without importing click (shim.cli.quick)."""
    from shim.cli.main import cli

    return click.Context(cli, info_name="shim", **{**cli.context_settings, "terminal_width": 80}).get_help() + "\n"


if __name__ == "__main__":
    click.echo(write_quick() if sys.argv[1:] == ["quick"] else write(), nl=False)
