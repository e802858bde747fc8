"""Patch Ray as soon as it is imported."""

from __future__ import annotations

import contextlib
import sys
from importlib import _bootstrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec


BOOTSTRAP = "<frozen importlib._bootstrap>"
_call_with_frames_removed: Any = vars(_bootstrap)["_call_with_frames_removed"]


class RayFinder:
    """Finds ``ray`` where everybody else finds it, and patches the module when it has been executed."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        """Return the spec that the other finders return for ``ray``; None for every other name."""
        if name != "ray":
            return None
        others = [finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec")]
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is not None and spec.loader is not None:
            _watch(spec.loader)
        return spec


def _watch(loader: Any) -> None:
    """Let the loader patch what it executes. It stays the loader it is: people ask it for resources."""
    execute = loader.exec_module
    with contextlib.suppress(AttributeError):  # a loader that is not to be changed: Ray stays as it is
        loader.exec_module = _patching(loader, execute)


def _patching(loader: Any, execute: Callable[[Any], None]) -> Callable[[Any], None]:
    def exec_module(module: Any) -> None:
        _call_with_frames_removed(execute, module)
        vars(loader).pop("exec_module", None)
        if module.__name__ == "ray":
            from . import patch

            patch.install(module)

    # Python leaves its own import machinery out of tracebacks, by this name; an error in Ray looks as without us.
    exec_module.__code__ = exec_module.__code__.replace(co_filename=BOOTSTRAP)
    return exec_module


_finder = RayFinder()


def add() -> None:
    """Wait for ``import ray``; twice is fine."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def remove() -> None:
    """Wait no longer."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
