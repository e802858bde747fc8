"""Private files: written whole or not at all, never through a symlink, read by nobody else."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import TYPE_CHECKING

from shim.errors import ShimError

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}")


def make_private_folder(folder: Path) -> None:
    """Make ``folder`` (and what is missing above it) with mode 0700, and check that it is ours.

    Raises:
        ShimError: It is a symlink, belongs to someone else, is no folder, or cannot be made.
    """
    try:
        for missing in [place for place in reversed(folder.parents) if not place.exists()]:
            missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)  # mkdir(parents=True) would leave these to the umask
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except FileExistsError as error:
        raise ShimError(f"{folder} is not a folder.", fix=f"Move {folder} away, or name another place.") from error
    except OSError as error:
        raise ShimError(
            f"{folder} cannot be made: {error.strerror}.",
            fix="Make it writable, or name another place with SHIM_STATE_DIR.",
        ) from error
    check_owner(folder)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(PRIVATE_FOLDER)


def check_owner(path: Path) -> None:
    """Refuse a path that is itself a symlink or belongs to another user (root's is refused too).

    Raises:
        ShimError: With the reason. A path that does not exist passes.
    """
    try:
        info = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ShimError(
            f"{path} cannot be looked at: {error.strerror}.", fix="Check the rights of the folders above it."
        ) from error
    if stat.S_ISLNK(info.st_mode):
        raise ShimError(
            f"{path} is a symbolic link; secrets are not kept behind links.",
            fix=f"Remove the link, or name the real place: {os.path.realpath(path)}",
        )
    if info.st_uid != os.geteuid():
        raise ShimError(
            f"{path} belongs to user {info.st_uid}, not to you ({os.geteuid()}).",
            fix=f"Run as the owner, or give it to yourself: chown {os.geteuid()} {path}",
        )


def write_private(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Replace ``path`` by ``data`` atomically: old content or new, never a part, also after a crash.

    A temporary file beside the target is written, synced and renamed over it; the folder is synced.

    Raises:
        ShimError: The target is a symlink or someone else's, or the disk refuses.
    """
    check_owner(path)
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise ShimError(
            f"{path} cannot be written: {error.strerror}.",
            fix="Check free space and rights of the folder, or name another place with SHIM_STATE_DIR.",
        ) from error


def sweep(folder: Path) -> None:
    """Remove what `write_private` left in a folder when it was killed; only while nobody else writes there."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if _TEMPORARY.fullmatch(path.name):
                path.unlink()


def read_private(path: Path) -> bytes:
    """Return the content of a file of ours.

    Raises:
        FileNotFoundError: There is none.
        ShimError: It is a symlink, someone else's, or unreadable.
    """
    check_owner(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ShimError(f"{path} cannot be read: {error.strerror}.", fix=f"Check its rights: ls -l {path}") from error


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
