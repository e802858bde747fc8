"""``shim completion``."""

from __future__ import annotations

import click


@click.command(short_help="Print the completion script for your shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    r"""Print the completion script for your shell.

    \b
    bash:  eval "$(shim completion bash)"          in ~/.bashrc
    zsh:   eval "$(shim completion zsh)"           in ~/.zshrc
    fish:  shim completion fish | source           in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from shim.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - the choices are click's own
    click.echo(found(cli, {}, "shim", "_SHIM_COMPLETE").source())
