"""Real parts that a test needs: found; or the test is skipped; or, with ``SHIM_REQUIRE_REAL=1``, it fails."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

REQUIRED = "SHIM_REQUIRE_REAL"
SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def need(found: object, what: str, fix: str) -> None:
    """Go on when ``found`` is true; else skip this test, or fail it where real parts are required (CI)."""
    if found:
        return
    reason = f"{what} is missing. Try: {fix}"
    if os.environ.get(REQUIRED, "0") not in ("", "0"):
        pytest.fail(f"{reason} ({REQUIRED} is set)", pytrace=False)
    pytest.skip(reason)


def program(name: str, package: str = "") -> Path:
    """Return the path of a program of this machine (``SHIM_TEST_<NAME>`` names another one)."""
    named = os.environ.get(f"SHIM_TEST_{name.upper().replace('-', '_')}")
    path = named or shutil.which(name, path=SYSTEM_PATH)
    need(path and Path(path).is_file(), named or name, f"apt-get install -y {package or name}")
    return Path(str(path))


def beside_python(name: str) -> Path:
    """Return a program of the environment that runs the tests: shim, ray."""
    path = Path(os.environ.get(f"SHIM_TEST_{name.upper()}") or Path(sys.executable).with_name(name))
    need(path.is_file(), str(path), "sh setup.sh --dev")
    return path
