"""`ray.init`, `ray.client` and `ray.util.connect` as legacy drivers call them."""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

from . import access, run

Call = Callable[..., Any]


class LegacyCallError(ValueError):
    """A legacy call that cannot be translated: what is wrong with it, and what to write."""


OURS = (ValueError, access.JoinError)


def init(real: Call) -> Call:
    """Wrap `ray.init`."""
    modern = frozenset(inspect.signature(real).parameters)

    @functools.wraps(real)
    def init(*args: Any, **kwargs: Any) -> Any:
        try:
            args, kwargs = _before_init(modern, args, kwargs)
        except OURS as error:
            raise error.with_traceback(None) from None  # people see their own line, not our insides
        with run.Hidden(run.current.hidden), access.Refusal():
            return real(*args, **kwargs)

    return init


def client(real: Call) -> Call:
    """Wrap `ray.client`, which takes an address and never had a password."""

    @functools.wraps(real)
    def client(*args: Any, **kwargs: Any) -> Any:
        address = args[0] if args else kwargs.get("address")
        try:
            access.prepare(_client_address(address), [])
        except OURS as error:
            raise error.with_traceback(None) from None
        return real(*args, **kwargs)

    return client


def connect(real: Call) -> Call:
    """Wrap `ray.util.connect`."""

    @functools.wraps(real)
    def connect(*args: Any, **kwargs: Any) -> Any:
        try:
            translated = _translate("translate_connect", kwargs)
            access.prepare(_client_address(args[0] if args else kwargs.get("conn_str")), _given(translated))
        except OURS as error:
            raise error.with_traceback(None) from None
        return real(*args, **translated.kwargs)

    return connect


def _before_init(modern: frozenset[str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the arguments for this Ray's `init`; the token is in place when this returns."""
    given: list[tuple[str, str]] = []
    if not modern >= kwargs.keys():
        positional = {"address": args[0]} if len(args) == 1 and "address" not in kwargs else {}
        translated = _translate("translate_init", {**positional, **kwargs}, os.environ)
        given = [] if translated.external_redis else _given(translated)
        if positional:
            args = ()
        kwargs = translated.kwargs
    address = args[0] if args else kwargs.get("address")
    access.prepare(address, given)
    return args, kwargs


def _translate(how: str, kwargs: dict[str, Any], *more: Any) -> Any:
    """Translate by compat's table, say what became of what; the call itself is not made.

    Raises:
        LegacyCallError: It cannot be translated.
    """
    from _shim_compat import init as table  # type: ignore[import-not-found]
    from _shim_compat.errors import LegacyError  # type: ignore[import-not-found]

    try:
        translated = getattr(table, how)(kwargs, access.version(sys.modules["ray"]), *more)
    except LegacyError as error:
        raise LegacyCallError(f"{error.what} {error.fix}") from None
    for note in translated.notes:
        run.say(str(note))
    return translated


def _given(translated: Any) -> list[tuple[str, str]]:
    return [(f"{one.place}=", one.password) for one in translated.passwords]


def _client_address(address: Any) -> Any:
    """Return ``ray://host:10001`` for the ``host:10001`` that Ray Client's own calls take."""
    bare = isinstance(address, str) and "://" not in address and address not in ("local", "auto")
    return f"ray://{address}" if bare and address else address
