"""Peers for probes to meet: well-behaved, lying, silent, dripping. All on 127.0.0.1."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded

Handler = Callable[[socket.socket, threading.Event], None]
Method = Callable[[dict[str, str], bytes], tuple[int, str, bytes]]


@contextlib.contextmanager
def listening(handler: Handler) -> Iterator[int]:
    """Serve every connection with ``handler(connection, over)`` in a thread; yield the port.

    ``over`` is set when the test ends; a handler that returns closes its connection.
    """
    over = threading.Event()
    threads: list[threading.Thread] = []

    def converse(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            handler(connection, over)

    def accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed: the test is over
            while True:
                thread = threading.Thread(target=converse, args=[listener.accept()[0]])
                threads.append(thread)
                thread.start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = threading.Thread(target=accept, args=[listener])
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(10)
            for thread in threads:
                thread.join(10)


def says(data: bytes) -> Handler:
    """Make a peer that reads a little, says ``data`` and hangs up."""

    def handler(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)  # leave no unread bytes: a reset could overtake what was said

    return handler


def stays_silent(connection: socket.socket, over: threading.Event) -> None:
    """Accept, and never say a word."""
    over.wait(10)


def drips(data: bytes, start: bytes = b"") -> Handler:
    """Make a peer that says ``start`` and then a byte of ``data`` every 50 ms, for ever."""

    def handler(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.wait(0.05):
            connection.sendall(data)

    return handler


def floods(data: bytes, start: bytes = b"") -> Handler:
    """Make a peer that says ``start`` and then ``data`` without end."""

    def handler(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.is_set():
            connection.sendall(data)

    return handler


def resets(connection: socket.socket, over: threading.Event) -> None:
    """Break the connection off with a TCP reset."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def grpc_server(method: Method) -> Handler:
    """Make a gRPC server: ``method(headers, message)`` gives status, status message and data."""

    def handler(connection: socket.socket, over: threading.Event) -> None:
        http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        http.initiate_connection()
        headers: dict[str, str] = {}
        body = b""
        while data := connection.recv(65536):
            for event in http.receive_data(data):
                if isinstance(event, RequestReceived):
                    headers = {str(name): str(value) for name, value in event.headers}
                elif isinstance(event, StreamEnded):
                    _answer(http, *method(headers, body[5:]))
                else:
                    body += getattr(event, "data", b"") or b""
            connection.sendall(http.data_to_send())

    return handler


def _answer(http: H2Connection, status: int, message: str, data: bytes) -> None:
    trailers = [("grpc-status", str(status)), ("grpc-message", message)]
    start = [(":status", "200"), ("content-type", "application/grpc")]
    if status:
        http.send_headers(1, start + trailers, end_stream=True)  # "trailers only", as gRPC refuses
        return
    http.send_headers(1, start)
    http.send_data(1, struct.pack(">?I", False, len(data)) + data)
    http.send_headers(1, trailers, end_stream=True)


@contextlib.contextmanager
def filtered() -> Iterator[int]:
    """Yield a port whose connections are never answered: its backlog is full, so the kernel drops them."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
