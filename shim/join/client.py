"""Fetch the join record from a head, waiting for one that is not there yet.

The legacy password is never sent: only the ``join`` user's password, which is derived from it.
"""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from typing import TYPE_CHECKING

from shim.join.credential import Derived, derive, encode
from shim.join.failure import Head, NotYetError
from shim.join.service import KEY, USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.join.record import JoinRecord
    from shim.probe.resp import Reply, Session
    from shim.secret import Secret

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0  # seconds between tries; a whole Slurm job asks at once, hence the jitter


def fetch(
    host: str,
    port: int,
    password: Secret,
    *,
    timeout: float,
    gcs_port: int,
    wait: float,
    progress: Callable[[str], None] | None = None,
) -> JoinRecord:
    """Return the join record of the cluster whose head is at ``host``.

    Args:
        host: Name or address of the head.
        port: Its join port.
        password: The legacy password.
        timeout: Seconds for one connection and for each reply.
        gcs_port: Its GCS port, only knocked at: to tell a closed join from a head that is not there.
        wait: Seconds to go on trying while the head is not there yet; 0 tries once.
        progress: Told once per reason why we wait.

    Raises:
        WrongPasswordError: The join service refuses the password.
        RecordError: The record is forged, damaged, of another protocol, or from our future.
        JoinError: The join is closed or filtered, or something else listens there; `NotYetError` when the
            head did not come within ``wait`` seconds.
        ShimError: The password is no text that can be one.
    """
    encode(password)
    head, key = Head(host, port, gcs_port), _Derivation(password)
    data = _persist(lambda: _ask(head, key, timeout), wait=wait, progress=progress)

    from shim.join.record import open_record

    return open_record(data, key.result(), now=time.time())


class _Derivation:
    """The key derivation, running in a thread (OpenSSL lets Python go on) while we load modules and connect."""

    def __init__(self, password: Secret) -> None:
        self._derived: Derived | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(password,), daemon=True)
        self._thread.start()

    def _run(self, password: Secret) -> None:
        try:
            self._derived = derive(password)
        except Exception as error:  # noqa: BLE001 - raised again by result()
            self._failure = error

    def result(self) -> Derived:
        """Wait for the keys."""
        self._thread.join()
        if self._derived is None:
            assert self._failure is not None  # noqa: S101 - _run sets one of the two
            raise self._failure
        return self._derived


def _persist(ask: Callable[[], bytes], *, wait: float, progress: Callable[[str], None] | None) -> bytes:
    """Ask until there is an answer, the reason is final, or patience (``wait``, or the reason's own) ends."""
    start, pause, told = time.monotonic(), FIRST_PAUSE, ""
    since = start
    while True:
        try:
            return ask()
        except NotYetError as error:
            now = time.monotonic()
            if error.what != told:
                told, since = error.what, now
                if progress is not None and wait > 0:
                    progress(f"Waiting: {error.what}")
            left = min(start + wait, since + error.patience) - now
            if left <= 0:
                raise
            time.sleep(min(pause * random.uniform(0.5, 1), left))  # noqa: S311 - spreads load, keeps no secret
            pause = min(pause * 1.5, LONGEST_PAUSE)


def _ask(head: Head, key: _Derivation, timeout: float) -> bytes:
    """Connect once and return the sealed record, or raise the reason why not."""
    from shim.probe.answer import Misspoken

    try:
        with _connect(head, timeout) as session:
            _greet(head, session.call("PING"))
            password = key.result().join_password
            _enter(head, session.call("AUTH", USER, password.reveal()))
            return _take(head, session.call("GET", KEY))
    except Misspoken as error:
        raise head.stranger(str(error)) from None
    except OSError as error:
        raise head.broken(str(error) or "it hung up") from None


def _connect(head: Head, timeout: float) -> Session:
    from shim.probe.resp import connect

    for last in (False, True):
        try:
            return connect(head.host, head.join_port, timeout=timeout)
        except socket.gaierror:
            raise head.unknown() from None
        except OSError as error:
            if not _knock(head, timeout):
                raise head.absent() from None
            if not isinstance(error, ConnectionRefusedError):
                raise head.filtered() from None
            if last:  # seen twice: the head did not just come up between the two knocks
                raise head.closed() from None
    raise AssertionError("unreachable")


def _knock(head: Head, timeout: float) -> bool:
    """Say whether anything accepts connections on the GCS port."""
    with contextlib.suppress(OSError), socket.create_connection((head.host, head.gcs_port), timeout=timeout):
        return True
    return False


def _greet(head: Head, reply: Reply) -> None:
    """Accept only a server that asks for a password: an open one says OK to any."""
    text = _error(reply)
    if text.startswith(("ERR max number of clients", "LOADING")):
        raise head.broken("it is busy")
    if not text.startswith("NOAUTH"):
        why = "it is a Redis that refuses this address" if text else "it is a Redis that asks for no password"
        raise head.stranger(why)


def _enter(head: Head, reply: Reply) -> None:
    text = _error(reply)
    if text.startswith("WRONGPASS"):
        raise head.wrong_password()
    if text or reply != "OK":
        raise head.stranger("it does not know users, as Redis before 6.0")


def _take(head: Head, reply: Reply) -> bytes:
    if isinstance(reply, bytes):
        return reply
    if reply is None:
        raise head.missing()
    raise head.stranger("it lets us in, but gives no record")


def _error(reply: Reply) -> str:
    """Return the text of an error reply, and nothing for any other."""
    import hiredis

    return str(reply) if isinstance(reply, hiredis.ReplyError) else ""
