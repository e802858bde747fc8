"""``shim stop``."""

from __future__ import annotations

import json
import os

import click

from shim.cli.node import chosen, json_option, name_option

EPILOG = """\b
Examples:
  shim stop                    the cluster of this host; its data is kept
  shim stop --name tests       another one
  shim stop --purge            and delete its data, logs and own token
"""


@click.command(epilog=EPILOG, short_help="End what this machine's `shim start` started, and nothing else.")
@name_option
@click.option("--all", "every", is_flag=True, help="Every cluster that was started here.")
@click.option("--purge", is_flag=True, help="Also delete the control store's data, the logs and a token of its own.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before deleting data.")
@json_option
def command(*, name: str, every: bool, purge: bool, yes: bool, as_json: bool) -> int:
    """End what this machine's `shim start` started, and nothing else.

    Other Rays of the machine are left alone (`ray stop` would kill them). The control store ends last and its data
    is kept, unless --purge is given. Twice is fine.
    """
    from shim.cluster.stop import stop_node

    folders = chosen(name, every)
    if purge and folders and not yes:
        click.confirm(f"Delete the data of {', '.join(str(folder) for folder in folders)}?", abort=True, err=True)
    done = [stopped for folder in reversed(folders) if (stopped := stop_node(folder, purge=purge, environ=os.environ))]
    if as_json:
        click.echo(json.dumps({"version": 1, "stopped": [vars(one) for one in done]}, indent=1))
        return 0
    for one in done:
        state = f"{one.processes} processes ended" if one.processes else "nothing was running"
        data = "; data deleted" if one.purged else f"; data kept in {one.data}" if one.data else ""
        click.echo(f"{one.role} of cluster {one.name!r}: {state}{data}.")
        if one.user_left:
            click.echo(
                f"The user {one.user_left} was left; nobody knows its password, the next start removes it.",
                err=True,
            )
    if not done:
        click.echo(f"Nothing was started here{'' if every else f' under the name {name!r}'}.")
    elif not purge:
        click.echo("Next: shim start … brings it back with its data; shim stop --purge deletes that.")
    return 0
