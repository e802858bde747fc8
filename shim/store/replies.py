"""What a server's refusal, or a failed connection to it, means for a person."""

from __future__ import annotations

import socket
import ssl

from shim.errors import ShimError
from shim.probe.answer import Misspoken, from_error

_MEANINGS = {
    "LOADING": ("still loads its data", "Wait a moment and try again."),
    "BUSY": ("is busy with a script", "Wait a moment and try again."),
    "MASTERDOWN": ("is a replica that has lost its master", "Name the master's address."),
    "READONLY": ("is a replica, which takes no writes", "Name the master's address."),
    "NOREPLICAS": ("takes no writes, since too few replicas follow it", "Bring its replicas back."),
    "OOM": ("is out of memory", "Raise its maxmemory, or make room."),
    "MISCONF": ("takes no writes, since it cannot write to its own disk", "Look at its disk and its log."),
    "MOVED": ("is part of a Redis Cluster with several shards", "Use a store that is not sharded."),
    "ASK": ("is part of a Redis Cluster with several shards", "Use a store that is not sharded."),
    "CLUSTERDOWN": ("is part of a Redis Cluster that is down", "Use a store that is not sharded."),
    "DENIED": (
        "is in protected mode: it has no password at all",
        "Give it one: requirepass in its redis.conf.",
    ),
    "WRONGPASS": (
        "refuses this user and password",
        "Check both; special characters in a URL must be percent-encoded.",
    ),
    "NOAUTH": ("wants a password", "Put it into SHIM_STORE_PASSWORD, or into the URL."),
}
_ERRORS = {
    "ERR max number of clients": ("has no room for another client", "Raise its maxclients."),
    "ERR invalid password": _MEANINGS["WRONGPASS"],  # Redis before 6
    "ERR wrong number of arguments for 'auth'": (
        "is older than Redis 6 and knows no user names",
        "Leave the user name out: redis://:password@host:6379",
    ),
}


def refused(address: str, reply: str, doing: str) -> ShimError:
    """Turn an error reply into an error for a person; ``doing`` says what was tried ("log in")."""
    kind = reply.partition(" ")[0]
    if kind == "NOPERM":
        return ShimError(
            f"The store {address} does not let this user {doing}, which Ray needs.",
            fix="Allow it what Ray's GCS does (PING, INFO, HSET, HGET, … on RAY<namespace>@*; DEL DUMMY), "
            "or name a user that may make users (ACL SETUSER).",
        )
    known = next((meaning for start, meaning in _ERRORS.items() if reply.startswith(start)), None)
    what, fix = known or _MEANINGS.get(
        kind, (f"answers {kind[:20]} to the attempt to {doing}", "See the server's log.")
    )
    return ShimError(f"The store {address} {what}.", fix=fix)


def unreachable(address: str, error: OSError) -> ShimError:
    """Turn a failed connection into an error for a person."""
    tls = address.startswith("rediss://")
    detail, fix = from_error(error).detail, "Is it running, and does a firewall lie between?"
    if isinstance(error, ssl.SSLCertVerificationError):
        detail = f"its certificate is not trusted: {error.verify_message}"
        fix = "Name its CA with RAY_REDIS_CA_CERT, and the certificate's name with RAY_REDIS_SERVER_NAME."
    elif isinstance(error, ssl.SSLError):
        detail = f"TLS fails: {(error.reason or 'no TLS there').replace('_', ' ').lower()}"
        fix = "Does it speak TLS at all (else redis://)? Does it want RAY_REDIS_CLIENT_CERT and _CLIENT_KEY?"
    elif isinstance(error, socket.gaierror):
        detail, fix = "nobody knows that host name", "Check the name."
    elif isinstance(error, TimeoutError) and tls:
        fix = "Does it speak TLS at all (else redis://)? Does a firewall lie between?"
    elif isinstance(error, (Misspoken, ConnectionResetError, BrokenPipeError)):
        fix = f"Is that the right port? {'Without TLS, write redis://' if tls else 'With TLS, write rediss://'}"
    return ShimError(f"The store {address} cannot be used: {detail}.", fix=fix)
