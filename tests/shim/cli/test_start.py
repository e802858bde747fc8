"""`shim start --dry-run` from the command line to the last word: what would be run, and nothing that is secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.shim.cluster.conftest import STRONG, free, free_port, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.shim.cli.conftest import Said

    Run = Callable[..., Said]

__all__ = ["free", "free_port"]  # fixtures

HEAD = ("start", "--head", "--node-ip-address=10.0.0.1", "--dry-run")


@pytest.fixture
def places(tmp_path: Path) -> dict[str, tuple[list[str], dict[str, str], str | None]]:
    """Return every place of a password: words, environment, standard input."""
    (tmp_path / "pw").write_text(STRONG + "\n")
    return {
        "option": ([f"--redis-password={STRONG}"], {}, None),
        "underscore": (["--redis_password", STRONG], {}, None),
        "variable": ([], {"RAY_REDIS_PASSWORD": STRONG}, None),
        "file": (["--redis-password-file", str(tmp_path / "pw")], {}, None),
        "a variable of one's own": (["--redis-password-env", "RAY_MY_PW"], {"RAY_MY_PW": STRONG}, None),
        "standard input": (["--redis-password=-"], {}, STRONG + "\n"),
    }


PLACES = ("option", "underscore", "variable", "file", "a variable of one's own", "standard input")


@pytest.mark.parametrize("place", PLACES)
def test_a_password_from_anywhere_opens_a_door_and_is_shown_nowhere(
    place: str,
    places: dict[str, tuple[list[str], dict[str, str], str | None]],
    ray_bin: Path,
    free: tuple[str, ...],
    shim: Run,
    own_home: Path,
) -> None:
    """A variable of one's own is not handed on to Ray either: every job would have it."""
    words, environ, stdin = places[place]
    said = shim(*HEAD, "--json", *words, *free, stdin=stdin, **environ)
    assert said.code == 0, said.err
    assert STRONG not in said.out + said.err
    record = json.loads(said.out)
    assert (record["version"], record["result"]) == (1, "dry-run")
    assert [step for step in record["steps"] if step.startswith("# join service: 10.0.0.1, 127.0.0.1 port ")]
    assert tree(own_home) == {}


def test_without_a_password_there_is_no_door(ray_bin: Path, free: tuple[str, ...], shim: Run) -> None:
    said = shim(*HEAD, *free)
    assert "# control store: " in said.out
    assert "join service" not in said.out
    assert said.out.splitlines()[-1] == "Nothing was started."


def test_an_empty_password_is_none(ray_bin: Path, free: tuple[str, ...], shim: Run) -> None:
    """As from `--redis-password="$UNSET"`: Ray took it for no password too."""
    assert "join service" not in shim(*HEAD, "--redis-password=", *free).out


def test_two_places_that_disagree_are_refused(ray_bin: Path, free: tuple[str, ...], shim: Run) -> None:
    said = shim(*HEAD, f"--redis-password={STRONG}", *free, RAY_REDIS_PASSWORD="another-s3cret")
    assert (said.code, said.out) == (2, "")
    assert STRONG not in said.err
    assert "s3cret" not in said.err


def test_what_became_of_old_options_is_said_on_standard_error(ray_bin: Path, free: tuple[str, ...], shim: Run) -> None:
    port = free[0].partition("=")[2]
    said = shim(*HEAD, f"--redis-port={port}", *free[1:])
    assert "--redis-port" in said.err
    assert f"--port={port}" in said.out
    assert "--redis-port" not in said.out


def test_a_weak_password_is_refused_before_anything_is_made(
    ray_bin: Path, free: tuple[str, ...], shim: Run, own_home: Path
) -> None:
    said = shim(*HEAD, "--redis-password=hunter22", *free)
    assert (said.code, said.out) == (1, "")
    assert "on the network it needs 64" in said.err
    assert "hunter22" not in said.err
    assert tree(own_home) == {}
