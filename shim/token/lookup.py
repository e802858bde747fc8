"""Where Ray looks for its token: ``RAY_AUTH_TOKEN``, ``RAY_AUTH_TOKEN_PATH``, ``~/.ray/auth_token``.

Ray's order and edges (src/ray/rpc/authentication/authentication_token_loader.cc, 2.52 to 2.60); stricter
only where Ray would go on with something unsafe, or with what cannot be sent.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.token.file import default_path, load
from shim.token.model import Source, SourceState, Token, accept, trim

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "RAY_AUTH_TOKEN"
PATH_VARIABLE = "RAY_AUTH_TOKEN_PATH"


def find(environ: Mapping[str, str], home: Path) -> Token | None:
    """Return the token that Ray would use, or None when there is none anywhere.

    An empty variable counts as unset. A variable that is set but useless is an error even if a later
    source would do, as in Ray.

    Raises:
        ShimError: The first source that is set cannot be used: it holds only white space, is missing,
            unreadable, a symlink or someone else's, cannot be sent as a header, or is known to everybody.
    """
    for source in _in_order(environ, home):
        if _is_set(source, environ):
            return _read(source, environ)
    return None


def sources(environ: Mapping[str, str], home: Path) -> list[SourceState]:
    """Return all three sources in Ray's order, what became of each and why; a bad one does not raise."""
    states: list[SourceState] = []
    first: Source | None = None
    for source in _in_order(environ, home):
        if not _is_set(source, environ):
            states.append(_unset(source, environ))
        else:
            states.append(_judge(source, environ, first))
            first = first or source
    return states


def _in_order(environ: Mapping[str, str], home: Path) -> tuple[Source, ...]:
    return (
        Source("environment", VARIABLE),
        Source("path", environ.get(PATH_VARIABLE) or PATH_VARIABLE),
        Source("default", str(default_path(home))),
    )


def _is_set(source: Source, environ: Mapping[str, str]) -> bool:
    """Say whether Ray stops at this source; the default file is where it ends in any case."""
    if source.kind == "default":
        return True
    return bool(environ.get(VARIABLE if source.kind == "environment" else PATH_VARIABLE))


def _unset(source: Source, environ: Mapping[str, str]) -> SourceState:
    name = VARIABLE if source.kind == "environment" else PATH_VARIABLE
    if name in environ:
        return SourceState(source, "empty", f"{name} is empty, which counts as not set")
    return SourceState(source, "absent", f"{name} is not set")


def _read(source: Source, environ: Mapping[str, str]) -> Token | None:
    """Return the token of a source that is set; None only where Ray accepts that there is none."""
    if source.kind == "environment":
        if not trim(environ[VARIABLE]):
            raise ShimError(
                f"{VARIABLE} holds only white space, and Ray does not look further.", fix=f"unset {VARIABLE}"
            )
        return Token(accept(environ[VARIABLE], VARIABLE, fix=f"unset {VARIABLE}, or set it to a token"), source)
    token = load(Path(source.where), source.kind)
    if token is None and source.kind == "path":
        tilde = " (Ray does not expand ~ in it)" if source.where.startswith("~") else ""
        raise ShimError(
            f"{PATH_VARIABLE} names {source.where}, which is missing or has an empty first line{tilde}; "
            "Ray does not look further.",
            fix=f"Write the full path of a token file, or: unset {PATH_VARIABLE}",
        )
    return token


def _judge(source: Source, environ: Mapping[str, str], first: Source | None) -> SourceState:
    """Describe a source that is set; ``first`` is the one that Ray stopped at, if that was an earlier one."""
    try:
        token = _read(source, environ)
    except ShimError as error:
        return SourceState(source, "unusable", error.what)
    if token is None:
        exists = Path(source.where).exists()
        return SourceState(source, "empty" if exists else "absent", "its first line is empty" if exists else "no file")
    if first is None:
        return SourceState(source, "wins", "the first one that is set")
    return SourceState(source, "loses", f"{first.where} comes first, and holds {_compare(first, token, environ)}")


def _compare(first: Source, token: Token, environ: Mapping[str, str]) -> str:
    try:
        winner = _read(first, environ)
    except ShimError:
        return "nothing that can be used"
    return "the same token" if winner is not None and winner.secret == token.secret else "another token"
