"""A control store of yours: managed, replicated, shared. Proven closed, then given a user of Ray's own.

Nothing of yours is narrowed: shim adds one user per cluster and start, limited to the cluster's keys, and
removes it again. It lives in the server's memory only: the GCS does not outlive a restart of its store, and
the next start makes a fresh one.
"""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.probe.answer import Verdict
from shim.probe.resp import FAMOUS, connect, stranger
from shim.secret import Secret
from shim.store.acl import check_namespace
from shim.store.conversation import Credential, facts, log_in, refusal
from shim.store.fitness import lacks, refuse_unfit
from shim.store.remote_user import OWN, create_user, remove_user
from shim.store.replies import refused, unreachable
from shim.store.transport import tls_context, tls_variables
from shim.store.url import RemoteUrl, parse

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    from shim.probe.resp import Session
    from shim.store.acl import Profile

__all__ = ("RemoteStore", "RemoteUrl", "parse", "prepare", "release")

_TIMEOUT = 3.0  # seconds for each step


@dataclass(frozen=True)
class RemoteStore:
    """A store that Ray can use.

    Attributes:
        address: ``redis://host:port`` or ``rediss://host:port``, for ``RAY_REDIS_ADDRESS``.
        credential: What the GCS logs in with.
        reduced: What this store lacks that one of ours has, one sentence each.
        tls_env: ``RAY_REDIS_*`` variables for the GCS.
    """

    address: str
    credential: Credential
    reduced: tuple[str, ...]
    tls_env: Mapping[str, str]


def prepare(url: str | RemoteUrl, *, namespace: str, profile: Profile, environ: Mapping[str, str]) -> RemoteStore:
    """Prove that a store is closed to strangers and fit for Ray, and make a user for this cluster.

    Args:
        url: Where, with the person's own credential.
        namespace: ``RAY_external_storage_namespace`` of the cluster.
        profile: What Ray's user may do there.
        environ: Gives ``SHIM_STORE_*`` and ``RAY_REDIS_*``.

    Raises:
        ShimError: It is open, unreachable, no Redis, a replica, full, sharded, or in use by another cluster
            with this namespace. Found within seconds.
    """
    check_namespace(namespace)
    target, person, tls_env, tls = _open_url(url, environ)
    _prove_closed(target, person, tls)
    with _session(target, person, tls) as session:
        about = facts(session.call("INFO"))
        refuse_unfit(target.address, about, session)
        reduced = lacks(target, about)
        credential, missing = create_user(session, target.address, namespace, profile)
    reduced += missing
    try:
        _try_out(target, credential or person, namespace, tls)
    except BaseException:
        if credential is not None:
            with contextlib.suppress(ShimError):
                release(target, credential, environ=environ)
        raise
    return RemoteStore(target.address, credential or person, reduced, tls_env)


def release(url: str | RemoteUrl, credential: Credential, *, environ: Mapping[str, str]) -> bool:
    """Remove the user that `prepare` made, and end its sessions; anybody else's user is left alone.

    Returns:
        Whether there was one to remove.

    Raises:
        ShimError: The store cannot be reached, or refuses.
    """
    if not credential.username.startswith(OWN):
        return False
    target, person, _, tls = _open_url(url, environ)
    with _session(target, person, tls) as session:
        return remove_user(session, target.address, credential.username)


def _open_url(
    url: str | RemoteUrl, environ: Mapping[str, str]
) -> tuple[RemoteUrl, Credential, dict[str, str], ssl.SSLContext | None]:
    target = parse(url, environ) if isinstance(url, str) else url
    if target.password is None:
        raise ShimError(
            f"No password was given for the store {target.address}.",
            fix="Put it into SHIM_STORE_PASSWORD, or into the URL.",
        )
    if target.password == Secret(FAMOUS):
        raise ShimError(
            f"The password of the store {target.address} is Ray's old default, which everybody knows.",
            fix="Change it on the server: openssl rand -hex 32",
        )
    tls_env = tls_variables(environ) if target.tls else {}
    tls = tls_context(tls_env) if target.tls else None
    return target, Credential(target.username, target.password), tls_env, tls


@contextlib.contextmanager
def _session(target: RemoteUrl, credential: Credential, tls: ssl.SSLContext | None) -> Iterator[Session]:
    """Connect and log in; broken connections and refusals become errors for a person."""
    try:
        with connect(target.host, target.port, timeout=_TIMEOUT, tls=tls) as session:
            if reply := log_in(session, credential):
                raise refused(target.address, reply, "log in")
            yield session
    except OSError as error:
        raise unreachable(target.address, error) from None


def _prove_closed(target: RemoteUrl, person: Credential, tls: ssl.SSLContext | None) -> None:
    """Try the door without a key and with wrong ones: that the right one opens it proves nothing."""
    try:
        with connect(target.host, target.port, timeout=_TIMEOUT, tls=tls) as session:
            greeting = session.call("PING")
            if not refusal(greeting) and greeting != "PONG":
                raise ShimError(
                    f"What listens on {target.address} is no Redis: it does not answer PING with PONG.",
                    fix="Is that the right port?",
                )
            if refusal(greeting).startswith(("DENIED", "ERR max number")):
                raise refused(target.address, refusal(greeting), "connect")
            wrong = Credential(person.username, Secret.generate())
            if not refusal(greeting).startswith("NOAUTH") or not log_in(session, wrong):
                raise _open(target, "it lets anybody in")
    except OSError as error:
        raise unreachable(target.address, error) from None
    answer = stranger(target.host, target.port, timeout=_TIMEOUT, tls=tls)
    if answer.verdict is Verdict.OPEN:
        raise _open(target, answer.detail)
    if answer.verdict is not Verdict.REFUSED:
        raise ShimError(f"The store {target.address} cannot be judged: {answer.detail}.", fix="Try again.")


def _open(target: RemoteUrl, detail: str) -> ShimError:
    return ShimError(
        f"The store {target.address} is open: {detail}. Whoever can write to it can run code in the cluster.",
        fix='On the server: redis-cli CONFIG SET requirepass "$(openssl rand -hex 32)", then CONFIG REWRITE, then '
        "CLIENT KILL TYPE normal, which ends the sessions that needed none.",
    )


def _try_out(target: RemoteUrl, credential: Credential, namespace: str, tls: ssl.SSLContext | None) -> None:
    """Do, as the user that Ray will be, what the GCS does first; leaves no key behind."""
    key = f"RAY{namespace}@SHIM"
    field = secrets.token_hex(8)
    steps = (
        ("ask for INFO", ("INFO", "SENTINEL")),
        ("write its keys", ("HSET", key, field, "1")),
        ("read its keys", ("HGET", key, field)),
        ("delete from its keys", ("HDEL", key, field)),
        ("delete the key DUMMY", ("DEL", "DUMMY")),
    )
    with _session(target, credential, tls) as session:
        for doing, command in steps:
            if reply := refusal(session.call(*command)):
                raise refused(target.address, reply, doing)
