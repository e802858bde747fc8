"""Functions and actors bring the translation with them to the workers that run them.

A worker may be on a host without shim, and what it imports may call ``ray.init(redis_password=…)`` again. A
``runtime_env`` would carry the hook too, but it costs the workers that Ray has ready (1 s, Ray 2.60), needs
``ray[default]`` on every node, and may be taken by the person's own ``worker_process_setup_hook``. So the pickle of a
function begins with an object whose unpickling puts the translation in place; the function itself follows.
"""

from __future__ import annotations

import functools
import json
import operator
import zlib
from collections.abc import Callable
from typing import Any

Dump = Callable[..., bytes]

ARRIVE = (
    '__import__("sys").modules.get("_shim_hook") '
    'or exec(__import__("zlib").decompress(private), space) '
    'or space["arrive"](private, texts)'
)
"""What a worker evaluates: nothing where the hook is there already."""

NEEDED = {
    "_shim_hook": ("", "access", "calls", "carry", "patch", "run"),
    "_shim_compat": (
        *("", "argv", "errors", "init", "note", "ray_init", "ray_start", "releases", "spelling", "start_address"),
        *("start_credentials", "start_notes", "version"),
    ),
}
"""The modules that the translation of a call is made of; a test compares."""


class Arrival:
    """Something that, unpickled, puts the translation in place. It needs no class of ours over there."""

    def __reduce__(self) -> Any:
        """Pickle as an expression of builtins."""
        return eval, (ARRIVE, {**luggage(), "space": {"__name__": "_shim_private"}})


class Accompanied:
    """A function that comes with an `Arrival`, which is unpickled first; unpickled, it is the function itself."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __reduce__(self) -> Any:
        """Pickle as the second of two things."""
        return operator.getitem, ((Arrival(), self.function), 1)


def dumps(real: Dump) -> Dump:
    """Wrap the function with which Ray pickles functions and actor classes: ``pickle_dumps(function, message)``."""

    @functools.wraps(real)
    def pickle_dumps(function: Any, *more: Any, **named: Any) -> bytes:
        try:
            return real(Accompanied(function), *more, **named)
        except Exception:  # noqa: BLE001 - Ray explains what cannot be pickled, and must not explain us
            return real(function, *more, **named)

    return pickle_dumps


def dumps_from_client(real: Dump) -> Dump:
    """Wrap the method with which Ray Client pickles functions and actor classes."""

    @functools.wraps(real)
    def _dumps_from_client(self: Any, function: Any) -> bytes:
        try:
            return real(self, Accompanied(function))
        except Exception:  # noqa: BLE001 - as above
            return real(self, function)

    return _dumps_from_client


@functools.lru_cache(maxsize=1)
def luggage() -> dict[str, bytes]:
    """Return the sources of the hook, compressed: 20 kB that every pickled function carries."""
    from importlib import import_module

    private = import_module("_shim_private")
    if private.arrived:
        return dict(private.arrived)
    texts = {package: {name: private.read(package, name) for name in names} for package, names in NEEDED.items()}
    return {
        "private": zlib.compress(private.read("_shim_hook", "private").encode(), 9),
        "texts": zlib.compress(json.dumps(texts).encode(), 9),
    }
