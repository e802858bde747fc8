"""The lines of an ACL file, as text; what servers make of them is in test_local.py."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shim.errors import ShimError
from shim.secret import Secret
from shim.store.acl import DEFAULT_OFF, Profile, check_namespace, ray_rules, user_line, without_channels

GCS = "-@all +ping +info +hset +hsetnx +hget +hmget +hscan +hdel +hexists +incrby"


@pytest.mark.parametrize(
    ("profile", "selectors", "expected"),
    [
        (Profile.TIGHT, True, f"resetchannels ~RAYns@* {GCS} (+del ~DUMMY)"),
        (Profile.KUBERAY, True, f"resetchannels ~RAYns@* {GCS} +del +scan (+del ~DUMMY)"),
        (Profile.TIGHT, False, f"resetchannels ~RAYns@* {GCS} ~DUMMY +del"),
        (Profile.KUBERAY, False, f"resetchannels ~RAYns@* {GCS} +del +scan ~DUMMY"),
    ],
)
def test_rules_are_the_measured_ones(profile: Profile, selectors: bool, expected: str) -> None:
    assert " ".join(ray_rules("ns", profile, selectors)) == expected


@pytest.mark.parametrize("namespace", ["", "*", "a*", "a?", "[a]", "a\\", "a b", "a\n", "a@b", 'a"', "é", "x" * 129])
def test_a_namespace_that_would_widen_the_pattern_is_refused(namespace: str) -> None:
    with pytest.raises(ShimError, match="cannot be a namespace"):
        ray_rules(namespace, Profile.TIGHT, selectors=True)


@given(st.text())
def test_an_accepted_namespace_is_a_literal_in_a_pattern(namespace: str) -> None:
    try:
        check_namespace(namespace)
    except ShimError:
        return
    assert not set(namespace) & set("*?[]\\@#~+>< \t\n\"'()")


@pytest.mark.parametrize("namespace", ["default", "7d4f3a5e-0c52-4a7e-b7c4-2f6c8a1d9b10", "team/ray:2.60_a"])
def test_names_that_people_use_are_accepted(namespace: str) -> None:
    check_namespace(namespace)


def test_the_password_is_in_the_line_as_a_sum_only() -> None:
    line = user_line("ray", Secret("swordfish"), ("~a", "-@all"))
    assert line == f"user ray on #{hashlib.sha256(b'swordfish').hexdigest()} ~a -@all"


@pytest.mark.parametrize("name", ["a b", "a\nuser default on nopass", "", ">x", "#"])
def test_a_name_that_would_be_read_as_more_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name of an ACL user"):
        user_line(name, Secret("x"), ())


def test_redis_60_gets_no_channels() -> None:
    assert without_channels(DEFAULT_OFF) == "user default off resetpass resetkeys -@all"
    assert without_channels("user a on resetchannels ~* &* +@all") == "user a on ~* +@all"
