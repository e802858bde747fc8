"""A machine with shim and a stand-in for Ray: it tells what it was given, and does as it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.imports import ROOT

if TYPE_CHECKING:
    from pathlib import Path

STANDIN = """\
import json, os, sys
path = os.environ.get("RAY_AUTH_TOKEN_PATH")
told = {"argv": sys.argv, "environ": dict(os.environ), "pid": os.getpid(), "tty": [os.isatty(n) for n in range(3)],
        "cmdline": open("/proc/self/cmdline").read().split(chr(0)), "token": open(path).read() if path else None}
print(json.dumps(told), flush=True)
todo = sys.argv[-1] if len(sys.argv) > 1 else ""
if todo.startswith("exit-"):
    sys.exit(int(todo[5:]))
if todo == "cat":
    print(sys.stdin.read(), end="")
if todo == "wait":
    import time
    time.sleep(60)
if todo == "ray":
    os.execvp("ray", ["ray", "status"])
"""


@dataclass(frozen=True)
class Stage:
    """A Python with shim, a home, and a stand-in for Ray: beside that Python, or elsewhere on PATH."""

    python: Path
    home: Path
    ray: Path

    @property
    def shim(self) -> list[str]:
        """The command line of shim."""
        return [str(self.python), "-P", "-m", "shim"]

    @property
    def token(self) -> Path:
        """Where the token is by default."""
        return self.home / ".ray" / "auth_token"

    def environ(self, **more: str | None) -> dict[str, str]:
        """Return a person's environment; None takes a variable out."""
        path = f"{self.ray.parent}:/usr/local/bin:/usr/bin:/bin"
        environ = {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8", **more}
        return {name: value for name, value in environ.items() if value is not None}

    def run(self, *argv: str, stdin: str = "", **environ: str | None) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, as that person, in their home."""
        env = self.environ(**environ)
        return subprocess.run(argv, env=env, cwd=self.home, input=stdin, capture_output=True, text=True, timeout=60)

    def shim_ray(self, *words: str, stdin: str = "", **environ: str | None) -> subprocess.CompletedProcess[str]:
        """Run ``shim ray WORDS…``."""
        return self.run(*self.shim, "ray", *words, stdin=stdin, **environ)

    def told(self, *words: str, **environ: str | None) -> dict[str, Any]:
        """Run ``shim ray WORDS…`` and return what the stand-in saw."""
        return told(self.shim_ray(*words, stdin="", **environ))

    def give_token(self, text: str = "token-of-the-test") -> None:
        """Put a token where Ray looks for it."""
        self.token.parent.mkdir(mode=0o700, exist_ok=True)
        self.token.write_text(text + "\n")
        self.token.chmod(0o600)


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what the stand-in said in its first line."""
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    return found


def set_stage(folder: Path, *, beside: bool = False, version: str = "2.60.0") -> Stage:
    """Make such a machine (a virtual environment without pip, 0.1 s)."""
    for name in ("home", "elsewhere"):
        (folder / name).mkdir(parents=True)
    venv.create(folder / "shim", symlinks=True)
    [site] = (folder / "shim").glob("lib/python3*/site-packages")
    ours = next(part for part in sys.path if part.endswith("site-packages"))
    (site / "tests.pth").write_text(f"{ROOT}\n{ours}\n")
    prefix = folder / ("shim" if beside else "elsewhere")
    add_standin(prefix, version, folder / "shim/bin/python" if beside else None)
    return Stage(folder / "shim/bin/python", folder / "home", prefix / "bin" / "ray")


def add_standin(prefix: Path, version: str, python: Path | None = None) -> Path:
    """Install the stand-in for Ray as pip would; a ``python`` of the same prefix can be asked for its version."""
    site = prefix / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    info = site / f"ray-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ray\nVersion: {version}\n")
    program = prefix / "bin" / "ray"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!{python or os.path.realpath(sys.executable)}\n{STANDIN}")
    program.chmod(0o755)
    return program
