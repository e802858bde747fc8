"""Token files, read as Ray reads them, but not through links, nor from just anybody."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.files import PRIVATE_FILE, check_owner
from shim.token.model import Kind, Source, Token, UnfitTokenError, accept, trim

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 64 * 1024
"""Bytes of a token file that are looked at: no HTTP server takes a header as long as that."""


def default_path(home: Path) -> Path:
    """Return where Ray keeps the token of a person: ``~/.ray/auth_token``."""
    return home / ".ray" / "auth_token"


def load(path: Path, kind: Kind) -> Token | None:
    """Return the token in the first line of a file, or None when the file is missing or that line is empty.

    Raises:
        ShimError: A symlink, not a regular file, someone else's (root's may be named by a ``path``: root can
            do all else too), unreadable, or not fit to be a token.
    """
    _check_trust(path, kind)
    try:  # O_NONBLOCK: a named pipe must not hold us
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ShimError(f"{path} cannot be read: {error.strerror}.", fix=f"Check its rights: ls -l {path}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ShimError(f"{path} is not a regular file.", fix="Name a file with the token in its first line.")
    with os.fdopen(descriptor, "rb") as file:
        line = file.readline(LONGEST + 1).decode(errors="replace")
    fix = f"Move it away (mv {path} {path}.old), then: shim token generate"
    if len(line) > LONGEST:
        raise UnfitTokenError(f"The first line of {path} is too long for a token.", fix=fix)
    if not trim(line):
        return None
    return Token(accept(line, str(path), fix=fix), Source(kind, str(path)))


def tighten(path: Path) -> str | None:
    """Give a looser token file of one's own mode 0600; return what was changed, for a person, or None.

    Raises:
        ShimError: It is a symlink or someone else's, or the file system refuses.
    """
    check_owner(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ShimError(f"{path} cannot be read: {error.strerror}.", fix=f"chmod 600 {path}") from error
    try:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if not mode & 0o077:
            return None
        os.fchmod(descriptor, PRIVATE_FILE)
    except OSError as error:
        raise ShimError(f"The mode of {path} cannot be changed: {error.strerror}.", fix=f"chmod 600 {path}") from error
    finally:
        os.close(descriptor)
    return f"{path} could be read by others (mode {mode:04o}); it is {PRIVATE_FILE:04o} now."


def _check_trust(path: Path, kind: Kind) -> None:
    if kind == "default":
        check_owner(path.parent)
    try:
        info = path.lstat()
    except OSError:
        return  # the open says why
    if kind != "path" or info.st_uid != 0 or stat.S_ISLNK(info.st_mode):
        check_owner(path)
