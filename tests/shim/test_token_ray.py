"""Ray's own loader and ours agree, on a sample (each call of Ray takes two seconds)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shim.errors import ShimError
from shim.token import default_path, find, generate

BESIDE = Path(sys.executable).with_name("ray")
RAY = str(BESIDE) if BESIDE.exists() else shutil.which("ray")

pytestmark = [pytest.mark.ray, pytest.mark.skipif(RAY is None, reason="no Ray is installed")]


def ask_ray(environ: dict[str, str], home: Path) -> str | None:
    """Return the token that Ray's loader finds, or None when it finds none or gives up."""
    base = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "RAY_AUTH_MODE": "token",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    done = subprocess.run([str(RAY), "get-auth-token"], env={**base, **environ}, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def ask_shim(environ: dict[str, str], home: Path) -> str | None:
    try:
        token = find(environ, home)
    except ShimError:
        return None
    return token.secret.reveal() if token else None


CASES = {
    "trimmed variable": ({"RAY_AUTH_TOKEN": " \tfrom-variable \f\v"}, b"from-default"),
    "empty variable falls through": ({"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": ""}, b"from-default"),
    "white space does not fall through": ({"RAY_AUTH_TOKEN": "  "}, b"from-default"),
    "missing path does not fall through": ({"RAY_AUTH_TOKEN_PATH": "/nowhere/at/all"}, b"from-default"),
    "first line only, trimmed": ({}, b" first\r\nsecond\n"),
    "leading blank line": ({}, b"\nsecond\n"),
    "path is not expanded": ({"RAY_AUTH_TOKEN_PATH": "~/.ray/auth_token"}, b"from-default"),
}


@pytest.mark.parametrize(("environ", "content"), CASES.values(), ids=CASES.keys())
def test_ray_and_shim_agree(environ: dict[str, str], content: bytes, tmp_path: Path) -> None:
    path = default_path(tmp_path)
    path.parent.mkdir()
    path.write_bytes(content)
    assert ask_shim(environ, tmp_path) == ask_ray(environ, tmp_path)


def test_ray_reads_what_we_generate(tmp_path: Path) -> None:
    token = generate(default_path(tmp_path))
    assert ask_ray({}, tmp_path) == token.secret.reveal()
