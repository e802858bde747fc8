"""The control store's data on disk: is there room, can this server read it, is it whole."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING

from shim.errors import ShimError

if TYPE_CHECKING:
    from pathlib import Path

    from shim.store.binary import Binary
    from shim.store.server import ServerDied

_ROOM = 16 * 2**20  # bytes that must be free before a store is started
_FOLDER = "appendonlydir"  # since Redis 7.0; 6.2 has one file, appendonly.aof
_OVERFLOW = 65534  # /proc/sys/kernel/overflowuid
_DAMAGE = re.compile(
    r"(?i)bad file format|unexpected end of file|unrecoverable error|unknown command|manifest file"
    r"|wrong signature|can't open the append|AOF .* doesn't exist|bad .*RDB|RDB format version"
)


def refuse_foreign_parents(folder: Path) -> None:
    """Raise when another user owns a folder above ``folder``: they could put other data in its place.

    Whoever writes the append-only file runs code in the cluster. A place below ``/var/tmp`` can be taken
    by anybody before we come. Root and the kernel's overflow user (of a container's parents) count as ours.
    """
    for parent in folder.absolute().parents:
        if parent.exists() and (info := parent.stat()).st_uid not in (0, os.geteuid(), _OVERFLOW):
            raise ShimError(
                f"{parent} belongs to user {info.st_uid}, who could replace the control store's data in it.",
                fix="Name another place with SHIM_STATE_DIR.",
            )


def refuse_full_disk(folder: Path) -> None:
    """Raise when there is no room for a store's data in ``folder``, which need not exist yet."""
    place = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    room = os.statvfs(place)
    if room.f_bavail * room.f_frsize < _ROOM:
        raise full(folder)


def full(folder: Path) -> ShimError:
    """Return the error for a full disk."""
    return ShimError(
        f"The control store cannot write its data to {folder}: the disk or your quota is full.",
        fix=f"Free some space (df -h {folder}), or name another place with SHIM_STATE_DIR.",
    )


def refuse_old_binary(folder: Path, binary: Binary) -> None:
    """Raise when the data is from a newer server: Redis 6 does not look into its folder, and starts empty."""
    if not binary.at_least(7, 0) and (folder / _FOLDER).exists():
        raise ShimError(
            f"{folder / _FOLDER} was written by a newer server than {binary}, which cannot read it.",
            fix=f"Use the newer one (--store embedded), or start empty: mv {folder} {folder}.old",
        )


def explain(folder: Path, binary: Binary, died: ServerDied) -> ShimError:
    """Say what is wrong with the data when the log of a server that died blames the data."""
    said = died.log.read_text(errors="replace") if died.log.exists() else ""
    if "No space left" in said or "Disk quota exceeded" in said:
        return full(folder)
    if not _DAMAGE.search(said):
        return died
    parts = (folder / _FOLDER).exists()
    place = folder / _FOLDER if parts else folder
    named = re.findall(r"appendonly\.aof[.\w]*(?<!\.)", said)
    file = place / (named[-1] if named else "appendonly.aof")
    whole = place / "appendonly.aof.manifest" if parts else file
    check = binary.path.with_name("redis-check-aof")  # the server itself, when it is called so (main, server.c)
    tool = f"{check}" if check.exists() else f"exec -a redis-check-aof {shlex.quote(str(binary.path))}"
    kept = shlex.quote(f"{folder}.damaged")
    return ShimError(
        f"The control store's data is damaged: {file} cannot be read to its end.",
        fix=f"Keep a copy: cp -r {shlex.quote(str(folder))} {kept}; then cut off what is damaged: "
        f"({tool} --fix {shlex.quote(str(whole))}); or start empty: mv {shlex.quote(str(folder))} {kept}",
    )
