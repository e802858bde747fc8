"""A token, where it came from, and what makes a text fit to be one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from shim.errors import ShimError
from shim.secret import Secret

Kind: TypeAlias = Literal["environment", "path", "default", "cluster"]
State: TypeAlias = Literal["wins", "loses", "absent", "empty", "unusable"]

WHITESPACE = " \t\n\r\f\v"
"""What Ray trims (authentication_token_loader.cc, 2.52 to 2.60); less than ``str.strip()``."""


@dataclass(frozen=True)
class Source:
    """Where a token is, or would be: the name of a variable (kind ``environment``) or a path (all others)."""

    kind: Kind
    where: str


@dataclass(frozen=True)
class Token:
    """Ray's shared secret and where it was found."""

    secret: Secret
    source: Source


@dataclass(frozen=True)
class SourceState:
    """What one source has to say, and why it does or does not count."""

    source: Source
    state: State
    why: str


def trim(text: str) -> str:
    """Return ``text`` without the white space that Ray trims; all else at the ends stays (a BOM does)."""
    return text.strip(WHITESPACE)


class UnfitTokenError(ShimError):
    """A text that is there, but cannot serve as a token."""


def accept(text: str, where: str, *, fix: str) -> Secret:
    """Return the trimmed text as a secret, if it can serve as a token.

    Ray's loader takes any text; but it is sent as ``Authorization: Bearer …`` and as gRPC metadata, where
    only printable ASCII without spaces arrives.

    Raises:
        UnfitTokenError: It is empty, cannot travel in a header, or everybody knows it. ``where`` is named.
    """
    from compat.passwords import is_famous

    text = trim(text)
    if not text:
        raise UnfitTokenError(f"The token in {where} is empty.", fix=fix)
    if reason := _illegal(text):
        raise UnfitTokenError(f"The token in {where} {reason}: it cannot be sent in an HTTP header.", fix=fix)
    if is_famous(text):
        raise UnfitTokenError(f"The token in {where} is one that everybody knows.", fix=fix)
    return Secret(text)


def _illegal(text: str) -> str | None:
    """Say what stands in the way of a header, without quoting the text."""
    if text.startswith("\ufeff"):
        return "begins with a byte order mark (a Windows editor wrote it?)"
    if "\n" in text or "\r" in text:
        return "has a line break inside"
    if any(letter.isspace() for letter in text):
        return "has a space inside"
    if not text.isascii():
        return "has characters that are not ASCII"
    if not text.isprintable():
        return "has control characters inside"
    return None


def fingerprint(secret: Secret) -> str:
    """Return eight hex digits for people to compare, like ``3f9a-1c07``.

    32 bits of a domain-separated BLAKE2b: equal for equal tokens everywhere, and no help with a random one.
    """
    import hashlib

    digits = hashlib.blake2b(secret.reveal().encode(), digest_size=4, person=b"shim token 1").hexdigest()
    return f"{digits[:4]}-{digits[4:]}"
