"""The address of a store of yours, as ``redis://`` or ``rediss://`` URL. No error here shows the password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shim.errors import UsageError
from shim.network import join_host
from shim.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

USERNAME, PASSWORD = "SHIM_STORE_USERNAME", "SHIM_STORE_PASSWORD"
"""Environment variables for the credential, so that it need not stand in a command line."""

_FORM = "Write it as rediss://user:password@host:6379"
_ENCODE = f"{_FORM}, with special characters of the password percent-encoded (/ is %2F, # is %23, @ is %40)."


@dataclass(frozen=True)
class RemoteUrl:
    """Where a store is, and the person's own credential there; ``username`` may be empty."""

    host: str
    port: int
    tls: bool
    username: str
    password: Secret | None

    @property
    def address(self) -> str:
        """The URL without the credential."""
        return f"redis{'s' * self.tls}://{join_host(self.host, self.port)}"


def parse(url: str, environ: Mapping[str, str] | None = None) -> RemoteUrl:
    """Read a URL; what it lacks of the credential comes from `USERNAME` and `PASSWORD` in ``environ``.

    Raises:
        UsageError: It is no such URL, or asks for something that Ray cannot do.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 6379
    except ValueError:  # its words may quote the password
        raise UsageError("The store's URL cannot be read.", fix=_ENCODE) from None
    if parts.scheme not in ("redis", "rediss"):
        raise UsageError("The store's URL starts with neither redis:// nor rediss://.", fix=_FORM + ".")
    if not host or any(letter.isspace() for letter in url) or "@" in unquote(host):
        raise UsageError("The store's URL names no host.", fix=_ENCODE)
    if parts.query or parts.fragment:
        raise UsageError(
            "The store's URL has options (after ? or #), which Ray would not see.",
            fix="Leave them out; TLS is configured with RAY_REDIS_CA_CERT, _CLIENT_CERT and _CLIENT_KEY.",
        )
    if parts.path not in ("", "/", "/0"):
        raise UsageError(
            "The store's URL names a database (or its password has a bare /); Ray uses database 0.",
            fix=_ENCODE,
        )
    given = environ or {}
    password = unquote(parts.password or "") or given.get(PASSWORD, "")
    username = unquote(parts.username or "") or given.get(USERNAME, "")
    return RemoteUrl(host, port, parts.scheme == "rediss", username, Secret(password) if password else None)
