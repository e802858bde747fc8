"""A click group that imports a command's file only when that command is called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """A group whose commands are named in a table: name, module, and the line that `--help` shows.

    The line stands in the table because reading it from the module would import every command; a test
    compares both. A module's command is called ``command``.
    """

    def __init__(self, *args: Any, commands_from: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commands_from = commands_from

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the table's order."""
        return list(self.commands_from)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command; None when there is none of that name."""
        if cmd_name not in self.commands_from:
            return None
        module, _ = self.commands_from[cmd_name]
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)  # noqa: S101 - a contract of our own files
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing what it names."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.commands_from.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve as click does, with "did you mean" for a name that is close to one of ours."""
        name = args[0]
        if name not in self.commands_from and not name.startswith("-"):
            import difflib

            close = difflib.get_close_matches(name, self.commands_from, 1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"There is no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)
