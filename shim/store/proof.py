"""What a start proves about its control store, as a stranger and as Ray's own user.

Nothing here changes data, even on a server that would allow it: each command that could do harm has an
argument that makes it fail or do nothing. A wrong *number* of arguments would not do: the server looks at
that before it looks at permissions.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.network import join_host
from shim.probe.answer import Verdict, from_error
from shim.probe.resp import connect, stranger
from shim.store.conversation import refusal, speak

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from shim.store.conversation import Credential

_FORBIDDEN = {
    "config": ("CONFIG", "GET", "dir"),
    "config-set": ("CONFIG", "SET", "shim-no-such-directive", "1"),
    "eval": ("EVAL", "return 1", "0"),
    "script": ("SCRIPT", "EXISTS", "0" * 40),
    "function": ("FUNCTION", "LIST"),
    "flushall": ("FLUSHALL", "shim-no-such-mode"),
    "flushdb": ("FLUSHDB", "shim-no-such-mode"),
    "keys": ("KEYS", "shim-no-such-key"),
    "acl": ("ACL", "LIST"),
    "client-list": ("CLIENT", "LIST"),
    "client-kill": ("CLIENT", "KILL", "ID", "9223372036854775807"),
    "module": ("MODULE", "LIST"),
    "module-load": ("MODULE", "LOAD", "/shim/no/such/module"),
    "debug": ("DEBUG", "SHIM-NO-SUCH-SUBCOMMAND"),
    "replicaof": ("REPLICAOF", "127.0.0.1", "no-port"),
    "shutdown": ("SHUTDOWN", "shim-no-such-mode"),
    "bgsave": ("BGSAVE", "shim-no-such-mode"),
    "migrate": ("MIGRATE", "127.0.0.1", "1", "shim-no-such-key", "0", "10"),
    "publish": ("PUBLISH", "shim", ""),
    "select": ("SELECT", "9999"),
    "swapdb": ("SWAPDB", "9999", "9999"),
}


@dataclass(frozen=True)
class Proof:
    """One thing that was tried. ``detail`` says what was seen, and never holds a secret."""

    name: str
    passed: bool
    detail: str


def prove(
    host: str,
    port: int,
    ray: Credential,
    node_address: str | None,
    *,
    tls: ssl.SSLContext | None = None,
    timeout: float = 3.0,
    own_user: bool = True,
) -> list[Proof]:
    """Try the store as a stranger, from the node's address, and as Ray's user where it has no business.

    Args:
        host: Where the store listens.
        port: Its port.
        ray: What the GCS logs in with.
        node_address: This node's address, on which nothing may answer; None when the store is not ours.
        tls: A context, when the store speaks TLS.
        timeout: Seconds for each step.
        own_user: False when Ray logs in as the person's user (`remote.prepare` could make none): what that
            one may do beyond Ray's needs is among the store's ``reduced``, and not tried.
    """
    answer = stranger(host, port, timeout=timeout, tls=tls)
    found = [Proof("stranger-refused", answer.verdict is Verdict.REFUSED, answer.detail)]
    found.append(_random_user(host, port, ray, tls, timeout))
    if node_address not in (None, host):
        found.append(_unreachable(node_address, port, timeout))
    forbidden = _FORBIDDEN | _foreign() if own_user else {}
    return found + list(_as_ray(join_host(host, port), ray, tls, timeout, forbidden))


def _random_user(host: str, port: int, ray: Credential, tls: ssl.SSLContext | None, timeout: float) -> Proof:
    """Try Ray's user with a wrong password: a user with ``nopass`` lets anyone in who knows its name."""
    name = "wrong-password-refused"
    try:
        with connect(host, port, timeout=timeout, tls=tls) as session:
            refused = refusal(session.call("AUTH", ray.username or "default", secrets.token_hex(16)))
    except OSError as error:
        return Proof(name, False, from_error(error).detail)
    passed = refused.startswith(("WRONGPASS", "ERR wrong number"))  # the latter: Redis 5 has no users
    return Proof(name, passed, refused.partition(" ")[0] or "it was let in")


def _unreachable(address: str, port: int, timeout: float) -> Proof:
    name = "unreachable-from-network"
    try:
        connect(address, port, timeout=timeout).close()
    except OSError as error:
        return Proof(name, True, from_error(error).detail)
    return Proof(name, False, f"something answers on {join_host(address, port)}")


def _as_ray(
    address: str,
    ray: Credential,
    tls: ssl.SSLContext | None,
    timeout: float,
    forbidden: dict[str, tuple[str, ...]],
) -> Iterator[Proof]:
    try:
        with speak(address, ray, tls=tls, timeout=timeout) as session:
            refused = refusal(session.call("PING"))
            yield Proof("ray-user-accepted", not refused, refused.partition(" ")[0] or "PONG")
            for what, command in forbidden.items():
                yield _forbidden(f"{what}-refused", refusal(session.call(*command)))
    except ShimError as error:
        yield Proof("ray-user-accepted", False, error.what)
    except OSError as error:
        yield Proof("ray-user-finished", False, from_error(error).detail)


def _foreign() -> dict[str, tuple[str, ...]]:
    """Return commands on keys that are not Ray's, which do not exist either."""
    outside = f"shim-{secrets.token_hex(8)}"
    other = f"RAY{outside}@"
    return {
        "set-outside": ("SET", outside, "", "XX"),
        "get-outside": ("GET", outside),
        "read-outside": ("HGET", outside, "field"),
        "read-other-namespace": ("HGET", f"{other}KV", "field"),
        "delete-other-namespace": ("HDEL", f"{other}KV", "field"),
        "count-other-namespace": ("INCRBY", f"{other}JobCounter", "no-number"),
    }


def _forbidden(name: str, refused: str) -> Proof:
    """Judge a reply: NOPERM, or "not allowed" (``enable-*-command no`` comes before ACLs), or unknown."""
    passed = refused.startswith(("NOPERM", "ERR unknown command", "ERR unknown subcommand")) or (
        refused.startswith("ERR") and "not allowed" in refused
    )
    return Proof(name, passed, refused.partition(" ")[0] or "it was allowed")
