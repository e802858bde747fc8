"""Take secrets out of what is shown: what is not known to be harmless is hidden.

A command line shows the values of options that Ray knows and that hold no secret; a call shows everything but what
stands beside a secretive name; a log is not repeated at all.
"""

from __future__ import annotations

import ast
import re
import shlex
from typing import TYPE_CHECKING

from compat.argv import Takes, read
from compat.errors import LegacyError
from compat.ray_commands import OPTIONS as COMMANDS
from compat.ray_start import TAKES

if TYPE_CHECKING:
    from collections.abc import Sequence

HIDDEN = "***"
_PLAIN = "0hidden0"  # the same for shlex.quote, which would quote asterisks

_SECRETIVE = re.compile(
    r"pass(?:word|wd|phrase)?s?|pasword|token|secret|credential|api_?key|requirepass|auth$", re.IGNORECASE
)
_PATHS = re.compile(r"(?:path|file|mode|env|enable\w*)$", re.IGNORECASE)
_LOGIN = re.compile(r"(?P<scheme>\b[a-z][\w+.-]*://)[^/\s'\"]*@", re.IGNORECASE)
_BESIDE = re.compile(
    r"(?P<name>[\w.-]*(?:pass|pasword|token|secret|credential|api_?key)[\w.-]*)(?P<between>['\"]?\s*[:=]\s*)"
    r"(?P<value>'[^']*'?|\"[^\"]*\"?|[^\s,;)}\]]+)",
    re.IGNORECASE,
)
_LONG = re.compile(
    r"\b(?:[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b|[A-Za-z0-9+_-]{32,}={0,2}", re.IGNORECASE
)
_FILE = re.compile(r"[\w./-]+\.(?:py|ya?ml|sh|json)")
_KNOWN = {**TAKES, **{name: takes for options in COMMANDS.values() for name, takes in options.items()}}


def is_secretive(name: str) -> bool:
    """Tell whether what stands beside this name is a secret."""
    return bool(_SECRETIVE.search(name)) and not _PATHS.search(name)


def mask_text(text: str) -> str:
    """Hide logins in URLs, values beside secretive names, and what looks like a key."""
    text = _LOGIN.sub(rf"\g<scheme>{HIDDEN}@", text)
    text = _BESIDE.sub(lambda found: found[0] if _PATHS.search(found["name"]) else _hide(found), text)
    return _LONG.sub(HIDDEN, text)


def mask_words(words: Sequence[str]) -> list[str]:
    """Return a command line's words as they may be shown; every value that Ray does not know is hidden."""
    try:
        parts = read(words, {**_KNOWN, **{word.partition("=")[0]: Takes.VALUE for word in words if _hides(word)}})
    except LegacyError:  # a value is missing: nothing can be told apart
        return [_name_only(word) for word in words]
    shown: list[str] = []
    for part in parts:
        if part.name == "--":
            shown += ["--", HIDDEN] if len(part.words) > 1 else ["--"]
        elif part.name is None:
            shown.append(part.words[0] if _FILE.fullmatch(part.words[0]) else HIDDEN)
        elif part.value is None:
            shown.append(part.name)
        else:
            value = mask_text(part.value) if part.name in _KNOWN and not is_secretive(part.name) else HIDDEN
            shown += [f"{part.name}={value}"] if part.joined else [part.name, value]
    return shown


def mask_call(call: ast.Call) -> str:
    """Return a call as source, without its secrets."""
    copy = ast.parse(ast.unparse(call), mode="eval")
    return ast.unparse(ast.fix_missing_locations(_Masker().visit(copy))).replace(f"'{HIDDEN}'", HIDDEN)


def join(words: Sequence[str]) -> str:
    """Quote words for a shell, but for the asterisks that stand for a secret."""
    return " ".join(shlex.quote(word.replace(HIDDEN, _PLAIN)).replace(_PLAIN, HIDDEN) for word in words)


class _Masker(ast.NodeTransformer):
    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        if node.arg and is_secretive(node.arg):
            return ast.keyword(arg=node.arg, value=ast.Constant(HIDDEN))
        self.generic_visit(node)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        self.generic_visit(node)
        for place, key in enumerate(node.keys):
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and is_secretive(key.value):
                node.values[place] = ast.Constant(HIDDEN)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            return ast.Constant(mask_text(node.value))
        return ast.Constant(HIDDEN) if isinstance(node.value, bytes) else node


def _hide(found: re.Match[str]) -> str:
    return f"{found['name']}{found['between']}{HIDDEN}"


def _hides(word: str) -> bool:
    name = word.partition("=")[0]
    return (
        word.startswith("-")
        and (is_secretive(name) or name not in _KNOWN)
        and not (name in _KNOWN and _KNOWN[name] is not Takes.VALUE)
    )


def _name_only(word: str) -> str:
    name, equals, _ = word.partition("=")
    if not word.startswith("-"):
        return HIDDEN
    return f"{name}={HIDDEN}" if equals else name
