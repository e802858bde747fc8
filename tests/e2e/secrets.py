"""Every secret of a cluster, in every form in which it could be written down, and where it was found."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from shim.join.credential import derive
from shim.secret import Secret
from tests.e2e.cluster import argv, environ, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.cluster import Cluster, Node

Secrets: TypeAlias = dict[str, Secret]
"""Name to value; a failing test shows the names."""

LARGEST = 64 << 20
"""Bytes of a file that is still searched; nothing under test comes near."""


@dataclass(frozen=True)
class Find:
    """A secret in a place; the place is named without pids, so that it can be compared with a list."""

    secret: str
    place: str


def secrets_of(cluster: Cluster) -> Secrets:
    """Return all that must stay hidden."""
    [gcs] = named(cluster.head, "gcs_server")
    password = Secret(cluster.password)
    return {
        "legacy password": password,
        "token": Secret(cluster.token),
        "store's password": Secret(environ(gcs)["FLAGS_redis_password"]),
        "store's administrator": Secret((cluster.head.folder() / "store" / "admin.secret").read_text().strip()),
        "join password": derive(password).join_password,
    }


def forms(secret: Secret) -> set[bytes]:
    """Return a secret as text, hex and base64 (at each of the three alignments)."""
    text = secret.reveal().encode()
    found = {text, text.hex().encode(), text.hex().upper().encode()}
    if not len(text) % 2 and not text.strip(b"0123456789abcdef"):
        found.add(bytes.fromhex(text.decode()))
    for pad in range(3):
        coded = base64.b64encode(b"\0" * pad + text)
        inner = coded[4 if pad else 0 : len(coded) // 4 * 4 - 4]  # what does not depend on the neighbours
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def search(text: bytes, secrets: Secrets, place: str) -> Iterator[Find]:
    """Yield what a text holds, in any form."""
    for name, secret in secrets.items():
        if any(form in text for form in forms(secret)):
            yield Find(name, place)


def search_processes(node: Node, secrets: Secrets) -> Iterator[Find]:
    """Look through argv and environment of every process on a host."""
    for pid in node.host.pids():
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            variables = environ(pid)
        except OSError:
            continue  # it has just ended
        yield from search(argv(pid).encode(errors="replace"), secrets, f"argv of {name}")
        for variable, value in variables.items():
            yield from search(value.encode(errors="replace"), secrets, f"{variable} in the environment of {name}")


def search_files(node: Node, secrets: Secrets) -> tuple[list[Find], int]:
    """Look through home, state folder and Ray's sessions of a host; also return how many files there were."""
    found: list[Find] = []
    count = 0
    for root, title in ((node.host.home, "~"), (node.sessions, "/tmp/ray")):
        for folder, _, names in os.walk(root):
            for path in (Path(folder, name) for name in names):
                if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST:
                    count += 1
                    found += search(path.read_bytes(), secrets, f"{title}/{path.relative_to(root)}")
    return found, count
