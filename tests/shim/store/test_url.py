"""The URL of a store of yours: what is read, what is refused, and that no error shows the password."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shim.errors import UsageError
from shim.secret import Secret
from shim.store.url import RemoteUrl, parse


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h", RemoteUrl("h", 6379, False, "", None)),
        ("rediss://h:6380/", RemoteUrl("h", 6380, True, "", None)),
        ("redis://:p@h/0", RemoteUrl("h", 6379, False, "", Secret("p"))),
        ("redis://u:p@h", RemoteUrl("h", 6379, False, "u", Secret("p"))),
        ("redis://u%40x:p%2F%23%40%25@10.0.0.1:1", RemoteUrl("10.0.0.1", 1, False, "u@x", Secret("p/#@%"))),
        ("rediss://:p@[fd00::1]:7000", RemoteUrl("fd00::1", 7000, True, "", Secret("p"))),
        ("redis://u:a@b@h", RemoteUrl("h", 6379, False, "u", Secret("a@b"))),
        ("REDIS://H", RemoteUrl("h", 6379, False, "", None)),
    ],
)
def test_a_url_is_read(url: str, expected: RemoteUrl) -> None:
    assert parse(url) == expected


def test_the_address_is_the_url_without_the_credential() -> None:
    assert parse("rediss://u:secret@[fd00::1]:7000").address == "rediss://[fd00::1]:7000"
    assert "secret" not in repr(parse("rediss://u:secret@h"))


def test_the_environment_gives_what_the_url_lacks() -> None:
    environ = {"SHIM_STORE_USERNAME": "u", "SHIM_STORE_PASSWORD": "p %41"}
    assert parse("redis://h", environ) == RemoteUrl("h", 6379, False, "u", Secret("p %41"))
    assert parse("redis://me:mine@h", environ) == RemoteUrl("h", 6379, False, "me", Secret("mine"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h:6379",
        "http://h",
        "unix:///tmp/redis.sock",
        "redis://",
        "redis://:secret@",
        "redis://:secret@h:port",
        "redis://:secret@h:99999",
        "redis://:secret@h:-1",
        "redis://:secret@h/1",
        "redis://:sec/ret@h",
        "redis://:sec#ret@h",
        "redis://:sec?ret@h",
        "redis://:secret@h?db=1",
        "redis://:secret@[::1",
        "redis://:sec ret@h",
    ],
)
def test_what_is_no_such_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url)
    assert not {"secret", "sec", "ret"} & set(caught.value.what.replace("'", " ").split())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text(min_size=6, alphabet=st.characters(min_codepoint=33, max_codepoint=126)))
def test_no_error_shows_a_password_that_is_not_encoded(password: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(f"redis://user:{password}@host:6379/7")
    assert password not in caught.value.what + caught.value.fix


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_password_survives_percent_encoding(password: str) -> None:
    found = parse(f"redis://u:{quote(password, safe='')}@host").password
    assert found is not None
    assert found.reveal() == password
