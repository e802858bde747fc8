"""A token file is written whole, 0600, through no link, and never over another cluster's token."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from shim import files
from shim.errors import ShimError
from shim.secret import Secret
from shim.token import default_path, find, generate, load, save, tighten

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = Secret("1" * 64), Secret("2" * 64)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_generate_makes_256_bits_that_ray_finds(tmp_path: Path) -> None:
    path = default_path(tmp_path)
    token = generate(path)
    assert len(token.secret.reveal()) == 64
    assert find({}, tmp_path) == token
    assert path.read_bytes() == token.secret.reveal().encode() + b"\n"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]


def test_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        save(default_path(tmp_path), ONE)
    finally:
        os.umask(old)
    assert (mode(default_path(tmp_path)), mode(tmp_path / ".ray")) == (0o600, 0o700)


def test_another_token_is_not_overwritten(tmp_path: Path) -> None:
    path = default_path(tmp_path)
    save(path, ONE)
    with pytest.raises(ShimError, match="another token"):
        save(path, TWO)
    with pytest.raises(ShimError, match="another token"):
        generate(path)
    assert path.read_text() == ONE.reveal() + "\n"


def test_a_file_that_is_no_token_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk and bread\n")
    with pytest.raises(ShimError, match="something else"):
        save(path, ONE)
    assert path.read_text() == "buy milk and bread\n"


def test_replace_is_asked_for(tmp_path: Path) -> None:
    path = default_path(tmp_path)
    save(path, ONE)
    save(path, TWO, replace=True)
    assert path.read_text() == TWO.reveal() + "\n"


def test_the_same_token_again_changes_nothing_but_a_loose_mode(tmp_path: Path) -> None:
    path = default_path(tmp_path)
    save(path, ONE)
    path.chmod(0o644)
    before = path.stat().st_ino
    save(path, ONE)
    assert path.stat().st_ino == before
    assert mode(path) == 0o600


def test_an_empty_file_counts_as_none(tmp_path: Path) -> None:
    path = default_path(tmp_path)
    path.parent.mkdir()
    path.write_text("\n")
    save(path, ONE)
    assert path.read_text() == ONE.reveal() + "\n"


def test_symlink_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = default_path(tmp_path)
    path.parent.mkdir()
    path.symlink_to(victim)
    for replace in (False, True):
        with pytest.raises(ShimError, match="symbolic link"):
            save(path, ONE, replace=replace)
    assert victim.read_text() == "precious"


def test_dangling_symlink_is_not_written_through(tmp_path: Path) -> None:
    path = default_path(tmp_path)
    path.parent.mkdir()
    path.symlink_to(tmp_path / "not-yet")
    with pytest.raises(ShimError, match="symbolic link"):
        save(path, ONE)
    assert not (tmp_path / "not-yet").exists()


def test_folder_of_others_is_not_tightened_behind_their_back(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    save(folder / "token", ONE)
    assert mode(folder) == 0o755
    assert mode(folder / "token") == 0o600


def test_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ShimError, match="Others may write"):
        save(folder / "token", ONE)
    folder.chmod(0o1777)  # like /tmp: there nobody can replace our file
    save(folder / "token", ONE)


def test_a_token_that_cannot_be_sent_or_is_famous_is_not_saved(tmp_path: Path) -> None:
    for text in ("", "two words", "5241590000000000"):
        with pytest.raises(ShimError):
            save(default_path(tmp_path), Secret(text))
    assert not (tmp_path / ".ray").exists()


def test_whoever_comes_first_wins_on_a_shared_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hosts start at once: both saw no token. The second must not replace what the first already uses."""
    path = default_path(tmp_path)
    real = files.write_private

    def meanwhile(target: Path, data: bytes) -> None:
        real(target, data)
        path.write_bytes(TWO.reveal().encode())

    monkeypatch.setattr("shim.token.writing.write_private", meanwhile)
    with pytest.raises(ShimError, match="another token"):
        save(path, ONE)
    assert path.read_text() == TWO.reveal()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("old", [None, ONE], ids=["new", "replace"])
def test_a_crash_between_any_two_steps_leaves_old_or_new(old: Secret | None, tmp_path: Path) -> None:
    """Kill the process at each system call that changes or syncs something, one after the other."""
    outcomes, step = set(), 0
    while True:
        path = default_path(tmp_path / str(step))
        if old:
            save(path, old)
        status = _save_and_die(path, step)
        token = load(path, "default")
        outcomes.add(token.secret.reveal() if token else None)
        if status == 0:
            break
        step += 1
    assert step >= 4
    assert outcomes == {old.reveal() if old else None, TWO.reveal()}


def _save_and_die(path: Path, step: int) -> int:
    """Save in a child that ends without clean-up before its ``step``-th audited file operation."""
    import sys

    events = {"open", "os.rename", "os.link", "os.chmod", "os.remove", "os.mkdir"}
    child = os.fork()
    if child == 0:
        left = [step]

        def watch(event: str, _: object) -> None:
            if event in events:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        sys.addaudithook(watch)
        save(path, TWO, replace=True)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_tighten_says_what_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "token"
    assert tighten(path) is None
    path.write_text("1" * 64)
    path.chmod(0o644)
    said = tighten(path)
    assert said is not None
    assert "0644" in said
    assert mode(path) == 0o600
    assert tighten(path) is None


def test_tighten_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "real").chmod(0o644)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(ShimError, match="symbolic link"):
        tighten(tmp_path / "link")
    assert mode(tmp_path / "real") == 0o644


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to own files as others")
def test_tighten_leaves_files_of_others_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("x")
    path.chmod(0o644)
    os.chown(path, 12345, -1)
    with pytest.raises(ShimError, match="belongs to user 12345"):
        tighten(path)
    assert mode(path) == 0o644
