"""``shim completion``."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  eval "$(shim completion bash)"                in ~/.bashrc
  eval "$(shim completion zsh)"                 in ~/.zshrc
  shim completion fish | source                 in ~/.config/fish/config.fish
"""


@click.command(epilog=EPILOG, short_help="Print the completion script for your shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for your shell."""
    from click.shell_completion import get_completion_class

    from shim.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - the choices are click's own
    click.echo(found(cli, {}, "shim", "_SHIM_COMPLETE").source())
