"""The control store on this host: a hardened server on loopback, its data in an append-only file."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.files import make_private_folder, read_private, write_private
from shim.secret import Secret
from shim.store import server
from shim.store.acl import ADMIN_RULES, DEFAULT_OFF, Profile, ray_rules, user_line
from shim.store.conversation import Credential, refusal, speak
from shim.store.data import explain, full, refuse_foreign_parents, refuse_full_disk, refuse_old_binary
from shim.store.filesystem import is_network_filesystem

if TYPE_CHECKING:
    from shim.process import Process
    from shim.store.binary import Binary

__all__ = (
    "ADMIN",
    "ADMIN_FILE",
    "Credential",
    "LocalStore",
    "check",
    "is_network_filesystem",
    "spec",
    "start",
    "stop",
)

ADMIN, RAY = "admin", "ray"
ADMIN_FILE = "admin.secret"
LOOPBACK = "127.0.0.1"

_PAYLOAD = b"\0" * 8192  # larger than the room that is left in a file's last block
_SETTINGS = (
    ("appendonly", "yes"),
    ("appendfsync", "everysec"),
    ("aof-load-truncated", "yes"),  # a torn last write, as kill -9 or a power cut leaves it
    ("aof-use-rdb-preamble", "no"),  # commands only: another product or version can read it as well
)


@dataclass(frozen=True)
class LocalStore:
    """A control store of this host.

    Attributes:
        folder: Private folder of the server.
        binary: The server program.
        port: TCP port on 127.0.0.1.
        namespace: The cluster's ``RAY_external_storage_namespace``.
        marker: Value of `shim.process.MARKER` in the server's environment.
        data: Where the append-only file lives; on a local disk. Default: ``folder/data``.
    """

    folder: Path
    binary: Binary
    port: int
    namespace: str
    marker: str
    data: Path = field(default=Path())

    def __post_init__(self) -> None:
        if self.data == Path():
            object.__setattr__(self, "data", self.folder / server.DATA)


def spec(store: LocalStore, ray: Secret, admin: Secret) -> server.ServerSpec:
    """Say what to run for this store and these passwords."""
    rules = ray_rules(store.namespace, Profile.TIGHT, selectors=store.binary.at_least(7, 0))
    return server.ServerSpec(
        folder=store.folder,
        binary=store.binary,
        bind=(LOOPBACK,),
        port=store.port,
        users=(DEFAULT_OFF, user_line(RAY, ray, rules), user_line(ADMIN, admin, ADMIN_RULES)),
        settings=(*_SETTINGS, ("dir", str(store.data.absolute()))),
        marker=store.marker,
    )


def check(store: LocalStore) -> None:
    """Find what would keep `start` from working, before anything is stopped.

    Raises:
        ShimError: The server refuses its configuration or cannot read the data, or the disk is full.
    """
    _refuse_data(store)
    server.check(spec(store, Secret.generate(), Secret.generate()))


def start(store: LocalStore, *, timeout: float = 15, load_timeout: float = 300) -> tuple[Process, Credential]:
    """Start the store, load what it held before, and give out a fresh password for Ray.

    Args:
        store: What to start.
        timeout: Seconds until the server must answer.
        load_timeout: Seconds that loading the append-only file may take.

    Returns:
        The server's process, and what the GCS logs in with. The administrator's password, fresh as well,
        is in ``folder/admin.secret``.

    Raises:
        ShimError: It did not start, its data is damaged, the disk is full. Nothing is left running.
    """
    _refuse_data(store)
    make_private_folder(store.folder)
    make_private_folder(store.data)
    ray, admin = Credential(RAY, Secret.generate()), Credential(ADMIN, Secret.generate())
    try:
        process = server.launch(spec(store, ray.password, admin.password), timeout=timeout)
    except server.ServerDied as died:
        raise explain(store.data, store.binary, died) from None
    try:
        _await_data(store, process, admin, load_timeout)
        _try_write(store, admin)
        write_private(store.folder / ADMIN_FILE, admin.password.reveal().encode())
    except BaseException:
        server.halt(process)
        raise
    return process, ray


def forget_refusals(store: LocalStore) -> None:
    """Empty the list of refused commands (``ACL LOG``): what a self-check tried is no finding for a later reader.

    Raises:
        ShimError: The administrator's secret cannot be read.
        OSError: The store does not answer.
    """
    admin = Credential(ADMIN, Secret(read_private(store.folder / ADMIN_FILE).decode()))
    with speak(store.port, admin) as session:
        session.call("ACL", "LOG", "RESET")


def stop(process: Process) -> None:
    """End the store; it writes out what it holds. Twice is fine.

    Raises:
        ShimError: It does not end.
    """
    server.halt(process)


def _refuse_data(store: LocalStore) -> None:
    refuse_foreign_parents(store.data)
    refuse_old_binary(store.data, store.binary)
    refuse_full_disk(store.data)


def _await_data(store: LocalStore, process: Process, admin: Credential, timeout: float) -> None:
    """Wait until the append-only file is loaded: until then, commands get ``-LOADING``."""
    deadline = time.monotonic() + timeout
    while process.is_alive():
        try:
            with speak(store.port, admin) as session:
                if not refusal(session.call("PING")).startswith("LOADING"):
                    return
        except OSError:
            pass  # it is busy loading, or ends because it cannot
        if time.monotonic() > deadline:
            raise ShimError(
                f"The control store has not loaded {store.data} in {timeout:.0f} seconds.",
                fix="Is the disk slow? Try again, or move that folder away to start empty.",
            )
        time.sleep(0.05)
    log = store.folder / server.LOG
    died = server.ServerDied("The control store ended while it loaded its data.", fix=f"See {log}.", log=log)
    raise explain(store.data, store.binary, died)


def _try_write(store: LocalStore, admin: Credential) -> None:
    """Write, and ask whether the append-only file took it: a full disk or quota shows only now."""
    with speak(store.port, admin) as session:
        refused = refusal(session.call("SET", "shim:room", _PAYLOAD))
        about = session.call("INFO", "persistence")
        refused = refused or refusal(session.call("DEL", "shim:room"))
    if refused or b"aof_last_write_status:ok" not in (about if isinstance(about, bytes) else b""):
        raise full(store.data)
