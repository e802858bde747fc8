"""A Ray that starts in a tenth of a second: same processes, names, sessions and habits, and no cluster.

Installed as the package ``ray`` of a folder of its own (`install`), it runs below shim's real bootstrap. What
matters to crash tests is as in Ray 2.60: ``ray start`` leads a session and ends; the agent loses environment and
argv (setproctitle) and is slow to end; the driver of a job leaves the session.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PACKAGE = {
    "ray/__init__.py": "",
    "ray/_private/__init__.py": "",
    "ray/_private/services.py": Path(__file__).read_text(),
    "ray/scripts/__init__.py": "",
    "ray/scripts/scripts.py": "from ray._private.services import main\n",
    "ray-2.60.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: ray\nVersion: 2.60.0\n",
}


def install(folder: Path) -> Path:
    """Write the package into ``folder`` (for PYTHONPATH); return its ``ray`` program."""
    for name, text in PACKAGE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    program = folder / "ray"
    program = folder / "bin" / "ray"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n")
    program.chmod(0o755)
    return program


def start_ray_process(command: list[str], process_type: str, *, env_updates: dict[str, str]) -> Any:
    """Start one process of a node (the name and place that shim's bootstrap wraps)."""
    program = [sys.executable, "-IS", __file__, process_type, *command]
    return subprocess.Popen(program, env={**os.environ, **env_updates}, stdin=subprocess.DEVNULL)


def main() -> None:
    """Do what ``ray start`` does: start the servers, then the raylet, say so, end (or stay, with ``--block``)."""
    if "--head" in sys.argv:
        start_ray_process(["--redis_password=" + word[17:] for word in sys.argv if "s-password=" in word], "gcs_server",
                          env_updates={})  # fmt: skip
    time.sleep(0.05)
    raylet = start_ray_process([], "raylet", env_updates={})
    time.sleep(0.05)
    sys.stdout.write("Ray runtime started.\n")
    sys.stdout.flush()
    if "--block" in sys.argv:
        raylet.wait()


def stay(name: str) -> None:
    """Be one of the processes until the end."""
    Path("/proc/self/comm").write_text(name[:15])
    if name == "raylet":
        again = [sys.executable, "-IS", __file__]
        subprocess.Popen([*again, "agent"], env={})
        subprocess.Popen([*again, "driver"], start_new_session=True)
    if name == "agent":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(600)


if __name__ == "__main__":
    stay(sys.argv[1])
