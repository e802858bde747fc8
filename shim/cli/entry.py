"""The first thing that runs: take passwords out of argv and environment before anything else is imported.

Any local user reads argv (``ps``), and whoever runs as us reads the environment (``/proc/PID/environ``). When either
holds a Redis password, shim starts itself again without it, and hands the full command line on in a file
that exists in memory only. `ps` shows the password for the instant before.
"""

from __future__ import annotations

import itertools
import os
import re
import sys

HANDED_ON = "SHIM_COMMAND_FD"
"""Environment variable: the file descriptor with the full command line, NUL-separated."""

VARIABLES = ("RAY_REDIS_PASSWORD", "SHIM_STORE_PASSWORD")
"""Environment variables that hold a password."""

VARIABLE_OPTION = "--redis-password-env"
_OPTION = re.compile(r"--?[\w-]*(?:pas|psa|aps|psw|pwd|word)[\w-]*", re.IGNORECASE)  # misspelt ones too
_NOT_SECRET = ("--redis-password-file", VARIABLE_OPTION)
_URL = re.compile(r"(\b(?:redis|valkey)s?://).*@", re.IGNORECASE | re.DOTALL)
HIDDEN = "***"


def main() -> None:
    """Run shim."""
    arguments = sys.argv[1:]
    if HANDED_ON in os.environ:
        arguments = _receive(int(os.environ.pop(HANDED_ON)))
    else:
        hidden, variables = hide(arguments), [name for name in _variables(arguments) if name in os.environ]
        if hidden != arguments or variables:
            _start_again(arguments, hidden, variables)
    if arguments in (["-h"], ["--help"]):
        from shim.cli.quick import show_help

        sys.exit(show_help())
    if arguments == ["token", "show"] and not sys.stdout.isatty():
        from shim.cli.quick import show_token

        sys.exit(show_token())
    from shim.cli.main import run

    run(arguments)


def hide(arguments: list[str]) -> list[str]:
    """Return the words with every password in them replaced by ``***``.

    What `shim explain` is given is hidden whole, since a password may stand anywhere in a quoted line or message.
    """
    if arguments[:1] == ["explain"] and any("pass" in word.lower() for word in arguments):
        return ["explain", HIDDEN]
    shown, follows = [], False
    for word in arguments:
        name, equals, value = word.partition("=")
        secret = bool(_OPTION.fullmatch(name)) and name not in _NOT_SECRET
        if follows and word:
            shown.append(HIDDEN)
        elif secret and equals and value:
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(_URL.sub(rf"\1{HIDDEN}@", word))
        follows = secret and not equals
    return shown


def _variables(arguments: list[str]) -> set[str]:
    """Return the names of all variables that hold a password: the known ones, and those that the command names."""
    named = {word.partition("=")[2] for word in arguments if word.startswith(f"{VARIABLE_OPTION}=")}
    named |= {word for option, word in itertools.pairwise(arguments) if option == VARIABLE_OPTION}
    return {*VARIABLES, *named} - {"", HANDED_ON}


def _start_again(arguments: list[str], hidden: list[str], variables: list[str]) -> None:
    environment = dict(os.environ)
    taken = [f"{name}={environment.pop(name)}" for name in variables]
    descriptor = os.memfd_create("shim", 0)
    os.write(descriptor, "\0".join([*taken, "", *arguments]).encode(errors="surrogateescape"))
    os.lseek(descriptor, 0, os.SEEK_SET)
    environment[HANDED_ON] = str(descriptor)
    before = sys.orig_argv[: len(sys.orig_argv) - len(arguments)]
    os.execve(sys.executable, [*before, *hidden], environment)  # noqa: S606 - ourselves, without a shell


def _receive(descriptor: int) -> list[str]:
    with os.fdopen(descriptor, "rb") as file:
        words = file.read().decode(errors="surrogateescape").split("\0")
    variables = words[: words.index("")]
    os.environ.update(variable.partition("=")[::2] for variable in variables)
    return words[len(variables) + 1 :]
