"""A server process of ours: closed before it counts as started, private, and never mistaken for another's."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from shim.errors import ShimError
from shim.probe.answer import Verdict
from shim.probe.resp import FAMOUS, connect, stranger
from shim.process import MARKER, look
from shim.secret import Secret
from shim.store import server
from shim.store.acl import ADMIN_RULES, user_line
from shim.store.conversation import refusal, speak
from tests.shim.store.conftest import PERSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.process import Process
    from shim.store.binary import Binary

Note: TypeAlias = "Callable[[Process], Process]"


def test_strangers_and_wrong_passwords_are_refused(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(spec))
    assert stranger("127.0.0.1", spec.port).verdict is Verdict.REFUSED
    with connect("127.0.0.1", spec.port) as session:
        assert refusal(session.call("PING")).startswith("NOAUTH")
        for words in (("random",), (FAMOUS,), ("default", FAMOUS), ("nobody", "random"), ("",)):
            assert refusal(session.call("AUTH", *words)).startswith("WRONGPASS")
    with speak(spec.port, PERSON) as session:
        assert session.call("PING") == "PONG"


def test_default_is_off_unless_a_line_names_it(spec: server.ServerSpec, running: Note) -> None:
    running(server.launch(replace(spec, users=(user_line("boss", PERSON.password, ADMIN_RULES),))))
    with speak(spec.port, replace(PERSON, username="boss")) as session:
        users = session.call("ACL", "LIST")
    assert isinstance(users, list)
    assert [user for user in users if user.startswith(b"user default off ")]


def test_a_server_that_everybody_could_enter_is_ended_at_once(spec: server.ServerSpec) -> None:
    users = (user_line("default", Secret(FAMOUS), ADMIN_RULES),)
    with pytest.raises(ShimError, match="does not refuse strangers"):
        server.launch(replace(spec, users=users))
    assert server.running(spec.folder) is None
    assert stranger("127.0.0.1", spec.port).verdict is Verdict.ABSENT


@pytest.mark.parametrize(
    "line",
    [
        "user default on nopass ~* +@all",
        "user a on >plaintext ~* +@all",
        "default on",
        "user a on\nuser b on",
    ],
)
def test_a_line_without_a_hashed_password_is_never_written(spec: server.ServerSpec, line: str) -> None:
    with pytest.raises(ValueError, match="ACL file"):
        server.launch(replace(spec, users=(line,)))
    assert not (spec.folder / server.USERS).exists()


def test_all_files_are_private(spec: server.ServerSpec, running: Note) -> None:
    previous = os.umask(0o022)
    try:
        running(server.launch(replace(spec, settings=(("appendonly", "yes"),))))
        assert os.umask(0o022) == 0o022  # ours is as it was
    finally:
        os.umask(previous)
    for path in (spec.folder, *spec.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_process_gets_a_bare_environment_and_keeps_our_mark(
    spec: server.ServerSpec, running: Note, monkeypatch: pytest.MonkeyPatch, binary: Binary
) -> None:
    if not binary.at_least(6, 2):
        pytest.skip("Redis 6.0 overwrites its environment with its title")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "secret")
    process = running(server.launch(spec))
    variables = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    assert {word.partition(b"=")[0] for word in variables if word} == {b"PATH", b"LANG", MARKER.encode()}
    assert f"{MARKER}={spec.marker}".encode() in variables
    assert process.session == process.pid


def test_it_is_the_process_that_was_started(spec: server.ServerSpec, running: Note) -> None:
    process = running(server.launch(spec))
    with speak(spec.port, PERSON) as session:
        about = session.call("INFO", "server")
    assert isinstance(about, bytes)
    assert f"process_id:{process.pid}\r\n".encode() in about
    assert server.running(spec.folder) == process


def test_a_strangers_server_on_the_port_is_not_mistaken_for_ours(
    spec: server.ServerSpec, tmp_path: Path, running: Note
) -> None:
    other = running(server.launch(replace(spec, folder=tmp_path / "other")))
    with pytest.raises(server.ServerDied, match=rf"Port {spec.port} is in use by pid {other.pid} "):
        server.launch(spec)
    assert other.is_alive()
    assert server.running(spec.folder) is None


def test_any_listener_on_the_port_is_named(spec: server.ServerSpec) -> None:
    with (
        socket.create_server(("127.0.0.1", spec.port)),
        pytest.raises(server.ServerDied, match=rf"in use by pid {os.getpid()} ") as caught,
    ):
        server.launch(spec)
    assert "another port" in caught.value.fix


def test_a_second_server_on_the_same_folder_is_refused(spec: server.ServerSpec, running: Note, free_port: int) -> None:
    process = running(server.launch(spec))
    before = (spec.folder / server.USERS).read_bytes()
    with pytest.raises(ShimError, match=f"runs already .* {process.pid}"):
        server.launch(replace(spec, port=free_port, users=()))
    assert (spec.folder / server.USERS).read_bytes() == before


def test_halting_twice_is_fine_and_frees_the_port(spec: server.ServerSpec) -> None:
    process = server.launch(spec)
    server.halt(process)
    assert not process.is_alive()
    assert stranger("127.0.0.1", spec.port).verdict is Verdict.ABSENT
    server.halt(process)
    server.halt(server.launch(spec))


def test_a_frozen_server_is_killed(spec: server.ServerSpec) -> None:
    process = server.launch(spec)
    os.kill(process.pid, signal.SIGSTOP)
    server.halt(process, grace=0.2)
    assert not process.is_alive()


def test_halting_never_ends_a_process_that_got_the_number_later() -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as child:
        now = look(child.pid)
        assert now is not None
        server.halt(replace(now, start=now.start - 1), grace=0.1)
        assert child.poll() is None
        child.kill()


def test_a_symlinked_folder_is_refused(spec: server.ServerSpec, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    spec.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ShimError, match="symbolic link"):
        server.launch(spec)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_symlinked_data_folder_is_refused(spec: server.ServerSpec, tmp_path: Path) -> None:
    spec.folder.mkdir(mode=0o700)
    (spec.folder / server.DATA).symlink_to(tmp_path)
    with pytest.raises(ShimError, match="symbolic link"):
        server.launch(spec)


@pytest.mark.parametrize("name", ["with space", 'quote"s', "hash#tag", "back\\slash", "naïve", "a'b", "ta\tb"])
def test_any_folder_name_will_do(spec: server.ServerSpec, running: Note, tmp_path: Path, name: str) -> None:
    running(server.launch(replace(spec, folder=tmp_path / name)))
    with speak(spec.port, PERSON) as session:
        assert session.call("CONFIG", "GET", "dir") == [b"dir", os.fsencode(tmp_path / name / server.DATA)]


REFUSED = [
    {"settings": (("no-such-directive", "1"),)},
    {"settings": (("appendfsync", "sometimes"),)},
    {"users": ("user a on ~* +no-such-command",)},
    {"users": ("user a on %% +ping",)},
]


@pytest.mark.parametrize("wrong", REFUSED, ids=str)
def test_a_configuration_that_the_server_would_refuse_is_found_by_check(
    spec: server.ServerSpec, wrong: dict[str, tuple[object, ...]]
) -> None:
    with pytest.raises(ShimError, match=r"refuses its configuration: .*(no-such|sometimes|%%|users.acl)"):
        server.check(replace(spec, **wrong))  # type: ignore[arg-type]
    assert not spec.folder.exists()


@pytest.mark.parametrize("wrong", REFUSED, ids=str)
def test_a_configuration_that_the_server_refuses_is_said_with_its_words(
    spec: server.ServerSpec, wrong: dict[str, tuple[object, ...]]
) -> None:
    with pytest.raises(server.ServerDied, match=r"did not start: .*(no-such|sometimes|%%|users.acl)") as caught:
        server.launch(replace(spec, **wrong))  # type: ignore[arg-type]
    assert str(spec.folder) in caught.value.fix
    assert server.running(spec.folder) is None


def test_check_leaves_nothing_behind(spec: server.ServerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server.check(spec)
    assert list(tmp_path.iterdir()) == []
    assert stranger("127.0.0.1", spec.port).verdict is Verdict.ABSENT


def test_check_does_not_touch_a_server_that_runs_on_the_folder(spec: server.ServerSpec, running: Note) -> None:
    process = running(server.launch(spec))
    before = {path: path.read_bytes() for path in spec.folder.glob("*.*")}
    server.check(spec)
    assert {path: path.read_bytes() for path in before} == before
    assert process.is_alive()


def test_an_address_that_is_not_ours_is_found_by_check(spec: server.ServerSpec) -> None:
    with pytest.raises(ShimError, match=r"Nothing can listen on 192\.0\.2\.1 here"):
        server.check(replace(spec, bind=("127.0.0.1", "192.0.2.1")))


def test_a_deaf_program_is_ended_and_said(spec: server.ServerSpec, tmp_path: Path) -> None:
    program = tmp_path / "deaf-server"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(ShimError, match="was not ready in"):
        server.launch(replace(spec, binary=replace(spec.binary, path=program)), timeout=0.5)
    assert look(int((tmp_path / "pid").read_text())) is None


def test_a_program_that_does_not_exist_is_said(spec: server.ServerSpec, tmp_path: Path) -> None:
    gone = replace(spec.binary, path=tmp_path / "gone")
    with pytest.raises(ShimError, match="cannot be run"):
        server.launch(replace(spec, binary=gone))


def test_the_log_before_is_kept_once(spec: server.ServerSpec) -> None:
    for _ in range(3):
        server.halt(server.launch(spec))
    kept = spec.folder / f"{server.LOG}.1"
    assert b"is starting" in kept.read_bytes()
    assert kept.read_bytes().count(b"is starting") == 1


def test_hardened_directives_are_in_force(spec: server.ServerSpec, running: Note, binary: Binary) -> None:
    running(server.launch(spec))
    expected = {
        "protected-mode": b"yes",
        "bind": b"127.0.0.1",
        "save": b"",
        "databases": b"1",
        "unixsocket": b"",
    }
    if binary.at_least(7, 0):
        expected |= dict.fromkeys(("enable-debug-command", "enable-module-command", "enable-protected-configs"), b"no")
    if binary.at_least(6, 2):
        expected["acl-pubsub-default"] = b"resetchannels"
    if binary.product == "valkey":
        expected["hide-user-data-from-log"] = b"yes"
    with speak(spec.port, PERSON) as session:
        for name, value in expected.items():
            assert session.call("CONFIG", "GET", name) == [name.encode(), value]
        if binary.at_least(7, 0):
            assert "not allowed" in refusal(session.call("DEBUG", "JMAP"))
            assert refusal(session.call("CONFIG", "SET", "dir", "/"))
