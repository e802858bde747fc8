"""TLS towards a store of yours, with the very variables that Ray's GCS reads for it (Ray 2.60)."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shim.errors import ShimError

if TYPE_CHECKING:
    from collections.abc import Mapping

CA_CERT, CA_PATH = "RAY_REDIS_CA_CERT", "RAY_REDIS_CA_PATH"
CLIENT_CERT, CLIENT_KEY = "RAY_REDIS_CLIENT_CERT", "RAY_REDIS_CLIENT_KEY"
SERVER_NAME = "RAY_REDIS_SERVER_NAME"

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS
)


class _Named(ssl.SSLContext):
    """A context that expects one name in the certificate, whatever the host is called."""

    name = ""

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **kwargs | {"server_hostname": self.name})


def tls_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what to hand to Ray so that it trusts what we trust: the person's choice, else the system's CAs.

    Ray's OpenSSL is linked in and does not know where this system keeps its CAs.

    Raises:
        ShimError: A file that is named does not exist.
    """
    chosen = {name: environ[name] for name in (CA_CERT, CA_PATH, CLIENT_CERT, CLIENT_KEY) if environ.get(name)}
    for name, place in chosen.items():
        if not Path(place).exists():
            raise ShimError(f"{name} names {place}, which does not exist.", fix=f"Correct or unset {name}.")
    chosen = {name: str(Path(place).absolute()) for name, place in chosen.items()}
    if environ.get(SERVER_NAME):
        chosen[SERVER_NAME] = environ[SERVER_NAME]
    if CA_CERT not in chosen and CA_PATH not in chosen:
        own = ssl.get_default_verify_paths().cafile
        bundle = next((place for place in (own, *_BUNDLES) if place and Path(place).is_file()), None)
        if bundle:
            chosen[CA_CERT] = bundle
    return chosen


def tls_context(variables: Mapping[str, str]) -> ssl.SSLContext:
    """Build a context that checks certificate and name.

    Raises:
        ShimError: A certificate or key cannot be read.
    """
    context = _Named(ssl.PROTOCOL_TLS_CLIENT) if SERVER_NAME in variables else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if isinstance(context, _Named):
        context.name = variables[SERVER_NAME]
    try:
        if CA_CERT in variables or CA_PATH in variables:
            context.load_verify_locations(variables.get(CA_CERT), variables.get(CA_PATH))
        else:
            context.load_default_certs()
        if CLIENT_CERT in variables:
            context.load_cert_chain(variables[CLIENT_CERT], variables.get(CLIENT_KEY), password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "reason", None) or type(error).__name__
        named = ", ".join(name for name in (CA_CERT, CA_PATH, CLIENT_CERT, CLIENT_KEY) if name in variables)
        raise ShimError(
            f"The TLS files for the store cannot be used: {reason}.",
            fix=f"Check {named}: PEM files, and a key without a passphrase.",
        ) from None
    return context


def context_for(address: str, variables: Mapping[str, str]) -> ssl.SSLContext | None:
    """Return a context for a ``rediss://`` address, None for any other."""
    return tls_context(variables) if address.startswith("rediss://") else None
