"""What kind of filesystem a path is on: an append-only file does not belong on the network."""

from __future__ import annotations

import re
from pathlib import Path

_REMOTE = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smb3",
        "smbfs",
        "lustre",
        "gpfs",
        "beegfs",
        "afs",
        "ceph",
        "9p",
        "pvfs2",
        "panfs",
    )
)
_REMOTE_FUSE = frozenset(
    (
        "sshfs",
        "glusterfs",
        "ceph",
        "s3fs",
        "gcsfuse",
        "blobfuse2",
        "mount-s3",
        "juicefs",
        "rclone",
        "mfs",
        "goofys",
    )
)


def is_network_filesystem(path: Path, table: Path = Path("/proc/self/mountinfo")) -> str | None:
    """Return the type of the filesystem when a server somewhere else keeps it, else None.

    ``fsync`` is slow or means little there, locks are unsure, and a network that hangs would hang the GCS's
    store. Counted as local: overlay (a container's upper folder), tmpfs, virtiofs. 9p is a folder shared from
    elsewhere (WSL's drives, virtual machines), unless it is the root: then this sandbox has nothing better.

    Args:
        path: Need not exist; its nearest existing parent counts.
        table: The kernel's list of mounts (proc(5), "mountinfo").
    """
    place = path.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    place = place.resolve()
    best, kind = "", None
    try:
        lines = table.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    for line in lines:
        left, _, right = line.partition(" - ")
        mount = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), left.split()[4])
        if place.is_relative_to(mount) and len(mount) >= len(best):  # later mounts hide earlier ones
            best, kind = mount, right.split()[0]
    return kind if kind and _is_remote(kind, best) else None


def _is_remote(kind: str, mount: str) -> bool:
    if kind == "9p" and mount == "/":
        return False
    return kind in _REMOTE or kind.removeprefix("fuse.") in _REMOTE_FUSE
