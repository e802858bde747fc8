"""Addresses and listeners of this host, as the kernel lists them."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTEN = "0A"  # the state column of /proc/net/tcp (include/net/tcp_states.h)


@dataclass(frozen=True)
class Listener:
    """A TCP socket that listens on this host."""

    address: str
    port: int
    inode: int

    def holder(self) -> int | None:
        """Return the pid that holds the socket, or None when only its owner or root may know."""
        wanted = f"socket:[{self.inode}]"
        for entry in os.scandir("/proc"):
            if entry.name.isdigit() and wanted in _open_files(entry.path):
                return int(entry.name)
        return None


def _open_files(process: str) -> Iterator[str]:
    """Yield what each descriptor of a process names; those that it closes meanwhile are passed over."""
    with contextlib.suppress(OSError):  # it ended, or is another user's
        for descriptor in os.scandir(f"{process}/fd"):
            with contextlib.suppress(OSError):
                yield os.readlink(descriptor.path)  # noqa: PTH115 - DirEntry, hot loop


def listeners() -> list[Listener]:
    """Return every listening TCP socket of this network namespace, IPv4 and IPv6."""
    found = []
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue  # no IPv6 in this kernel
        for fields in map(str.split, lines):
            if fields[3] == LISTEN:
                address, _, port = fields[1].partition(":")
                found.append(Listener(_readable(address), int(port, 16), int(fields[9])))
    return found


def _readable(kernel: str) -> str:
    """Turn the kernel's hex (32-bit words in host order) into the usual notation."""
    words = [int(kernel[at : at + 8], 16).to_bytes(4, "little") for at in range(0, len(kernel), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def describe_holder(listener: Listener) -> str:
    """Say who listens: ``pid 123 (redis-server)``, or that only root may know."""
    pid = listener.holder()
    if pid is None:
        return "a process of another user"
    try:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        name = "?"
    return f"pid {pid} ({name})"


def node_address(target: str = "8.8.8.8") -> str:
    """Return the address by which this host reaches ``target``; no packet is sent.

    As Ray's ``get_node_ip_address`` does (ray/_private/services.py, 2.60): a UDP socket is connected
    and asked for its own name. With no route at all, 127.0.0.1.
    """
    try:
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 80))
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1"


def is_loopback(address: str) -> bool:
    """Say whether only this host can reach the address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def is_private(address: str) -> bool:
    """Say whether the address is of a private network (RFC 1918, RFC 4193, link-local, loopback)."""
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def split_address(text: str) -> tuple[str, int]:
    """Split ``host:port`` or ``[v6]:port``; a missing port is Ray's 6379.

    Raises:
        ValueError: The port is no number from 1 to 65535, or the host is empty.
    """
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]") or (text.count(":") > 1 and not text.startswith("[")):
        host, port = text, "6379"
    host = host.removeprefix("[").removesuffix("]")
    number = int(port) if port.isascii() and port.isdecimal() and len(port) <= 5 else 0
    if not re.fullmatch(r"[^\s/@\[\]]+", host) or not 0 < number <= 65535:
        raise ValueError(f"{text!r} is not host:port")
    return host, number


def join_host(host: str, port: int) -> str:
    """Write host and port as one address, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
