"""The legacy password is taken from each place that may hold it, and from no other."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from compat.errors import LegacyError
from shim.cli.join import only_password
from shim.cli.password import gather
from shim.errors import ShimError, UsageError
from shim.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

PW = "s3cret word"


@pytest.mark.parametrize("content", [PW, PW + "\n", PW + "\r\n", PW + "\nsecond line\n"])
def test_the_first_line_of_a_file_is_the_password(content: str, tmp_path: Path) -> None:
    path = tmp_path / "pw"
    path.write_bytes(content.encode())
    assert gather(str(path), None, ["--head"]) == (["--head"], [PW])


@pytest.mark.parametrize(("content", "reason"), [(b"", "holds no"), (b"\nx", "holds no"), (b"\xff\xfe", "no UTF-8")])
def test_a_file_without_one_is_an_error(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "pw"
    path.write_bytes(content)
    with pytest.raises(ShimError, match=reason) as caught:
        gather(str(path), None, [])
    assert str(path) in caught.value.what + caught.value.fix


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ShimError, match="cannot be read"):
            gather(str(path), None, [])


def test_a_variable_of_ones_own_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PW", PW)
    assert gather(None, "MY_PW", []) == ([], [PW])
    monkeypatch.setenv("MY_PW", "")
    for name in ("MY_PW", "NOT_SET"):
        with pytest.raises(UsageError, match=f"The variable {name} is not set, or empty"):
            gather(None, name, [])


@pytest.mark.parametrize(
    "words",
    [["--redis-password=-"], ["--redis_password=-"], ["--redis-password", "-"], ["--redis_password", "-"]],
)
def test_a_dash_means_standard_input(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PW}\nmore\n"))
    assert gather(None, None, ["--head", *words, "--port=1"]) == (["--head", "--port=1"], [PW])


def test_an_empty_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UsageError, match="Standard input holds no Redis password"):
        gather(None, None, ["--redis-password=-"])


@pytest.mark.parametrize("words", [["-"], ["--port", "-"], ["--redis-password=x-"], ["--redis-password", "x"]])
def test_any_other_dash_is_left_alone(words: list[str]) -> None:
    assert gather(None, None, words) == (words, [])


def test_one_password_from_wherever(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only_password([f"--redis-password={PW}"], [], "") == Secret(PW)
    assert only_password(["--redis_password", PW], [PW], "") == Secret(PW)
    assert only_password([], [PW], "") == Secret(PW)
    monkeypatch.setenv("RAY_REDIS_PASSWORD", PW)
    assert only_password([], [PW], "") == Secret(PW)


def test_a_bare_redis_password_variable_may_be_another_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", PW)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UsageError, match="no terminal to ask on"):
        only_password([], [], "to test")


def test_two_that_differ_are_refused_without_showing_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_REDIS_PASSWORD", "another s3cret")
    for words, given in (([f"--redis-password={PW}"], []), ([], [PW])):
        with pytest.raises((UsageError, LegacyError)) as caught:
            only_password(words, given, "")
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("words", [["--port=1"], ["word"], ["--redis-pasword=s3cret"], ["--", "s3cret"]])
def test_what_is_no_password_option_is_refused_without_its_value(words: list[str]) -> None:
    with pytest.raises(UsageError, match="There is no option") as caught:
        only_password(words, [], "")
    assert "s3cret" not in str(caught.value)
