"""Explain a Python call of ray.init, ray.util.connect or ray.client."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compat.errors import LegacyError
from compat.init import PASSWORD_ARGUMENTS, translate_connect, translate_init
from compat.passwords import is_famous
from compat.ray_start import NEWEST
from compat.releases import FIRST_TOKEN, release
from compat.start_notes import without_login
from shim.explain.entries import find_entries, refused, tell_stories
from shim.explain.kind import Kind
from shim.explain.masking import mask_call
from shim.explain.model import Explanation, Modern, wrong
from shim.explain.words import WHY_PASSWORD, WHY_TOKEN, password_verdict, refusal, short, token_warnings

if TYPE_CHECKING:
    from compat.version import Version

_FUNCTIONS = ("init", "connect", "client")
_SETUP = "# before it, in the environment: RAY_AUTH_MODE=token, and the cluster's token"


@dataclass(frozen=True)
class _Expression:
    """An argument that only the program itself can work out."""

    source: str


def find_call(text: str) -> ast.Call | None:
    """Return the call of Ray in a piece of Python; None if there is none, or it is not Python."""
    try:
        tree = ast.parse(textwrap.dedent(text).strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _last_name(node.func) in _FUNCTIONS]
    return calls[0] if calls else None


def explain_call(call: ast.Call, ray: Version) -> Explanation:
    """Explain a call."""
    connects = _last_name(call.func) != "init"
    kwargs, unknown = _read(call)
    stories = tell_stories(find_entries(_names_of(call, kwargs)), ray)
    target = ray if ray.release >= FIRST_TOKEN else NEWEST
    given = [name for name in PASSWORD_ARGUMENTS if name in kwargs]
    try:
        done = translate_connect(kwargs, target) if connects else translate_init(kwargs, target)
    except LegacyError as error:
        return wrong(Kind.CALL, mask_call(call), ray, error, stories)
    verdict, protects = _judge(kwargs, ray, given=bool(given))
    if stops := refused(stories):
        verdict = f"{verdict} {refusal(stops, ray, 'call')}" if given else refusal(stops, ray, "call")
    warnings = [*token_warnings(ray), *(f"{each} may hold more arguments: look what is in it." for each in unknown)]
    if any(isinstance(kwargs[name], str) and not isinstance(kwargs[name], _Hidden) for name in given):
        warnings.append(_warn_of_literal([kwargs[name] for name in given]))
    lines: tuple[str, ...] = (_SETUP, _write(call, done.kwargs, unknown))
    if done.notes:
        lines = (*lines, "# or the script as it is, through shim:", "shim run SCRIPT")
    modern = Modern(target, lines, done.notes, tuple(warnings))
    why = WHY_PASSWORD if given else WHY_TOKEN
    return Explanation(Kind.CALL, mask_call(call), ray, verdict, protects, stories, modern=modern, why=why)


class _Hidden(str):
    """A password that an expression gives: a string for the translation, and nothing to show."""

    __slots__ = ()


def _read(call: ast.Call) -> tuple[dict[str, Any], list[str]]:
    """Return the keyword arguments, the address among them, and what cannot be known (``**cfg``)."""
    kwargs: dict[str, Any] = {}
    unknown = [f"*{ast.unparse(arg.value)}" for arg in call.args if isinstance(arg, ast.Starred)]
    if call.args and not unknown and _last_name(call.func) == "init":
        kwargs["address"] = _value("address", call.args[0])
    for keyword in call.keywords:
        if keyword.arg is None:
            unknown.append(f"**{ast.unparse(keyword.value)}" if isinstance(keyword.value, ast.Name) else "**…")
        else:
            kwargs[keyword.arg] = _value(keyword.arg, keyword.value)
    return kwargs, unknown


def _value(name: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _Hidden("an expression") if name in PASSWORD_ARGUMENTS else _Expression(ast.unparse(node))


def _write(call: ast.Call, kwargs: dict[str, Any], unknown: list[str]) -> str:
    """Write the translated call; values that are not known stay as they were written."""
    keywords = [ast.keyword(arg=name, value=_node(value)) for name, value in kwargs.items()]
    keywords += [keyword for keyword in call.keywords if keyword.arg is None]
    args = list(call.args) if _last_name(call.func) != "init" or unknown else call.args[1:]
    return mask_call(ast.Call(func=call.func, args=args, keywords=keywords))


def _node(value: object) -> ast.expr:
    source = value.source if isinstance(value, _Expression) else repr(value)
    return ast.parse(source, mode="eval").body


def _names_of(call: ast.Call, kwargs: dict[str, Any]) -> str:
    """Write a call without its values, for the table of spellings."""
    function = ast.unparse(call.func) if _last_name(call.func) == "init" else "ray.util.connect"
    function = "ray.init" if function.endswith("init") else function
    strings = (node.value for node in ast.walk(call) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    doors = [without_login(text) for text in strings if text.startswith("ray://") and text.endswith(":8265")]
    config = kwargs.get("_system_config")
    inner = ["AUTH_MODE"] if isinstance(config, dict) and "AUTH_MODE" in config else []
    return " ".join([function, *kwargs, *doors, *inner])


def _judge(kwargs: dict[str, Any], ray: Version, *, given: bool) -> tuple[str, bool | None]:
    if given:
        return password_verdict(ray, _port(kwargs)), release(ray).password_guards
    if ray.release >= FIRST_TOKEN:
        return f"On Ray {short(ray)} this call joins a token cluster only if its process has RAY_AUTH_MODE=token.", None
    return f"On Ray {short(ray)} nothing in this call guards anything.", False


def _port(kwargs: dict[str, Any]) -> str:
    address = kwargs.get("address") or kwargs.get("redis_address")
    port = address.rpartition(":")[2] if isinstance(address, str) else ""
    return port if port.isdigit() else "6379"


def _warn_of_literal(values: list[str]) -> str:
    if any(is_famous(value) for value in values):
        return "This password is printed in public documents: everybody knows it. Do not use it again."
    return "The password is written out: it is in the history of your repository. Choose a new one for what comes."


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
