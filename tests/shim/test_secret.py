"""A secret does not show itself, whatever is done to it short of ``reveal()``."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shim.secret import Secret

TEXT = "hunter2-and-a-half"


@dataclasses.dataclass(frozen=True)
class Holder:
    name: str
    password: Secret


SHOWN = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "f-string": lambda secret: f"{secret}",
    "f-string with a width": lambda secret: f"{secret:>80}",
    "f-string with !r": lambda secret: f"{secret!r}",
    "format": "{:s}".format,
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "in a list": lambda secret: repr([secret, {"password": secret}]),
    "in a dataclass": lambda secret: repr(Holder("x", secret)),
    "json with default=str": lambda secret: json.dumps({"password": secret}, default=str),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_it_prints_as_stars(show: object) -> None:
    assert callable(show)
    text = show(Secret(TEXT))
    assert TEXT not in text
    assert "Secret(***)" in text


def test_a_log_record_holds_stars(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("x").error("password %s", Secret(TEXT))
    assert TEXT not in caplog.text
    assert "***" in caplog.text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Holder("x", Secret(TEXT)), protocol)


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda secret: dataclasses.asdict(Holder("x", secret)), json.dumps]
)
def test_it_is_not_copied_into_plain_data(make: object) -> None:
    assert callable(make)
    with pytest.raises(TypeError):
        make(Secret(TEXT))


def test_a_traceback_with_all_its_locals_does_not_show_it() -> None:
    """As `rich`, `cgitb` and error collectors print it."""

    def fail(password: Secret) -> None:
        kept = {"password": password}
        raise RuntimeError(f"it failed with {kept}")

    try:
        fail(Secret(TEXT))
    except RuntimeError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "kept" in shown
    assert TEXT not in shown


@given(some.text(), some.text())
def test_it_is_equal_when_the_text_is(one: str, other: str) -> None:
    """Also for what a command line that is no UTF-8 holds: lone surrogates."""
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) == Secret(one)
    assert len({Secret(one), Secret(one)}) == 1


def test_lone_surrogates_compare() -> None:
    word = b"p\xe4ss".decode(errors="surrogateescape")
    assert Secret(word) == Secret(word)
    assert Secret(word) != Secret("p")


def test_it_is_equal_to_no_plain_text() -> None:
    assert Secret(TEXT) != TEXT
    assert Secret(TEXT) != Holder("x", Secret(TEXT))


def test_comparing_takes_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        seen.append((one, other))
        return True

    monkeypatch.setattr("hmac.compare_digest", compare)
    assert Secret("a") == Secret("b")
    assert seen == [(b"a", b"b")]


def test_it_has_no_attributes_to_stumble_over() -> None:
    with pytest.raises(TypeError):
        vars(Secret(TEXT))


def test_it_is_false_only_when_empty() -> None:
    assert Secret(TEXT)
    assert not Secret("")


def test_generated_ones_are_hex_of_the_asked_size_and_differ() -> None:
    one, other = Secret.generate(), Secret.generate()
    assert one != other
    assert len(one.reveal()) == 64
    assert int(one.reveal(), 16) >= 0
    assert len(Secret.generate(bits=128).reveal()) == 32
