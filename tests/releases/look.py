"""What a Ray release says about itself; runs inside its Python (3.9 too), as ``python -c``.

``options``: what its commands and ``ray.init`` accept. ``knock ADDRESS PASSWORD``: get in and run a task.
``refused ADDRESS NAME...``: what ``ray.init`` answers to each of these arguments. Answers are JSON in lines
that begin with LOOK; Ray prints what it likes between them.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from typing import Any


def tell(**answer: object) -> None:
    """Answer."""
    print("LOOK " + json.dumps(answer), flush=True)


def options(asked: list[list[str]]) -> None:
    """Read what ``ray start`` and ``ray.init`` declare, and parse what ``asked`` names: [command, words...]."""
    import click
    import ray
    from ray.scripts import scripts

    start = scripts.cli.get_command(click.Context(scripts.cli), "start")
    declared = {
        name: one.hidden for one in start.params for name in one.opts + one.secondary_opts if name.startswith("-")
    }
    init = inspect.unwrap(ray.init)
    arguments = [name for name, one in inspect.signature(init).parameters.items() if one.kind != one.VAR_KEYWORD]
    arguments += re.findall(r'kwargs\.pop\(\s*"(\w+)"', inspect.getsource(init))
    tell(start=declared, init=arguments, parsed=[parse(scripts.cli, *words) for words in asked])


def parse(cli: Any, command: str, *words: str) -> list[Any]:
    """Let click read a command line, without running it: return exit code and message, as people see them."""
    import click

    context = click.Context(cli)
    try:
        name, found, rest = cli.resolve_command(context, [command, *words])
        found.make_context(name, rest, parent=context)
    except click.exceptions.ClickException as error:
        return [error.exit_code, "Error: " + error.format_message()]
    except click.exceptions.Exit as error:
        return [error.exit_code, ""]
    return [0, ""]


def knock(address: str, password: str) -> None:
    """Connect with that password, and run a task."""
    import ray

    try:
        ray.init(address=address, _redis_password=password)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        tell(inside=False, error=describe(error))
    else:
        tell(inside=True, answer=ray.get(ray.remote(lambda: 6 * 7).remote(), timeout=60))


def refused(address: str, *names: str) -> None:
    """Call ``ray.init`` with each argument, one at a time."""
    import ray

    for name in names:
        try:
            ray.init(address=address, **{name: "x"})
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
            tell(name=name, error=describe(error))
        else:
            tell(name=name, error=None)
            ray.shutdown()


def describe(error: BaseException) -> str:
    """Write an error as Python does below a traceback."""
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    task, *rest = sys.argv[1:]
    if task == "options":
        options(json.loads(rest[0]))
    elif task == "knock":
        knock(*rest)
    else:
        refused(*rest)
