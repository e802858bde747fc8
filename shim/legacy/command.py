"""``shim ray``: any legacy ``ray`` command line but ``start`` and ``stop``, run by the Ray at hand.

Translated, given the token, then this process becomes Ray: exit code, standard input, signals and terminal are its own.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from compat.argv import read
from compat.command import Command, translate_command
from compat.ray_commands import GLOBAL, OPTIONS
from shim import process
from shim.errors import ShimError, UsageError
from shim.legacy.command_names import CONNECTING, modern_name
from shim.legacy.command_ray import Program, find_program, refuse_old_program
from shim.legacy.command_token import command_environment, find_token
from shim.legacy.launcher import find_legacy_lines, starting_file
from shim.legacy.shellenv import install_wrapper, without_wrapper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from compat.note import Note
    from compat.version import Version

COMPLETE = "_RAY_COMPLETE"
SYMMETRIC = "symmetric-run"
_PASSWORD = re.compile(r"--redis[-_]password(=|$)")
_INFORMING = ("--help", "--version")


@dataclass(frozen=True)
class Execution:
    """What this process is to become; no secret in it."""

    program: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)

    def become(self) -> NoReturn:
        """Replace this process by Ray."""
        fix = f"Check its first line and its rights: head -n 1 {self.program}"
        process.become(self.program, ("ray", *self.arguments), self.environment, fix=fix)


def split_command(words: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """Split what follows ``ray`` into its own options, the name of the command (or nothing), and the rest.

    Raises:
        LegacyError: An option of ``ray`` itself has no value.
    """
    before: list[str] = []
    for part in read(words, GLOBAL):
        if part.name is None:
            return before, part.words[0], list(words[len(before) + 1 :])
        before.extend(part.words)
    return before, "", []


def prepare(words: Sequence[str], environ: Mapping[str, str], home: Path, say: Callable[[str], None]) -> Execution:
    """Translate a command line for the Ray at hand, and see to its token.

    Args:
        words: What followed ``ray`` in the old script; not ``start`` or ``stop``.
        environ: The person's environment.
        home: Their home.
        say: Told what became of the command, a line at a time.

    Raises:
        ShimError: There is no Ray, no token where one is needed, or the command would start nodes the legacy way.
        LegacyError: The command line is wrong.
    """
    real = without_wrapper(environ)
    program = find_program(real)
    if COMPLETE in environ:  # a shell asks what could be typed: every word to Ray, none to a person
        return Execution(program.path, tuple(words), command_environment(real, None))
    command = translate(words, program.version, say)
    if asks_only(words):
        return Execution(program.path, command.ray_args, command_environment(real, None))
    refuse_old_program(program, real)
    refuse_legacy_launch(command.name, command.ray_args, program.version)
    if command.name == SYMMETRIC:
        return _symmetric(program, command, environ, home)
    found = find_token(command.ray_args, command.passwords, real, home, say)
    if found is None and command.name in CONNECTING and "RAY_ENABLE_K8S_TOKEN_AUTH" not in real:
        raise ShimError(
            f"There is no token on this machine, and `ray {command.name}` needs one.",
            fix="Get it with the Redis password: shim token fetch --address=HEAD:6379",
        )
    _warn(command, real, say)
    return Execution(program.path, command.ray_args, command_environment(real, found))


def translate(words: Sequence[str], target: Version, say: Callable[[str], None]) -> Command:
    """Translate a command line and tell the notes.

    Raises:
        LegacyError: The command line is wrong.
        UsageError: No Ray has such a command.
    """
    before, name, after = split_command(words)
    notes: list[Note] = []
    name = modern_name(name, target, notes)
    command = translate_command([*before, name, *after] if name else words, target)
    for given in command.passwords:
        if given.password.partition("=")[0] in OPTIONS.get(command.name, {}):
            raise UsageError(
                f"{given.place} has no value: the next word is an option. An empty variable?",
                fix=f'Write {given.place}="$VARIABLE" with the quotes, and see that the variable is set.',
            )
    for note in dict.fromkeys([*notes, *command.notes]):
        say(str(note))
    return replace(command, notes=(*notes, *command.notes))


def asks_only(words: Sequence[str]) -> bool:
    """Say whether a command line only asks for help or the version."""
    own = words[: words.index("--")] if "--" in words else words
    return not words or any(word in _INFORMING for word in own)


def refuse_legacy_launch(name: str, words: Sequence[str], target: Version) -> None:
    """Refuse to start nodes from a launcher file with legacy commands in it: on them, no shim would translate.

    Raises:
        ShimError: Names the lines, and what to type.
    """
    _, _, after = split_command(words)
    file = starting_file(name, after)
    try:
        text = Path(file).expanduser().read_text(errors="replace") if file else ""
    except OSError:
        return  # Ray says what is wrong with it (or downloads it)
    lines = find_legacy_lines(text, target)
    if lines:
        raise ShimError(
            f"{file} starts nodes with what Ray {target} ignores or refuses: {'; '.join(map(str, lines))}.",
            fix=f"shim migrate scan {shlex.quote(str(file))}",
        )


def _symmetric(program: Program, command: Command, environ: Mapping[str, str], home: Path) -> Execution:
    """Let Ray's ``symmetric-run`` find the wrapper: it runs ``ray start`` and, at the end, ``ray stop``."""
    own = command.ray_args[: command.ray_args.index("--")] if "--" in command.ray_args else command.ray_args
    if any(_PASSWORD.match(word) for word in own):
        raise UsageError(
            "`ray symmetric-run` would show the Redis password to everyone who runs ps.",
            fix="Leave it out, and put it into the variable RAY_REDIS_PASSWORD.",
        )
    folder = install_wrapper(environ, home)
    path = os.pathsep.join([str(folder), without_wrapper(environ).get("PATH", os.defpath)])
    return Execution(program.path, command.ray_args, {**environ, "PATH": path, "RAY_AUTH_MODE": "token"})


def _warn(command: Command, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    mode = environ.get("RAY_AUTH_MODE", "")
    if mode and mode.lower() != "token":
        say(f"RAY_AUTH_MODE={mode} became RAY_AUTH_MODE=token (for this command)")
    if any(_PASSWORD.match(word) for word in command.ray_args):
        say(f"The Redis password goes on to `ray {command.name}`: it is your program's. Everyone can read it with ps.")
