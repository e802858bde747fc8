"""Token files, written as Ray should: 0600 in a 0700 folder, whole or not at all (Ray 2.60 leaves 0644)."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.files import PRIVATE_FOLDER, make_private_folder, sync_folder, write_private
from shim.secret import Secret
from shim.token.file import load, tighten
from shim.token.model import Source, Token, UnfitTokenError, accept, fingerprint

if TYPE_CHECKING:
    from pathlib import Path


def save(path: Path, secret: Secret, *, replace: bool = False) -> None:
    """Write the token, 0600, whole or not at all; what is there already and equal is only tightened.

    A missing folder is made with 0700. A folder of Ray's own (``.ray``) is tightened, no other.

    Raises:
        ShimError: Another token is there and ``replace`` is false (also when somebody else wrote it this
            instant: homes are shared between hosts); a symlink or someone else's file is in the way; others
            may write to the folder; the token cannot be sent, or is known to everybody.
    """
    accept(secret.reveal(), "this command", fix="Make one: shim token generate")
    _prepare_folder(path.parent)
    if not replace and _is_there(path, secret):
        tighten(path)
    elif replace or path.exists():
        write_private(path, _line(secret))
    else:
        _create(path, secret)


def _is_there(path: Path, secret: Secret) -> bool:
    """Say whether the file holds this token already; an empty or missing one does not.

    Raises:
        ShimError: It holds something else.
    """
    try:
        old = load(path, "default")
        what = f"another token ({fingerprint(old.secret)})" if old else ""
    except UnfitTokenError as error:
        old, what = None, f"something else ({error.what})"
    if not what or (old and old.secret == secret):
        return old is not None
    raise ShimError(
        f"{path} holds {what}; it is not overwritten.",
        fix=f"If no cluster needs it any more, move it away: mv {path} {path}.old",
    )


def _create(path: Path, secret: Secret) -> None:
    """Write a file that is not there yet: a link, unlike a rename, never replaces what appeared meanwhile."""
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        write_private(temporary, _line(secret))
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            _is_there(path, secret)
        except OSError:
            temporary.replace(path)  # a file system without links
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def _line(secret: Secret) -> bytes:
    return secret.reveal().encode() + b"\n"


def generate(path: Path) -> Token:
    """Make a token of 256 random bits (64 hex digits, as Ray does) and save it.

    Raises:
        ShimError: As `save`; a token that is there is never replaced.
    """
    secret = Secret.generate()
    save(path, secret)
    return Token(secret, Source("default", str(path)))


def _prepare_folder(folder: Path) -> None:
    """Make the folder if it is missing; refuse one where others could put a file in place of ours."""
    if folder.name == ".ray" or not folder.exists():
        make_private_folder(folder)
        return
    mode = folder.stat().st_mode
    if mode & 0o022 and not mode & stat.S_ISVTX:
        raise ShimError(
            f"Others may write to {folder}, and could replace the token.",
            fix=f"chmod go-w {folder}, or name a folder of your own (mode {PRIVATE_FOLDER:04o}).",
        )
