"""`shim.init`, `shim.install` and `shim.uninstall`: the translation of `shim run`, asked for in code.

This runs in the person's process: nothing here may import ``compat`` by that name, which may be theirs
(docs/decisions/names.md).
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from shim.legacy.callback import own_command
from shim.legacy.hook import private


def init(address: str | None = None, **kwargs: Any) -> Any:
    """See `shim.init`."""
    ray = importlib.import_module("ray")
    calls, patch = _hook("calls"), _hook("patch")
    given = {} if address is None else {"address": address}
    return calls.init(patch.real(ray.init))(**given, **kwargs)


def install() -> None:
    """See `shim.install`."""
    _hook("finder").add()
    if "ray" in sys.modules:
        _hook("patch").install(sys.modules["ray"])


def uninstall() -> None:
    """See `shim.uninstall`."""
    _hook("finder").remove()
    _hook("patch").uninstall()


def _hook(module: str) -> Any:
    """Return a module of the hook under its private name: the same one that `shim run` lets in."""
    sys.modules.setdefault("_shim_private", private)
    private.add(private.folders(str(Path(private.__file__).parent)))
    run = importlib.import_module("_shim_hook.run")
    run.current.shim = run.current.shim or own_command()
    return importlib.import_module(f"_shim_hook.{module}")
