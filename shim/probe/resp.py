"""RESP, the protocol of Redis and Valkey, spoken through hiredis (``import redis`` costs 0.5 s)."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import hiredis

from shim.probe.answer import Answer, Misspoken, Verdict, from_error, guess
from shim.probe.wire import Wire, dial

if TYPE_CHECKING:
    import ssl

Reply: TypeAlias = "str | bytes | int | list[Any] | hiredis.ReplyError | None"

FAMOUS = "5241590000000000"
"""Ray's default Redis password from 0.8.1 to 2.2 (ray_constants.py): everybody knows it."""

LIMIT = 16 * 2**20
"""Bytes of one reply at most: a lying peer must not fill our memory."""

_FIRST = b"+-:$*"  # the types of RESP2; nobody gets RESP3 who does not ask for it with HELLO


class NotRedis(Misspoken):
    """The peer does not speak RESP."""


class Session:
    """A conversation with a Redis-compatible server; use as a context manager.

    Each call may take ``timeout`` seconds in all; None leaves the deadline of the wire as it is.
    """

    def __init__(self, wire: Wire, timeout: float | None) -> None:
        self._wire = wire
        self._timeout = timeout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; twice is fine."""
        self._wire.close()

    def call(self, *args: str | bytes) -> Reply:
        """Send one command and return its reply.

        Returns:
            A status as str, a bulk string as bytes, an integer, a list (its statuses are bytes), or None.
            An error reply is *returned* as hiredis.ReplyError: for a probe, a refusal is a result.

        Raises:
            NotRedis: The peer speaks something else, or more than `LIMIT` bytes.
            OSError: The connection broke or was closed; TimeoutError after ``timeout`` seconds.
        """
        if self._timeout is not None:
            self._wire.renew(self._timeout)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # its last words may still be there
            self._wire.send(hiredis.pack_command(args))  # type: ignore[arg-type]
        return self._read()

    def _read(self) -> Reply:
        reader = hiredis.Reader(notEnoughData=..., errors="replace")
        first, size = b"", 0
        while True:
            data = self._wire.receive()
            if not data:
                raise ConnectionResetError("closed by the peer")
            first, size = first or data[:1], size + len(data)
            if first not in _FIRST:
                raise NotRedis(f"it speaks {guess(data)}, not Redis")
            if size > LIMIT:
                raise NotRedis("its reply has no end")
            try:
                reader.feed(data)
                reply = reader.gets()
            except (hiredis.ProtocolError, TypeError, MemoryError):  # the last two: RESP3 and sizes that lie
                raise NotRedis("it does not speak RESP") from None
            if reply is not ...:
                return reply.decode(errors="replace") if first == b"+" else reply  # type: ignore[no-any-return]


def connect(host: str, port: int, *, timeout: float = 3.0, tls: ssl.SSLContext | None = None) -> Session:
    """Connect to a server, in TLS when a context is given; nothing is sent yet.

    ``timeout`` seconds hold for connecting, and again for each call.

    Raises:
        OSError: It cannot be reached, or the handshake failed; TimeoutError after ``timeout`` seconds.
    """
    return Session(dial(host, port, timeout, tls), timeout)


def stranger(host: str, port: int, *, timeout: float = 3.0, tls: ssl.SSLContext | None = None) -> Answer:
    """Knock without a password, with a random one, with the famous one: ``timeout`` seconds in all.

    Only all three refusals together prove a closed server: an open one says OK to ``AUTH default anything``,
    so that "connected with a password" proves nothing.
    """
    try:
        with Session(dial(host, port, timeout, tls), None) as session:
            answer = _judge_greeting(session.call("PING"))
            for password, what in (
                (secrets.token_hex(16), "any password"),
                (FAMOUS, "the password everybody knows"),
            ):
                if answer.verdict is Verdict.REFUSED:
                    answer = _judge_password(session.call("AUTH", password), what)
            return answer
    except OSError as error:
        return from_error(error)


def _judge_greeting(reply: Reply) -> Answer:
    text = str(reply)
    if not isinstance(reply, hiredis.ReplyError):
        return Answer(Verdict.OPEN, "it answers PING without a password")
    if text.startswith(("NOAUTH", "ERR operation not permitted")):  # the latter: before Redis 2.8
        return Answer(Verdict.REFUSED, "it asks for a password")
    if text.startswith("NOPERM"):
        return Answer(Verdict.OPEN, "it lets strangers in without a password, with fewer rights")
    if text.startswith("DENIED"):
        return Answer(Verdict.OTHER, "protected mode: it refuses this address, and asks nobody for a password")
    return Answer(Verdict.OTHER, f"it answers PING with an error: {_first_word(text)}")


def _judge_password(reply: Reply, what: str) -> Answer:
    text = str(reply)
    if not isinstance(reply, hiredis.ReplyError):
        return Answer(Verdict.OPEN, f"it accepts {what}")
    if text.startswith(("WRONGPASS", "ERR invalid password")):  # the latter: before Redis 6
        return Answer(Verdict.REFUSED, "it refuses strangers and wrong passwords")
    return Answer(Verdict.OTHER, f"it answers AUTH with an error: {_first_word(text)}")


def _first_word(text: str) -> str:
    return "".join(letter for letter in text.split(" ", 1)[0][:20] if letter.isprintable()) or "?"
