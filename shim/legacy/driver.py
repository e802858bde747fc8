"""`shim run`: this process becomes Ray's Python on the person's script, with the hook let in."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from shim import process, token
from shim.cluster.ray import find_python
from shim.errors import ShimError, UsageError
from shim.legacy.callback import own_command
from shim.legacy.command_token import command_environment
from shim.legacy.hook.run import PAPER, VARIABLE
from shim.legacy.python_options import refuse_closed_door
from shim.legacy.shellenv import without_wrapper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shim.secret import Secret

DOOR = Path(__file__).parent / "hook" / "path"
"""The folder with the ``sitecustomize`` that lets the hook in."""

PASSWORD_VARIABLE = "RAY_REDIS_PASSWORD"  # noqa: S105 - a name
_SCRIPTS = ("REDIS_PASSWORD", "RAY_REDIS_ADDRESS")
_OURS = ("SHIM_STORE_PASSWORD", "SHIM_COMMAND_FD")


@dataclass(frozen=True)
class Password:
    """A place that gave the legacy password; ``variable`` if that place is an environment variable."""

    place: str
    secret: Secret
    variable: str = ""


@dataclass(frozen=True)
class Driver:
    """What this process is about to become; no secret in its words or environment."""

    python: Path
    arguments: tuple[str, ...] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)

    def become(self) -> NoReturn:
        """Replace this process by the driver."""
        words = (str(self.python), *self.arguments)
        process.become(self.python, words, self.environment, fix="Name another Ray with --ray-bin.")


def prepare(
    words: Sequence[str],
    passwords: Sequence[Password],
    environ: Mapping[str, str],
    home: Path,
    *,
    ray_bin: str | None = None,
    say: Callable[[str], None],
) -> Driver:
    """Decide how to run a driver; nothing is started. The token is joined for when the script calls Ray.

    Args:
        words: Python's options, the script (or ``-m``, ``-c``, ``-``) and its arguments.
        passwords: Where the person gave the legacy password: all the same one.
        environ: The person's environment, with the variables that held a password.
        home: Their home.
        ray_bin: The ``ray`` whose Python is to be used, if not the one that `shim start` finds.
        say: Told what a person should know.

    Raises:
        ShimError: There is no Ray, or this machine's token cannot be used.
        UsageError: An option of Python that shuts the hook out; two places that disagree.
    """
    refuse_closed_door(words)
    _refuse_disagreement(passwords)
    python = find_python(ray_bin, without_wrapper(environ))
    found = token.find(environ, home)
    if found is not None and found.source.kind != "environment":
        with contextlib.suppress(ShimError):  # another owner's, or a disk that refuses: Ray can read it
            if changed := token.tighten(Path(found.source.where)):
                say(changed)
    hidden = {one.variable: environ[one.variable] for one in passwords if one.variable}
    kept = {name: value for name, value in environ.items() if name not in hidden}
    environment = {**command_environment(kept, found), **_own_business(kept), **_door(kept)}
    environment[VARIABLE] = json.dumps({"shim": own_command(), "root": os.getpid(), "paper": _write(passwords, hidden)})
    return Driver(python, tuple(words), environment)


def _own_business(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a node's environment goes without and a driver's must not: settings, and what the script may read."""
    settings = {name: value for name, value in environ.items() if name.startswith("SHIM_") and name not in _OURS}
    return {**settings, **{name: environ[name] for name in _SCRIPTS if name in environ}}


def _refuse_disagreement(passwords: Sequence[Password]) -> None:
    for one in passwords[1:]:
        if one.secret != passwords[0].secret:
            raise UsageError(
                f"{passwords[0].place} and {one.place} give different Redis passwords.",
                fix="Give it in one place only.",
            )


def _door(environ: Mapping[str, str]) -> dict[str, str]:
    """Put the folder of our ``sitecustomize`` first; it takes itself off ``sys.path`` again."""
    theirs = environ.get("PYTHONPATH")  # an empty one would mean the current folder when something precedes it
    return {"PYTHONPATH": os.pathsep.join([str(DOOR), theirs] if theirs else [str(DOOR)])}


def _write(passwords: Sequence[Password], hidden: Mapping[str, str]) -> int:
    """Hand the password on in a file that exists in memory only; return its descriptor."""
    paper = os.memfd_create(PAPER, 0)
    if passwords:
        first = passwords[0]
        handed = {"place": first.place, "password": first.secret.reveal(), "hidden": dict(hidden)}
        os.write(paper, json.dumps(handed).encode())
    return paper
