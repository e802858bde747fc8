"""One visit to a join service: is it one, does it take our credential, what does it give."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from shim.join.credential import KEY, USER
from shim.probe.answer import Misspoken
from shim.probe.resp import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.join.credential import Derived
    from shim.join.failure import Head
    from shim.probe.resp import Reply, Session


def ask(head: Head, key: Callable[[], Derived], timeout: float) -> bytes:
    """Connect once and return the sealed record.

    ``key`` is called for the derived keys once the other side has shown itself to be a join service.

    Raises:
        JoinError: The reason why not; `NotYetError` when waiting may help.
    """
    try:
        with _connect(head, timeout) as session:
            _greet(head, session.call("PING"))
            password = key().join_password
            _enter(head, session.call("AUTH", USER, password.reveal()))
            return _take(head, session.call("GET", KEY))
    except Misspoken as error:
        raise head.stranger(str(error)) from None
    except OSError as error:
        raise head.broken(error.strerror or str(error) or "it hung up") from None


def _connect(head: Head, timeout: float) -> Session:
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
