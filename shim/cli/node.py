"""Which nodes of this host a command is about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from shim import state as states

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


def name_option(command: F) -> F:
    """Add ``--name``."""
    return click.option(
        "--name", default=states.DEFAULT_NAME, show_default=True, metavar="NAME", help="Name of the cluster."
    )(command)


def json_option(command: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def head_folder(name: str) -> Path:
    """Return the state folder of a head of this host."""
    return states.node_folder(name, "head", os.environ, Path.home())


def chosen(name: str, every: bool) -> list[Path]:
    """Return the folders of the nodes that were meant, heads first: head and worker of one name, or all."""
    if every:
        return states.known_nodes(os.environ, Path.home())
    folders = [states.node_folder(name, role, os.environ, Path.home()) for role in states.ROLES]
    return [folder for folder in folders if folder.is_dir()]
