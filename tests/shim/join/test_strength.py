"""A weak password opens no join on the network; a famous one opens none at all."""

from __future__ import annotations

import secrets
import time
import uuid

import pytest

from shim.errors import ShimError
from shim.join.strength import bits, refuse_weak
from shim.secret import Secret

WEAK = [
    "very-secret",
    "Sommer2024!",
    "sunflower",
    "correcthorse",
    "abcabcabcabcabcabcabcabcabcabc",
    "a" * 500,
]


@pytest.mark.parametrize("text", WEAK)
def test_weak_password_is_refused_on_the_network(text: str) -> None:
    with pytest.raises(ShimError, match="needs 64") as caught:
        refuse_weak(Secret(text), on_network=True)
    assert "uuidgen" in caught.value.fix
    assert "--no-join" in caught.value.fix
    assert text not in caught.value.what + caught.value.fix


@pytest.mark.parametrize("text", WEAK)
def test_weak_password_only_warns_on_this_host(text: str) -> None:
    warning = refuse_weak(Secret(text), on_network=False)
    assert warning is not None
    assert "too weak" in warning
    assert "\n" not in warning
    assert text not in warning


@pytest.mark.parametrize("on_network", [True, False])
def test_famous_password_is_always_refused(on_network: bool) -> None:
    with pytest.raises(ShimError, match="everybody knows"):
        refuse_weak(Secret("5241590000000000"), on_network=on_network)


def test_generated_passwords_pass() -> None:
    for _ in range(20):
        for text in (str(uuid.uuid4()), secrets.token_hex(16), secrets.token_urlsafe(16)):
            assert refuse_weak(Secret(text), on_network=True) is None


def test_long_passwords_cost_no_more_than_72_characters() -> None:
    """The estimate is quadratic (and refuses more than 72)."""
    text = secrets.token_hex(512)
    bits(Secret(text[:72]))
    start = time.process_time()
    bits(Secret(text[:72]))
    middle = time.process_time()
    bits(Secret(text))
    assert time.process_time() - middle < 5 * (middle - start) + 0.2


@pytest.mark.parametrize("text", ["", "a\0", "a\nb", "x" * 1025, "\udcff"])
def test_what_is_no_password_is_an_error(text: str) -> None:
    with pytest.raises(ShimError):
        refuse_weak(Secret(text), on_network=False)


def test_unicode_is_estimated() -> None:
    assert bits(Secret("пароль")) < 64
    assert bits(Secret("ψ" + str(uuid.uuid4()))) > 64
