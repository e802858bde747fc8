"""The credential is protocol: these vectors must never change while the protocol number stays 1."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from shim.errors import ShimError
from shim.join import credential
from shim.join.credential import Derived, derive, encode
from shim.secret import Secret

PASSWORD = "b0f3c9f2-6f0e-4b52-9d1c-0d2a2f6f7f11"


@pytest.fixture(scope="module")
def derived() -> Derived:
    return derive(Secret(PASSWORD))


def test_pinned_vectors(derived: Derived) -> None:
    assert derived.join_password.reveal() == "ecdeb1d144d61aa93ca0e27562a880ac87ba4a044182b1a1b0434f7ee52c88f8"
    assert derived.seal_key(b"\1" * 32).hex() == "a863813ed2e8628e7e5dadbba65a6e2acba88d475127e3d71f27e96f7df32407"
    assert derived.commitment(b"\1" * 32).hex() == "08fd8bf175696e082dd2a9b05986b228"


def test_join_password_follows_the_published_construction(derived: Derived) -> None:
    """The same, written out: scrypt (RFC 7914), then HKDF-SHA256 (RFC 5869) by hand."""
    salt = b"ray-redis-shim join protocol 1"
    master = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=2**17, r=8, p=1, maxmem=2**29, dklen=64)
    extracted = hmac.digest(bytes(32), master, "sha256")
    expected = hmac.digest(extracted, salt + b": join password\1", "sha256")
    assert derived.join_password.reveal() == expected.hex()


def test_cost_is_not_weakened() -> None:
    assert credential.COST >= 2**17
    assert credential.BLOCK >= 8


def test_keys_of_different_purpose_or_salt_differ(derived: Derived) -> None:
    keys = {
        derived.master.reveal()[:64],
        derived.join_password.reveal(),
        derived.seal_key(b"").hex(),
        derived.seal_key(b"a").hex(),
        derived.commitment(b"a").hex() * 2,
    }
    assert len(keys) == 5


def test_nothing_shows_in_a_traceback(derived: Derived) -> None:
    shown = repr(derived) + str(derived)
    assert PASSWORD not in shown
    assert derived.master.reveal() not in shown
    assert derived.join_password.reveal() not in shown


def test_composed_and_decomposed_letters_are_one_password() -> None:
    assert encode(Secret("caf\u00e9")) == encode(Secret("cafe\u0301")) == "café".encode()


@pytest.mark.parametrize("text", ["a\0b", "a\n", "\r", "a\nb"])
def test_line_ends_and_nul_are_refused(text: str) -> None:
    with pytest.raises(ShimError, match="line end or a NUL"):
        encode(Secret(text))


def test_bytes_that_are_not_utf8_are_refused() -> None:
    """Python hands undecodable argv and environment on as lone surrogates."""
    with pytest.raises(ShimError, match="not UTF-8"):
        encode(Secret(b"abc\xff".decode(errors="surrogateescape")))


def test_empty_and_over_long_passwords_are_refused() -> None:
    with pytest.raises(ShimError, match="empty"):
        encode(Secret(""))
    assert len(encode(Secret("x" * 1024))) == 1024
    with pytest.raises(ShimError, match="1026 bytes"):
        encode(Secret("é" * 513))


def test_white_space_at_the_ends_counts() -> None:
    """A password is not trimmed: Redis never did."""
    assert encode(Secret(" a ")) == b" a "
