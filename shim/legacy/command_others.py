"""The Rays of this machine that ``ray stop`` would have killed too, and that shim leaves alone."""

from __future__ import annotations

from pathlib import Path

from shim.process import MARKER, everything

SERVERS = ("gcs_server", "raylet")


def find_others() -> list[str]:
    """Return a line for each GCS and raylet that runs here, with its pid and whose it is."""
    return [
        f"{name}, pid {process.pid} ({_whose(process.pid)})"
        for _, _, process in sorted(everything(), key=lambda row: row[2].pid)
        if (name := _name(process.pid)) in SERVERS
    ]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _whose(pid: int) -> str:
    """Say which cluster of shim's it belongs to, by the mark that `shim start` leaves in the environment."""
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return "another user's"
    folder = next((word.partition(b"=")[2] for word in words if word.startswith(f"{MARKER}=".encode())), b"")
    if not folder:
        return "not started by shim"
    name = Path(folder.decode(errors="replace")).parent.name
    return f"of shim's cluster {name!r}: shim stop --name {name}"
