"""``shim status``."""

from __future__ import annotations

import click

from shim.cli.node import chosen, json_option, name_option

EPILOG = """\b
Examples:
  shim status
  shim status --all --json | jq '.nodes[].healthy'
"""


@click.command(epilog=EPILOG, short_help="Say how this machine's nodes are, and what is open by design.")
@name_option
@click.option("--all", "every", is_flag=True, help="Every cluster that was started here.")
@json_option
def command(*, name: str, every: bool, as_json: bool) -> int:
    """Say how this machine's nodes are, and what is open by design.

    Asks the processes and the ports, not a record of them. Exit code 0: healthy; 1: not, or nothing was started here.
    """
    from shim import state as states
    from shim.cluster.status import look
    from shim.report.status import show

    found, damaged = [], None
    for folder in chosen(name, every):
        try:
            if (state := states.load(folder)) is not None:
                found.append(look(state))
        except states.DamagedError as error:
            damaged = error
    if found or damaged is None:
        show(found, as_json)
    if damaged is not None:
        raise damaged
    return 0 if found and all(status.healthy for status in found) else 1
