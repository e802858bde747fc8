"""One request over HTTP/2, and its reply; h2 speaks the protocol, `Wire` keeps the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.probe.answer import Misspoken, guess

if TYPE_CHECKING:
    from h2.connection import H2Connection

    from shim.probe.wire import Wire

LIMIT = 2**20
"""Bytes of a whole conversation at most: a lying peer must not fill our memory."""

STREAM = 1  # the first stream of a client (RFC 9113, 5.1.1)
SETTINGS = b"\x04"  # type of the frame that a server sends first (3.4); h2 would wait on a text for its "length"


class Exchange:
    """A request and its reply on a connection of their own: `run` it once, then read the attributes.

    Attributes:
        headers: Headers and trailers of the reply, in one.
        body: What came between them.
    """

    def __init__(self, wire: Wire) -> None:
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        self.headers: dict[str, str] = {}
        self.body = b""
        self._wire = wire
        self._http: H2Connection = H2Connection(H2Configuration(header_encoding="utf-8"))
        self._ended = False

    def run(self, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send the request and read until the peer ends its reply.

        Raises:
            Misspoken: The peer speaks no HTTP/2, or more than `LIMIT` bytes of it.
            OSError: The connection broke; TimeoutError at the deadline of the wire.
        """
        self._http.initiate_connection()
        self._http.send_headers(STREAM, headers)
        self._http.send_data(STREAM, body, end_stream=True)
        start, size = b"", 0
        while not self._ended:
            self._wire.send(self._http.data_to_send())
            data = self._wire.receive()
            start, size = (start + data)[:9], size + len(data)
            if not data:
                raise ConnectionResetError("closed by the peer")
            if start[3:4] not in (b"", SETTINGS):
                raise Misspoken(f"it speaks {guess(start)}, not gRPC")
            if size > LIMIT:
                raise Misspoken("its reply has no end")
            self._take(data)

    def _take(self, data: bytes) -> None:
        from h2.exceptions import H2Error

        try:
            events = self._http.receive_data(data)
        except (H2Error, ValueError):  # ValueError: headers that are no text
            raise Misspoken("it speaks broken HTTP/2, not gRPC") from None
        for event in events:
            self._note(event)

    def _note(self, event: object) -> None:
        from h2 import events

        match event:
            case events.ResponseReceived() | events.TrailersReceived():
                self.headers.update((str(name), str(value)) for name, value in event.headers or ())
            case events.DataReceived():
                self.body += event.data or b""
                self._http.acknowledge_received_data(event.flow_controlled_length or 0, STREAM)
            case events.StreamEnded():
                self._ended = True
            case events.StreamReset() | events.ConnectionTerminated() if not self._ended:
                raise ConnectionResetError("ended by the peer")
