"""Private files are written whole or not at all, through no link, and nobody else reads them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shim.errors import ShimError
from shim.files import check_owner, make_private_folder, read_private, sweep, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534
OLD, NEW = b"old content\n", b"new content, and longer\n"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def open_umask() -> Iterator[None]:
    old = os.umask(0)
    yield
    os.umask(old)


def test_a_file_is_readable_by_us_alone_whatever_the_umask(open_umask: None, tmp_path: Path) -> None:
    write_private(tmp_path / "secret", NEW)
    assert mode(tmp_path / "secret") == 0o600
    assert read_private(tmp_path / "secret") == NEW


def test_a_strict_umask_does_not_make_it_useless(tmp_path: Path) -> None:
    old = os.umask(0o777)
    try:
        write_private(tmp_path / "secret", NEW)
    finally:
        os.umask(old)
    assert mode(tmp_path / "secret") == 0o600


def test_replacing_a_loose_file_makes_it_private(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(OLD)
    path.chmod(0o644)
    write_private(path, NEW)
    assert (mode(path), path.read_bytes(), list(tmp_path.iterdir())) == (0o600, NEW, [path])


def test_who_has_the_old_file_open_sees_nothing_of_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(OLD)
    with path.open("rb") as early:
        write_private(path, NEW)
        assert early.read() == OLD


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_is_refused_and_what_it_names_untouched(dangling: bool, tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    if not dangling:
        real.write_bytes(OLD)
    link.symlink_to(real)
    for attempt in (lambda: write_private(link, NEW), lambda: read_private(link), lambda: check_owner(link)):
        with pytest.raises(ShimError, match="symbolic link") as caught:
            attempt()
        assert str(real) in caught.value.fix
    assert link.is_symlink()
    assert real.exists() is not dangling
    assert dangling or real.read_bytes() == OLD


@pytest.mark.root
def test_a_file_of_someone_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(OLD)
    os.chown(path, NOBODY, NOBODY)
    for attempt in (lambda: write_private(path, NEW), lambda: read_private(path)):
        with pytest.raises(ShimError, match=f"belongs to user {NOBODY}, not to you") as caught:
            attempt()
        assert "chown" in caught.value.fix
    assert path.read_bytes() == OLD


def test_a_missing_file_is_told_from_an_unreadable_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_private(tmp_path / "none")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ShimError, match="cannot be read"):
        read_private(tmp_path / "folder")
    (tmp_path / "file").touch()
    with pytest.raises(ShimError, match="cannot be looked at"):
        read_private(tmp_path / "file" / "below")


def test_a_missing_folder_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ShimError, match="cannot be written: No such file"):
        write_private(tmp_path / "none" / "secret", NEW)


STEPS = ("os.open", "os.fchmod", "os.fsync", "pathlib.Path.replace", "shim.files.sync_folder")
"""Every call that `write_private` makes to the system, in order."""


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_between_two_steps_leaves_old_or_new(
    step: str, before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(OLD)
    child = os.fork()
    if child == 0:
        _die_around(step, before, monkeypatch)
        write_private(path, NEW)
        os._exit(0)  # the step was never reached
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    renamed = STEPS.index(step) > 3 or (STEPS.index(step) == 3 and not before)
    assert path.read_bytes() == (NEW if renamed else OLD)
    assert [mode(left) for left in tmp_path.iterdir() if left != path] in ([], [0o600])
    write_private(path, NEW)
    assert path.read_bytes() == NEW


def _die_around(step: str, before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import shim.files as module

    place = {"os": os, "pathlib": Path, "shim": module}[step.partition(".")[0]]
    name = step.rpartition(".")[2]
    real: Callable[..., object] = getattr(place, name)

    def fatal(*args: object, **more: object) -> object:
        done = None if before else real(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)
        return done

    monkeypatch.setattr(place, name, fatal)


def test_the_content_is_on_the_disk_before_the_rename_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_sync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        done.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    write_private(tmp_path / "secret", NEW)
    assert done == ["file", "rename", "folder"]


@pytest.mark.root
def test_a_full_disk_leaves_the_old_content_and_no_rubbish(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
    try:
        write_private(small / "secret", OLD)
        with pytest.raises(ShimError, match="cannot be written: No space left") as caught:
            write_private(small / "secret", b"x" * 200_000)
        assert "free space" in caught.value.fix
        assert (small / "secret").read_bytes() == OLD
        assert [path.name for path in small.iterdir()] == ["secret"]
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.root
def test_a_read_only_disk_is_an_error_in_words(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", tmp_path], check=True)
    try:
        with pytest.raises(ShimError, match="cannot be written: Read-only"):
            write_private(tmp_path / "secret", NEW)
        with pytest.raises(ShimError, match="cannot be made: Read-only") as caught:
            make_private_folder(tmp_path / "state")
        assert "SHIM_STATE_DIR" in caught.value.fix
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_what_a_kill_left_is_swept_up_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)  # as if killed before it
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(ShimError):
        write_private(tmp_path / "node.json", NEW)
    monkeypatch.undo()
    kept = [tmp_path / name for name in ("node.json", ".hidden", ".node.json.bak", "x.0123456789ab")]
    for path in kept:
        path.write_bytes(OLD)
    assert len(list(tmp_path.iterdir())) == len(kept) + 1
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    sweep(tmp_path / "none")


def test_every_folder_that_is_made_is_ours_alone(open_umask: None, tmp_path: Path) -> None:
    """Also those above it: who may write there could put a folder of his own in its place."""
    make_private_folder(tmp_path / "a" / "b" / "c")
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_a_loose_folder_is_tightened_and_those_above_are_left(tmp_path: Path) -> None:
    folder = tmp_path / "above" / "state"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    folder.parent.chmod(0o755)
    make_private_folder(folder)
    assert (mode(folder), mode(folder.parent)) == (0o700, 0o755)


def test_a_link_a_file_and_a_file_above_are_no_folders(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    for name, reason in (
        ("link", "symbolic link"),
        ("dangling", "not a folder"),
        ("file", "not a folder"),
        ("file/below", "cannot be made: Not a directory"),
    ):
        with pytest.raises(ShimError, match=reason):
            make_private_folder(tmp_path / name)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.root
def test_a_folder_of_someone_else_is_refused_and_not_changed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(ShimError, match=f"belongs to user {NOBODY}"):
        make_private_folder(folder)
    assert mode(folder) == 0o755


def test_temporary_names_cannot_be_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.urandom", bytes)
    (tmp_path / f".secret.{'00' * 6}").symlink_to(tmp_path / "elsewhere")  # as if somebody had guessed
    with pytest.raises(ShimError, match="File exists"):
        write_private(tmp_path / "secret", NEW)
    assert not (tmp_path / "elsewhere").exists()
