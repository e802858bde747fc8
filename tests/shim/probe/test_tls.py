"""Telling TLS from everything else, against a real TLS server."""

from __future__ import annotations

import datetime
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shim.probe import grpc, http, resp
from shim.probe.answer import Verdict
from shim.probe.tls import speaks_tls
from tests.shim.probe import peers

if TYPE_CHECKING:
    import socket
    import threading
    from pathlib import Path

HOST = "127.0.0.1"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for localhost, signed by itself; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "both.pem"
    path.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    return path


def encrypted(certificate: Path, handler: peers.Handler, *, wants_client: bool = False) -> peers.Handler:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    if wants_client:
        context.load_verify_locations(certificate)
        context.verify_mode = ssl.CERT_REQUIRED

    def serve(connection: socket.socket, over: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as inner:
            handler(inner, over)

    return serve


@pytest.mark.parametrize("wants_client", [False, True])
def test_a_tls_server_speaks_tls(certificate: Path, wants_client: bool) -> None:
    with peers.listening(encrypted(certificate, peers.stays_silent, wants_client=wants_client)) as number:
        assert speaks_tls(HOST, number)


@pytest.mark.parametrize("words", [b"-ERR unknown command\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_a_plain_server_does_not_speak_tls(words: bytes) -> None:
    with peers.listening(peers.says(words)) as number:
        assert not speaks_tls(HOST, number)


def test_a_silent_server_raises_in_time() -> None:
    with peers.listening(peers.stays_silent) as number, pytest.raises(TimeoutError):
        speaks_tls(HOST, number, timeout=0.3)


def test_a_session_in_tls_checks_the_certificate(certificate: Path) -> None:
    def redis(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"+PONG\r\n")

    trusting = ssl.create_default_context(cafile=str(certificate))
    with peers.listening(encrypted(certificate, redis)) as number:
        with resp.connect("localhost", number, tls=trusting) as session:
            assert session.call("PING") == "PONG"
        with pytest.raises(ssl.SSLCertVerificationError):
            resp.connect("localhost", number, tls=ssl.create_default_context())
        assert resp.stranger("localhost", number, tls=trusting).verdict is Verdict.OPEN


def test_plain_probes_of_a_tls_server_could_not_look(certificate: Path) -> None:
    with peers.listening(encrypted(certificate, peers.stays_silent)) as number:
        for ask in (http.dashboard, grpc.gcs):
            assert ask(HOST, number, None).verdict is Verdict.OTHER
        assert resp.stranger(HOST, number).verdict is Verdict.OTHER


def test_a_hanging_handshake_is_silent_in_time() -> None:
    with peers.listening(peers.stays_silent) as number:
        answer = resp.stranger(HOST, number, timeout=0.3, tls=ssl.create_default_context())
    assert answer.verdict is Verdict.SILENT
