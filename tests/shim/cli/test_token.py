"""`shim token`: shown where it is wanted, kept where Ray looks, never overwritten."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from shim.secret import Secret
from shim.token import default_path, fingerprint, save

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.shim.cli.conftest import Said

    Run = Callable[..., Said]

TOKEN = Secret("c0ffee" * 10 + "1234")


@pytest.fixture
def kept(own_home: Path) -> Path:
    save(default_path(own_home), TOKEN)
    return default_path(own_home)


def test_into_a_pipe_goes_the_token_and_nothing_else(kept: Path, shim: Run) -> None:
    for words in (["show"], ["show", "--reveal"]):
        said = shim("token", *words)
        assert (said.code, said.out, said.err) == (0, TOKEN.reveal() + "\n", "")


def test_on_a_terminal_it_must_be_asked_for(kept: Path, terminal: Run) -> None:
    said = terminal("token", "show")
    assert said.code == 2
    assert TOKEN.reveal() not in said.out
    assert fingerprint(TOKEN) in said.out
    assert "shim token show --reveal" in said.out
    assert terminal("token", "show", "--reveal").out == TOKEN.reveal() + "\n"


def test_the_fingerprint_is_for_everybody(kept: Path, shim: Run, terminal: Run) -> None:
    assert shim("token", "show", "--fingerprint").out == fingerprint(TOKEN) + "\n"
    assert terminal("token", "show", "--fingerprint").out == fingerprint(TOKEN) + "\n"


def test_show_takes_what_ray_would_take(kept: Path, shim: Run, tmp_path: Path) -> None:
    save(tmp_path / "other", Secret("b" * 64))
    assert shim("token", "show", RAY_AUTH_TOKEN_PATH=str(tmp_path / "other")).out == "b" * 64 + "\n"
    assert shim("token", "show", RAY_AUTH_TOKEN="a" * 64).out == "a" * 64 + "\n"


@pytest.mark.parametrize("more", [[], ["--reveal"]], ids=["quick", "through click"])
def test_both_ways_of_showing_fail_alike(more: list[str], shim: Run) -> None:
    """`shim token show` alone goes without click; its words must not differ."""
    none = shim("token", "show", *more)
    assert (none.code, none.out) == (1, "")
    assert none.err.startswith("Error: There is no token on this machine.\nTry:   shim token fetch")
    bad = shim("token", "show", *more, RAY_AUTH_TOKEN_PATH="/none")
    assert (bad.code, bad.out) == (1, "")
    assert bad.err.startswith("Error: RAY_AUTH_TOKEN_PATH names /none")


def test_path_explains_every_source(kept: Path, shim: Run) -> None:
    said = shim("token", "path")
    assert (said.code, said.err) == (0, "")
    first, second, third = said.out.splitlines()
    assert first.startswith("absent    RAY_AUTH_TOKEN: ")
    assert second.startswith("absent    RAY_AUTH_TOKEN_PATH: ")
    assert third.startswith(f"wins      {kept}: ")
    assert TOKEN.reveal() not in said.out


def test_path_says_why_one_wins_and_another_loses(kept: Path, shim: Run) -> None:
    said = shim("token", "path", "--json", RAY_AUTH_TOKEN="a" * 64)
    record = json.loads(said.out)
    assert record["version"] == 1
    assert [source["state"] for source in record["sources"]] == ["wins", "absent", "loses"]
    assert "RAY_AUTH_TOKEN comes first, and holds another token" in record["sources"][2]["why"]
    assert "a" * 64 not in said.out


def test_path_without_any_token_fails_but_explains(shim: Run) -> None:
    said = shim("token", "path")
    assert said.code == 1
    assert len(said.out.splitlines()) == 3


def test_generate_makes_a_private_file_and_shows_no_token(own_home: Path, shim: Run) -> None:
    said = shim("token", "generate")
    path = default_path(own_home)
    made = path.read_text().strip()
    assert (said.code, len(made)) == (0, 64)
    assert made not in said.out
    assert said.out.splitlines()[0] == f"A fresh token ({fingerprint(Secret(made))}) is in {path}."
    assert said.out.splitlines()[-1] == "Next: shim start --head"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_generate_overwrites_nothing(kept: Path, shim: Run) -> None:
    said = shim("token", "generate")
    assert (said.code, said.out) == (1, "")
    assert "not overwritten" in said.err
    assert kept.read_text() == TOKEN.reveal() + "\n"


def test_generate_elsewhere_says_how_it_is_used(shim: Run, tmp_path: Path) -> None:
    said = shim("token", "generate", "--path", str(tmp_path / "deep" / "token"))
    assert said.code == 0
    assert said.out.splitlines()[-1] == f"Next: RAY_AUTH_TOKEN_PATH={tmp_path}/deep/token shim start --head"


def test_generate_does_not_write_through_a_link(own_home: Path, shim: Run, tmp_path: Path) -> None:
    (own_home / ".ray").mkdir()
    default_path(own_home).symlink_to(tmp_path / "elsewhere")
    said = shim("token", "generate")
    assert said.code == 1
    assert "symbolic link" in said.err
    assert not (tmp_path / "elsewhere").exists()


def test_fetch_from_nobody_says_so_and_keeps_nothing(own_home: Path, shim: Run) -> None:
    said = shim("token", "fetch", "--address=127.0.0.1:1", "--join-timeout=0", "--redis-password=s3cret-enough")
    assert (said.code, said.out) == (1, "")
    assert "No head answers at 127.0.0.1" in said.err
    assert "s3cret" not in said.err
    assert not (own_home / ".ray").exists()


def test_fetch_asks_on_a_terminal_without_showing(own_home: Path, terminal: Run) -> None:
    said = terminal("token", "fetch", "--address=127.0.0.1:1", "--join-timeout=0", typed="s3cret-enough\n")
    assert "Redis password (to join the cluster at 127.0.0.1:1): " in said.out
    assert "s3cret" not in said.out
    assert said.code == 1
    assert "No head answers" in said.out
