"""The token is looked up as Ray looks it up, edge by edge (authentication_token_loader.cc)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shim.errors import ShimError
from shim.secret import Secret
from shim.token import default_path, find, fingerprint, sources

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
FAMOUS = "5241590000000000"


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def found(environ: dict[str, str], home: Path) -> str | None:
    token = find(environ, home)
    return token.secret.reveal() if token else None


# What a variable or a first line gives: a token, None (there is none), or the words of an error.
VALUES = [
    ("plain", GOOD, GOOD),
    ("trimmed at both ends", f" \t{GOOD}\r\n\f\v", GOOD),
    ("white space only", " \t ", "white space"),
    ("a space inside", "abc def", "space inside"),
    ("a line break inside", "abc\ndef", "line break"),
    ("not ASCII", "gehëim", "not ASCII"),
    ("a control character", "abc\x01def", "control character"),
    ("a byte order mark", f"\ufeff{GOOD}", "byte order mark"),
    ("one character", "x", "x"),
    ("9000 characters", "x" * 9000, "x" * 9000),
    ("Ray's old default password", FAMOUS, "everybody knows"),
]


@pytest.mark.parametrize(("value", "outcome"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_variable(value: str, outcome: str, tmp_path: Path) -> None:
    put(default_path(tmp_path), OTHER.encode())
    if outcome == value.strip(" \t\r\n\f\v"):
        assert found({"RAY_AUTH_TOKEN": value}, tmp_path) == outcome
    else:
        with pytest.raises(ShimError, match=outcome):
            find({"RAY_AUTH_TOKEN": value}, tmp_path)


FILES = [
    ("plain", GOOD.encode(), GOOD),
    ("first line only", f"{GOOD}\n{OTHER}\n".encode(), GOOD),
    ("trimmed", f" {GOOD}\t\r\nrest".encode(), GOOD),
    ("a leading blank line is empty", f"\n{GOOD}\n".encode(), None),
    ("empty", b"", None),
    ("white space only", b"  \t\r\n", None),
    ("a byte order mark is kept", b"\xef\xbb\xbf" + GOOD.encode(), "byte order mark"),
    ("UTF-16", GOOD.encode("utf-16"), "not ASCII"),
    ("not UTF-8", b"abc\xff", "not ASCII"),
    ("a space inside", b"abc def", "space inside"),
    ("old Macintosh line ends", b"abc\rdef\r", "line break"),
    ("NUL", b"abc\0def", "control character"),
    ("known to everybody", FAMOUS.encode(), "everybody knows"),
    ("endless", b"x" * 70_000, "too long"),
]


@pytest.mark.parametrize(("content", "outcome"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
@pytest.mark.parametrize("kind", ["default", "path"])
def test_file(kind: str, content: bytes, outcome: str | None, tmp_path: Path) -> None:
    path = put(default_path(tmp_path) if kind == "default" else tmp_path / "named", content)
    environ = {} if kind == "default" else {"RAY_AUTH_TOKEN_PATH": str(path)}
    if outcome == GOOD or (outcome is None and kind == "default"):
        assert found(environ, tmp_path) == outcome
    else:
        with pytest.raises(ShimError, match=outcome or "missing or has an empty first line"):
            find(environ, tmp_path)


def test_nothing_anywhere_is_none(tmp_path: Path) -> None:
    assert find({}, tmp_path) is None


def test_variable_beats_path_beats_default(tmp_path: Path) -> None:
    named = put(tmp_path / "named", b"from-path")
    put(default_path(tmp_path), b"from-default")
    environ = {"RAY_AUTH_TOKEN": "from-variable", "RAY_AUTH_TOKEN_PATH": str(named)}
    assert found(environ, tmp_path) == "from-variable"
    assert found({**environ, "RAY_AUTH_TOKEN": ""}, tmp_path) == "from-path"
    assert found({"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": ""}, tmp_path) == "from-default"


def test_source_names_the_variable_or_the_file(tmp_path: Path) -> None:
    path = put(default_path(tmp_path), GOOD.encode())
    token = find({}, tmp_path)
    assert token is not None
    assert (token.source.kind, token.source.where) == ("default", str(path))
    token = find({"RAY_AUTH_TOKEN": OTHER}, tmp_path)
    assert token is not None
    assert (token.source.kind, token.source.where) == ("environment", "RAY_AUTH_TOKEN")


def test_missing_named_file_is_an_error_even_with_a_default(tmp_path: Path) -> None:
    put(default_path(tmp_path), GOOD.encode())
    with pytest.raises(ShimError, match="is missing"):
        find({"RAY_AUTH_TOKEN_PATH": str(tmp_path / "nowhere")}, tmp_path)


def test_tilde_is_not_expanded(tmp_path: Path) -> None:
    put(tmp_path / "named", GOOD.encode())
    with pytest.raises(ShimError, match="does not expand ~"):
        find({"RAY_AUTH_TOKEN_PATH": "~/named", "HOME": str(tmp_path)}, tmp_path)


@pytest.mark.parametrize("kind", ["default", "path"])
def test_symlinked_token_is_refused(kind: str, tmp_path: Path) -> None:
    real = put(tmp_path / "real", GOOD.encode())
    link = default_path(tmp_path)
    link.parent.mkdir()
    link.symlink_to(real)
    environ = {} if kind == "default" else {"RAY_AUTH_TOKEN_PATH": str(link)}
    with pytest.raises(ShimError, match="symbolic link"):
        find(environ, tmp_path)


def test_symlinked_folder_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "auth_token", GOOD.encode())
    (tmp_path / ".ray").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ShimError, match="symbolic link"):
        find({}, tmp_path)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to own files as others")
def test_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = put(default_path(tmp_path), GOOD.encode())
    os.chown(path, 12345, -1)
    for environ in ({}, {"RAY_AUTH_TOKEN_PATH": str(path)}):
        with pytest.raises(ShimError, match="belongs to user 12345"):
            find(environ, tmp_path)


def test_pipes_and_folders_do_not_hold_us(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ShimError, match="not a regular file"):
            find({"RAY_AUTH_TOKEN_PATH": str(path)}, tmp_path)


def test_errors_do_not_quote_the_token(tmp_path: Path) -> None:
    secret = "pssst-don't-tell anybody"
    path = put(tmp_path / "named", secret.encode())
    for environ in ({"RAY_AUTH_TOKEN": secret}, {"RAY_AUTH_TOKEN_PATH": str(path)}):
        with pytest.raises(ShimError) as caught:
            find(environ, tmp_path)
        assert "pssst" not in caught.value.what + caught.value.fix
        assert caught.value.fix


def test_sources_tell_who_wins_and_why(tmp_path: Path) -> None:
    named = put(tmp_path / "named", GOOD.encode())
    put(default_path(tmp_path), OTHER.encode())
    states = sources({"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": str(named)}, tmp_path)
    assert [(state.source.kind, state.state) for state in states] == [
        ("environment", "empty"),
        ("path", "wins"),
        ("default", "loses"),
    ]
    assert "counts as not set" in states[0].why
    assert str(named) in states[2].why
    assert "another token" in states[2].why


def test_sources_see_equal_tokens(tmp_path: Path) -> None:
    put(default_path(tmp_path), GOOD.encode())
    assert "the same token" in sources({"RAY_AUTH_TOKEN": GOOD}, tmp_path)[2].why


def test_sources_with_a_broken_first_one_have_no_winner(tmp_path: Path) -> None:
    put(default_path(tmp_path), GOOD.encode())
    states = sources({"RAY_AUTH_TOKEN_PATH": "/nowhere/at/all"}, tmp_path)
    assert [state.state for state in states] == ["absent", "unusable", "loses"]
    with pytest.raises(ShimError):
        find({"RAY_AUTH_TOKEN_PATH": "/nowhere/at/all"}, tmp_path)


def test_sources_tell_an_empty_file_from_none(tmp_path: Path) -> None:
    assert sources({}, tmp_path)[2].state == "absent"
    put(default_path(tmp_path), b"\n")
    assert sources({}, tmp_path)[2].state == "empty"


def test_fingerprint_is_short_stable_and_not_a_bare_hash() -> None:
    assert fingerprint(Secret(GOOD)) == "ba59-6977"
    assert re.fullmatch(r"[0-9a-f]{4}-[0-9a-f]{4}", fingerprint(Secret("é")))
    assert fingerprint(Secret(GOOD)) != fingerprint(Secret(OTHER))


def test_looking_up_imports_only_the_standard_library() -> None:
    code = (
        "import sys; from pathlib import Path; from shim.token import find;"
        "find({'RAY_AUTH_TOKEN': 'x' * 40}, Path('/nonexistent'));"
        "print(sorted({name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0]={sys.path!r}; {code}"],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == "['__main__', 'compat', 'shim']"
