"""How a Redis-compatible server is installed on this machine."""

from __future__ import annotations

import platform

_COMMANDS = {
    # Debian starts the server that it installs, on 6379: the very port of Ray's GCS.
    "debian": "sudo apt-get install redis-server && sudo systemctl disable --now redis-server",
    "fedora": "sudo dnf install valkey",
    "rhel": "sudo dnf install redis",
    "suse": "sudo zypper install redis",
    "arch": "sudo pacman -S valkey",
    "alpine": "sudo apk add valkey",
}


def how_to_install() -> str:
    """Return the command that installs a server with ACLs here, as a line for a person."""
    if platform.system() == "Darwin":
        return "brew install valkey"
    try:
        about = platform.freedesktop_os_release()
    except OSError:
        about = {}
    for name in (about.get("ID", ""), *about.get("ID_LIKE", "").split()):
        if name in _COMMANDS:
            return _COMMANDS[name]
    return "Install Redis 6.2 or newer, or Valkey, with this machine's package manager."
