"""Log in to a store and talk to it, without a client library (``import redis`` costs 0.5 s)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import hiredis

from shim.errors import ShimError
from shim.network import split_address
from shim.probe.resp import connect

if TYPE_CHECKING:
    import ssl

    from shim.probe.resp import Reply, Session
    from shim.secret import Secret


@dataclass(frozen=True)
class Credential:
    """What a user logs in with. An empty name is the old AUTH with a password alone (Redis before 6)."""

    username: str
    password: Secret


def speak(
    address: int | str, credential: Credential, *, tls: ssl.SSLContext | None = None, timeout: float = 3.0
) -> Session:
    """Connect and log in.

    Args:
        address: A port of this host, ``host:port``, or ``redis://host:port``.
        credential: Who.
        tls: A context, when the server speaks TLS.
        timeout: Seconds for each step.

    Raises:
        ShimError: The server refuses the credential.
        OSError: It cannot be reached, or speaks something else.
    """
    host, port = (
        ("127.0.0.1", address) if isinstance(address, int) else split_address(address.partition("//")[2] or address)
    )
    session = connect(host, port, tls=tls, timeout=timeout)
    try:
        if refused := log_in(session, credential):
            reason, name = refused.partition(" ")[0], credential.username or "default"
            raise ShimError(
                f"The control store refuses the user {name}: {reason}.",
                fix="Was it restarted with other passwords? Start again: shim start",
            )
    except BaseException:
        session.close()
        raise
    return session


def log_in(session: Session, credential: Credential) -> str:
    """Send AUTH; return the server's refusal, empty when it accepts."""
    name = (credential.username,) if credential.username else ()
    return refusal(session.call("AUTH", *name, credential.password.reveal()))


def refusal(reply: Reply) -> str:
    """Return the text of an error reply, and an empty one for any other."""
    return str(reply) if isinstance(reply, hiredis.ReplyError) else ""


def facts(reply: Reply) -> dict[str, str]:
    """Read the reply to INFO."""
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else ""
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: value.strip() for name, colon, value in pairs if colon}
