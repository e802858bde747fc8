"""What this host started: one folder for each node, one JSON file in it, no secret in that file.

The folder is keyed by host name and machine id, because homes are shared between hosts (Slurm); what it says
about processes counts only for the boot that it names. Layout::

    <state>/<host>-<machine>/<cluster>/head/      and .../worker/
        node.json  lock  ray.log  store/  join/  auth_token (named clusters)
"""

from __future__ import annotations

import contextlib
import enum
import fcntl
import hashlib
import json
import os
import re
import socket
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shim.errors import ShimError, UsageError
from shim.files import check_owner, make_private_folder, read_private, sweep, write_private
from shim.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_NAME = "default"
ROLES = ("head", "worker")
FORMAT = 1
RECORD, LOCK = "node.json", "lock"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def boot_id() -> str:
    """Return the kernel's name for this boot (proc(5), random/boot_id)."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class BusyError(ShimError):
    """Another shim is working on the node."""


class DamagedError(ShimError):
    """A record of a node that cannot be read as one."""


class Phase(enum.StrEnum):
    """How far a node has come."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True)
class NodeState:
    """One node that was started here.

    Attributes:
        folder: Its state folder; the value of `shim.process.MARKER` in all its processes.
        name: The cluster's name.
        role: ``head`` or ``worker``.
        cluster_id: Random, made at the first start of a head, kept as long as its data is.
        phase: How far it has come.
        boot_id: The boot that ``members`` belong to.
        started_at: Seconds since 1970.
        address: The node's IP address; for a worker, ``head`` is the address of the GCS as given.
        ports: Role of a port (``gcs``, ``join``, ``store``, ``dashboard``, ``client``, ``agent``) to number.
        members: ``store``, ``join``, ``ray``: the process that was started for each.
        facts: Everything else that people are shown (Ray's version, the store, the token's path, ...).
        request: What was asked for, as options in order, without secrets.
    """

    folder: Path
    name: str
    role: str
    cluster_id: str
    phase: Phase = Phase.STARTING
    boot_id: str = field(default_factory=boot_id)
    started_at: int = 0
    address: str = ""
    head: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    members: Mapping[str, Process] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    request: tuple[str, ...] = ()

    def save(self) -> NodeState:
        """Write it, atomically; return it."""
        record = asdict(self)
        del record["folder"]
        make_private_folder(self.folder)
        write_private(self.folder / RECORD, json.dumps({"format": FORMAT, **record}, indent=1).encode() + b"\n")
        return self

    def with_member(self, role: str, process: Process | None) -> NodeState:
        """Return it with this process as its ``store``, ``join`` or ``ray`` (None: without)."""
        members = {name: member for name, member in self.members.items() if name != role}
        return replace(self, members=members if process is None else {**members, role: process})

    def with_facts(self, **facts: object) -> NodeState:
        """Return it with more to show."""
        return replace(self, facts={**self.facts, **facts})

    def living(self, role: str) -> bool:
        """Say whether that member runs: this boot, this very process."""
        member = self.members.get(role)
        return member is not None and self.boot_id == boot_id() and member.is_alive()


def load(folder: Path) -> NodeState | None:
    """Return what a folder says, or None when nothing was ever started there.

    Raises:
        DamagedError: It is no record.
        ShimError: It is of a later shim, or cannot be read.
    """
    path = folder / RECORD
    try:
        record = json.loads(read_private(path))
        if record.pop("format") != FORMAT:
            raise ShimError(f"{path} was written by a later shim.", fix="Use that shim, or upgrade this one.")
        record["members"] = {role: Process(**member) for role, member in record["members"].items()}
        record |= {"phase": Phase(record["phase"]), "request": tuple(record["request"])}
        return NodeState(folder=folder, **record)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(
            f"{path} is damaged: it is no record of a node.",
            fix=f"shim stop: it finds the processes all the same, keeps the data, and does mv {path} {path}.damaged",
        ) from error


def host_folder(environ: Mapping[str, str], home: Path) -> Path:
    """Return the folder for this host's nodes: ``SHIM_STATE_DIR``, else XDG's state folder, and the host."""
    if given := environ.get("SHIM_STATE_DIR"):
        root = Path(given).absolute()
    else:
        named = Path(environ.get("XDG_STATE_HOME", ""))  # a relative one does not count, says XDG
        root = (named if named.is_absolute() else home / ".local" / "state") / "shim"
    with contextlib.suppress(OSError):
        return root / f"{socket.gethostname()}-{_machine()}"
    return root / socket.gethostname()


def _machine() -> str:
    identity = Path("/etc/machine-id").read_bytes().strip()  # confidential (machine-id(5)): hashed, and cut short
    return hashlib.sha256(b"shim state folder" + identity).hexdigest()[:8]


def node_folder(name: str, role: str, environ: Mapping[str, str], home: Path) -> Path:
    """Return the folder of one node.

    Raises:
        UsageError: The name cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be the name of a cluster.", fix="Use up to 40 letters, digits, - and _.")
    return host_folder(environ, home) / name / role


def known_nodes(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Return the folder of every node that this host ever started, heads first."""
    host = host_folder(environ, home)
    return [folder for role in ROLES for folder in sorted(host.glob(f"*/{role}")) if folder.is_dir()]


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a node's folder: one verb at a time. The kernel lets go when we die, however we die.

    Raises:
        ShimError: Another shim holds it; or it lies behind a symbolic link, or is someone else's.
    """
    for place in (folder.parent.parent.parent, folder.parent.parent, folder.parent):
        check_owner(place)
    descriptor = _hold(folder)
    try:
        for place in (folder, folder / "store", folder / "join"):
            sweep(place)
        yield
    finally:
        os.close(descriptor)


def _hold(folder: Path) -> int:
    """Lock the file that is there, and not one that `stop --purge` removed after we had opened it."""
    path = folder / LOCK
    while True:
        make_private_folder(folder)
        descriptor = _open_lock(path)
        try:
            _take(descriptor)
            if path.exists() and os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _open_lock(path: Path) -> int:
    """Open the file; on a disk that has become read-only too, where `stop` must still work."""
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        try:
            return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            reason = error
    raise ShimError(
        f"{path} cannot be opened: {reason.strerror}.", fix="Make it writable, or set SHIM_STATE_DIR."
    ) from reason


def _take(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace")
        raise BusyError(
            f"Another shim (pid {holder or '?'}) is working on this node.", fix="Wait until it is done."
        ) from None
    except OSError as error:
        raise ShimError(
            f"The state folder cannot be locked: {error.strerror}.", fix="Name one on a local disk with SHIM_STATE_DIR."
        ) from error
    with contextlib.suppress(OSError):  # the pid is a courtesy: a full or read-only disk must not keep `stop` away
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())


def is_busy(folder: Path) -> bool:
    """Say whether a shim is working on the node now. Writes nothing."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
