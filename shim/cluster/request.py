"""What a person asked for, read and checked; nothing has been started or changed yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compat.releases import FIRST_TOKEN, FIRST_WHOLE
from compat.start import Role, StartCommand, translate_start
from shim.cluster.ports import number
from shim.cluster.ray import RayInstallation, find
from shim.errors import ShimError, UsageError
from shim.secret import Secret
from shim.state import DEFAULT_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Choices:
    """shim's own options of ``shim start``; None where the person left it to us."""

    name: str = DEFAULT_NAME
    ray_bin: str | None = None
    store: str = field(default="auto", repr=False)  # may be a URL with a password in it
    join: bool = True
    join_port: int | None = None
    store_port: int | None = None
    join_timeout: float = 60
    accept_open_agent_port: bool = False


@dataclass(frozen=True)
class Request:
    """A translated command line, the Ray that is to run it, and where the person stands."""

    command: StartCommand = field(repr=False)
    choices: Choices
    ray: RayInstallation
    password: Secret | None
    environ: Mapping[str, str] = field(repr=False)
    home: Path

    def port(self, option: str) -> int | None:
        """Return the port given with an option of Ray's, or None."""
        text = self.command.values.get(option)
        return None if text is None else number(text, f"--{option}")

    @property
    def blocks(self) -> bool:
        """Whether ``--block`` was given."""
        return "block" in self.command.flags

    def summary(self) -> tuple[str, ...]:
        """Return what was asked for in words that hold no secret, to compare with a later start."""
        chosen = self.choices
        own = [f"--store={without_password(chosen.store)}"] if chosen.store != "auto" else []
        own += [f"--join-port={chosen.join_port}"] if chosen.join_port else []
        own += [f"--store-port={chosen.store_port}"] if chosen.store_port else []
        own += [] if chosen.join else ["--no-join"]
        return (*self.command.ray_args, *own, "(with a Redis password)" if self.password else "(token only)")


def read_request(
    argv: Sequence[str],
    choices: Choices,
    environ: Mapping[str, str],
    home: Path,
    *,
    more_passwords: Sequence[str] = (),
    own_options: Collection[str] = (),
) -> Request:
    """Translate a command line for the Ray that is here.

    Args:
        argv: Ray's part of the words after ``start``.
        choices: shim's part.
        environ: The person's environment.
        home: Their home.
        more_passwords: What the places of shim's own gave (a file, a variable, standard input).
        own_options: shim's options, for "did you mean".

    Raises:
        LegacyError: The command line is wrong.
        ShimError: There is no Ray, or it is too old for tokens.
    """
    ray = find(choices.ray_bin, environ)
    command = translate_start(argv, ray.version, environ, also_known=own_options)
    refuse_old_ray(ray, choices.accept_open_agent_port)
    given = {found.password for found in command.passwords} | set(more_passwords)
    if len(given) > 1:
        raise UsageError("Two places give different Redis passwords.", fix="Give it in one place only.")
    password = Secret(given.pop()) if given else None
    return Request(command, choices, ray, password, environ, home)


def refuse_old_ray(ray: RayInstallation, accepted: bool) -> None:
    """Refuse a Ray that cannot keep strangers out.

    Raises:
        ShimError: Older than 2.52: no tokens. 2.52 and 2.53: the dashboard agent's port takes jobs from
            anyone (measured: ``POST /api/job_agent/jobs/`` without a token runs a command).
    """
    version = ray.version.release
    if version < FIRST_TOKEN:
        raise ShimError(
            f"Ray {ray.version} ({ray.program}) has no token authentication; it came with {FIRST_TOKEN}.",
            fix=f"{ray.python} -m pip install --upgrade 'ray[default]>=2.54', or name another Ray with --ray-bin.",
        )
    if version < FIRST_WHOLE and not accepted:
        raise ShimError(
            f"Ray {ray.version} checks no token on the dashboard agent's port (52365): strangers run commands there.",
            fix=f"Use Ray {FIRST_WHOLE} or later; or close 52365 with a firewall and say --accept-open-agent-port.",
        )


def without_password(store: str) -> str:
    """Return a ``--store`` value as it may be shown."""
    scheme, found, rest = store.partition("://")
    return f"{scheme}://***@{rest.rpartition('@')[2]}" if found and "@" in rest else store


__all__ = ["Choices", "Request", "Role", "read_request", "refuse_old_ray", "without_password"]
