"""A TCP connection with one deadline for the whole conversation, so that a dripping peer cannot hold us."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator


class Wire:
    """A connected socket; everything done with it must end before its deadline (monotonic seconds)."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._socket = connection
        self._deadline = deadline

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; twice is fine."""
        self._socket.close()

    def renew(self, seconds: float) -> None:
        """Set a new deadline, ``seconds`` from now."""
        self._deadline = time.monotonic() + seconds

    def send(self, data: bytes) -> None:
        """Send all of ``data``.

        Raises:
            OSError: The connection broke; TimeoutError at the deadline.
        """
        with self._in_time():
            self._socket.sendall(data)

    def receive(self, size: int = 65536) -> bytes:
        """Return what has arrived, at most ``size`` bytes; empty when the peer closed.

        Raises:
            OSError: The connection broke; TimeoutError at the deadline.
        """
        with self._in_time():
            return self._socket.recv(size)

    def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS, checking the certificate as ``context`` says.

        Raises:
            OSError: The handshake failed (ssl.SSLError); TimeoutError at the deadline.
        """
        with self._in_time():
            self._socket = context.wrap_socket(self._socket, server_hostname=host)

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        """Give one socket operation the time that is left; it bounds all of a sendall and of a handshake."""
        left = self._deadline - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            yield
        except TimeoutError:
            raise TimeoutError("it accepts connections, but does not answer in time") from None


def dial(host: str, port: int, timeout: float, tls: ssl.SSLContext | None = None) -> Wire:
    """Connect, in TLS when a context is given; ``timeout`` seconds hold for this and all that follows.

    The look-up of a name is the resolver's and has the resolver's own timeout.

    Raises:
        OSError: No address accepts (the last error), the name is unknown (socket.gaierror), or the
            handshake failed; TimeoutError at the deadline.
    """
    wire = _connect(host, port, time.monotonic() + timeout)
    try:
        if tls is not None:
            wire.encrypt(tls, host)
    except BaseException:
        wire.close()
        raise
    return wire


def _connect(host: str, port: int, deadline: float) -> Wire:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except ValueError as error:  # UnicodeError: a label that IDNA does not allow
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from error
    failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for position, (family, kind, protocol, _, address) in enumerate(addresses):
        share = (deadline - time.monotonic()) / (len(addresses) - position)
        connection = None
        try:
            connection = socket.socket(family, kind, protocol)
            connection.settimeout(max(share, 0.001))
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            if connection is not None:
                connection.close()
            silent = isinstance(error, TimeoutError)
            failure = TimeoutError("no answer to the connection (filtered?)") if silent else error
        else:
            return Wire(connection, deadline)
    raise failure
