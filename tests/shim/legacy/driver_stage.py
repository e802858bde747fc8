"""A stage for drivers: `shim run` for real, on a Ray that only tells how it was called.

The real one takes part in tests/e2e/test_drivers.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[3]
STUB = Path(__file__).parent / "stub_ray"
TOKEN = "a1" * 32


@dataclass(frozen=True)
class Stage:
    """A folder with a script, a stand-in for Ray on PYTHONPATH, and a home."""

    folder: Path
    home: Path
    python: str = sys.executable

    @classmethod
    def build(cls, folder: Path, python: str = sys.executable, *, token: bool = True) -> Stage:
        """Lay out everything; with a token in its default place unless told otherwise."""
        stage = cls(folder / "project", folder / "home", python)
        shutil.copytree(STUB, folder / "site" / "ray")
        program = folder / "bin" / "ray"
        program.parent.mkdir()
        program.write_text(f"#!{python}\n")
        program.chmod(0o755)
        stage.folder.mkdir()
        (stage.home / ".ray").mkdir(parents=True, mode=0o700)
        if token:
            stage.token_file.write_text(TOKEN + "\n")
            stage.token_file.chmod(0o600)
        return stage

    @property
    def token_file(self) -> Path:
        """Where the token is by default."""
        return self.home / ".ray" / "auth_token"

    @property
    def site(self) -> Path:
        """The folder that the stand-in is imported from."""
        return self.folder.parent / "site"

    def write(self, name: str, text: str) -> Path:
        """Put a file into the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def environ(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the person's environment."""
        ours = {"HOME": str(self.home), "PYTHONPATH": str(self.site), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        return {**ours, **(env or {})}

    def plain(self, *words: str | Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Any:
        """Run plain ``python WORDS...``."""
        return self._run([self.python, *words], env, stdin)

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Any:
        """Run ``shim run WORDS...``, the way the console script does."""
        ray = self.folder.parent / "bin" / "ray"
        return self._run([sys.executable, ROOT / "ray_redis_shim.py", "run", "--ray-bin", ray, *words], env, stdin)

    def _run(self, command: list[str | Path], env: Mapping[str, str] | None, stdin: str) -> Any:
        words = [str(word) for word in command]
        return subprocess.run(
            words, cwd=self.folder, env=self.environ(env), input=stdin, capture_output=True, text=True, timeout=60
        )

    def code(self, text: str, *arguments: str, env: Mapping[str, str] | None = None) -> Any:
        """Run a script of that text."""
        return self.run(self.write("driver.py", text).name, *arguments, env=env)


def calls(done: Any) -> list[dict[str, Any]]:
    """Return what the stand-in was called with, in order."""
    lines = [line.partition(" ")[2] for line in done.stdout.splitlines() if line.startswith("RAY ")]
    return [json.loads(line) for line in lines]


def notes(done: Any) -> list[str]:
    """Return what shim said, in order."""
    return [line.removeprefix("shim: ") for line in done.stderr.splitlines() if line.startswith("shim: ")]
