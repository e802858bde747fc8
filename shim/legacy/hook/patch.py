"""Put the translating calls in the place of Ray's own, and take them out again."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = (
    ("ray", "init", "calls", "init"),
    ("ray._private.worker", "init", "calls", "init"),  # legacy: ray.worker.init
    ("ray", "client", "calls", "client"),
    ("ray.util", "connect", "calls", "connect"),
    ("ray.remote_function", "pickle_dumps", "carry", "dumps"),
    ("ray._private.function_manager", "pickle_dumps", "carry", "dumps"),
    ("ray.util.client.worker", "Worker._dumps_from_client", "carry", "dumps_from_client"),
)
"""What is replaced: Ray's module and attribute, and the module and function here that wrap it."""

_replaced: list[tuple[Any, str, Any, Any]] = []


def install(ray: Any) -> None:
    """Replace what the table names, where this Ray has it; what is replaced already stays."""
    if not hasattr(ray, "__path__") or not hasattr(ray, "init"):
        return  # a module of the person's own that is called ray
    for module, attribute, ours, wrap in TABLE:
        owner, _, name = attribute.rpartition(".")
        place = sys.modules.get(module)
        if owner and place is None and module.startswith("ray.util.client."):
            continue  # costs gRPC; `client_too` comes back for it
        if place is not None and owner:
            place = getattr(place, owner, None)
        if place is not None and name in vars(place):
            _replace(place, name, getattr(importlib.import_module(f".{ours}", __package__), wrap))


def _replace(place: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    if any(owner is place and what == name and vars(place)[name] is now for owner, what, _, now in _replaced):
        return
    real = vars(place)[name]
    known = [ours for _, _, theirs, ours in _replaced if theirs is real]
    now = known[0] if known else wrap(real)  # one function stays one, also in the eyes of pickle
    setattr(place, name, now)
    _replaced.append((place, name, real, now))


def client_too() -> None:
    """Replace in Ray Client as well, which Ray imports late; call before it connects."""
    if _replaced:
        importlib.import_module("ray.util.client.worker")
        install(sys.modules["ray"])


def uninstall() -> None:
    """Put back what was there, unless somebody else has put something else there since."""
    while _replaced:
        place, name, real, now = _replaced.pop()
        if vars(place).get(name) is now:
            setattr(place, name, real)


def real(call: Any) -> Any:
    """Return Ray's own function, also where it is replaced."""
    return next((real for _, _, real, now in _replaced if now is call), call)
