"""Whether a port speaks TLS."""

from __future__ import annotations

import contextlib

from shim.probe.wire import dial


def speaks_tls(host: str, port: int, *, timeout: float = 3.0) -> bool:
    """Say whether the peer answers a TLS greeting in TLS, be it with a refusal (an alert).

    The certificate is not judged, and nothing that was said is used: this only tells the protocol.

    Raises:
        OSError: The port cannot be reached, or the peer breaks off; TimeoutError when it says nothing.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()  # puts our greeting into `outgoing`, then wants the answer
    with dial(host, port, timeout) as wire:
        wire.send(outgoing.read())
        start = b""
        while len(start) < 2 and (data := wire.receive()):
            start += data
    return start[:2] in (b"\x15\x03", b"\x16\x03")  # alert or handshake, then the version (RFC 8446, 5.1)
