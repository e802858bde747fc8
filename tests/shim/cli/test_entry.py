"""A password in the command line or the environment is gone from both before anything else happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shim.cli.entry import hide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = "tr0ub4dor-and-3-staples"

LINES = {
    "equals": ["start", "--head", f"--redis-password={SECRET}"],
    "space": ["start", "--redis-password", SECRET, "--head"],
    "underscore": ["start", f"--redis_password={SECRET}"],
    "underscore and space": ["start", "--redis_password", SECRET],
    "capitals": ["start", f"--REDIS-PASSWORD={SECRET}"],
    "misspelt": ["start", f"--redis-pasword={SECRET}"],
    "misspelt and space": ["start", "--redis-pasword", SECRET],
    "misspelt otherwise": ["start", f"--redis-passwrd={SECRET}", f"--redis-apssword={SECRET}", f"--redis-pwd={SECRET}"],
    "short": ["start", "--redis-pass", SECRET],
    "one dash": ["start", "-redis-password", SECRET],
    "several": ["start", f"--redis-password={SECRET}", "--redis_password", SECRET],
    "after an empty one": ["start", "--redis-password", "--redis-password", SECRET],
    "looks like an option": ["start", "--redis-password", f"--{SECRET}"],
    "url": ["start", "--store", f"redis://user:{SECRET}@store:6379"],
    "url with equals": ["start", f"--store=rediss://:{SECRET}@store:6379/0"],
    "url with a bare slash": ["start", f"--store=redis://u:a/{SECRET}@store"],
    "url with a space": ["start", f"--store=redis://u:a {SECRET}@store"],
    "url in capitals": ["start", f"--store=REDIS://u:{SECRET}@store"],
    "valkey url": ["start", f"--store=valkeys://u:{SECRET}@store"],
    "ray's address": ["start", "--head", f"--address=redis://u:{SECRET}@store"],
    "in a list": ["start", "--head", f"--address=redis://u:{SECRET}@a:1,redis://u:{SECRET}@b:1"],
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_every_spelling_is_hidden(line: list[str]) -> None:
    shown = hide(line)
    assert SECRET not in " ".join(shown)
    assert "***" in " ".join(shown)
    assert len(shown) == len(line)
    assert shown[0] == "start"


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["start", "--head", "--port=6379"],
        ["start", "--redis-password-file", "/etc/ray-password", "--redis-password-env=MY_PW"],
        ["start", "--store=redis://store:6379", "--name", "tests"],
        ["token", "fetch", "--address=head:6379"],
        ["start", "--redis-password=", "--head"],
    ],
)
def test_a_line_without_a_secret_is_left_alone(line: list[str]) -> None:
    assert hide(line) == line


def test_what_surrounds_a_secret_is_left_alone() -> None:
    line = ["start", "--head", "--redis-password", SECRET, "--port", "6379", f"--redis_password={SECRET}", "--block"]
    assert hide(line) == [
        "start",
        "--head",
        "--redis-password",
        "***",
        "--port",
        "6379",
        "--redis_password=***",
        "--block",
    ]
    assert hide(["--store", f"redis://me:{SECRET}@store:6379"]) == ["--store", "redis://***@store:6379"]


WORDS = some.one_of(
    some.sampled_from(["--redis-password", "--redis_password", "--head", "--port=1", "", "-", "--", "=", "start"]),
    some.text(alphabet="abc-=@:/ ", max_size=8),
)


@given(
    some.lists(WORDS), some.lists(WORDS), some.sampled_from(["--redis-password", "--redis_password"]), some.booleans()
)
def test_wherever_it_stands_it_is_hidden(before: list[str], after: list[str], option: str, joined: bool) -> None:
    given = [f"{option}={SECRET}"] if joined else [option, SECRET]
    shown = hide([*before, *given, *after])
    assert SECRET not in "\0".join(shown)
    assert len(shown) == len(before) + len(given) + len(after)
    assert hide(shown) == shown


@pytest.fixture
def hung() -> Iterator[int]:
    """Take connections and say nothing, so that a command stays."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def watch(hung: int) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `shim token fetch` on the hung port and return it once it waits there."""
    children: list[subprocess.Popen[bytes]] = []

    def start(
        *more: str | bytes, program: tuple[str, ...] = (), environ: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        begin = program or (sys.executable, "-m", "shim")
        door = [f"--address=127.0.0.1:{hung}", f"--join-port={hung}", "--join-timeout=60"]
        pipe = subprocess.PIPE
        child = subprocess.Popen(
            [*begin, "token", "fetch", *door, *more], env={**os.environ, **(environ or {})}, stdout=pipe, stderr=pipe
        )
        children.append(child)
        deadline = time.monotonic() + 20
        while not _is_connected(child.pid, hung):
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def _is_connected(pid: int, port: int) -> bool:
    remote = f"0100007F:{port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{fields[9]}]" for fields in lines if fields[2] == remote}
    return bool(sockets & set(_open_files(pid)))


def _open_files(pid: int) -> list[str]:
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return found


def visible(child: subprocess.Popen[bytes]) -> bytes:
    """Return what others see of a process, and what those of the same user see."""
    return b"".join(Path(f"/proc/{child.pid}/{name}").read_bytes() for name in ("cmdline", "environ", "comm"))


GIVEN = {
    "option": ([f"--redis-password={SECRET}"], {}),
    "option and word": (["--redis_password", SECRET], {}),
    "variable": ([], {"RAY_REDIS_PASSWORD": SECRET}),
    "both": ([f"--redis-password={SECRET}"], {"RAY_REDIS_PASSWORD": SECRET}),
    "a variable of one's own": (["--redis-password-env", "MY_PW"], {"MY_PW": SECRET}),
    "a variable of one's own, joined": (["--redis-password-env=MY_PW"], {"MY_PW": SECRET}),
    "the store's": ([f"--redis-password={SECRET}"], {"SHIM_STORE_PASSWORD": SECRET}),
}


@pytest.mark.parametrize(("words", "environ"), GIVEN.values(), ids=GIVEN)
def test_a_running_shim_shows_it_nowhere_and_still_has_it(
    words: list[str], environ: dict[str, str], watch: Callable[..., subprocess.Popen[bytes]]
) -> None:
    child = watch(*words, environ=environ)  # it has the password: without one it would not connect
    assert SECRET.encode() not in visible(child)
    assert not [name for name in _open_files(child.pid) if "memfd" in name], "the hand-over is still open"


def test_the_installed_program_does_the_same(shim_bin: Path, watch: Callable[..., subprocess.Popen[bytes]]) -> None:
    child = watch(f"--redis-password={SECRET}", program=(str(shim_bin),))
    assert SECRET.encode() not in visible(child)
    words = Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")
    assert str(shim_bin).encode() in words
    assert b"--redis-password=***" in words


def test_an_interpreters_options_are_kept(watch: Callable[..., subprocess.Popen[bytes]]) -> None:
    child = watch(f"--redis-password={SECRET}", program=(sys.executable, "-X", "utf8", "-u", "-m", "shim"))
    words = Path(f"/proc/{child.pid}/cmdline").read_bytes().split(b"\0")
    assert words[1:6] == [b"-X", b"utf8", b"-u", b"-m", b"shim"]


def test_the_process_stays_the_same_one(watch: Callable[..., subprocess.Popen[bytes]]) -> None:
    """Whoever started shim waits for its pid and signals it."""
    child = watch(f"--redis-password={SECRET}")
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 130


@pytest.mark.parametrize("locale", ["C.UTF-8", "C", "POSIX"])
def test_words_that_are_no_utf_8_arrive_whole(locale: str, tmp_path: Path) -> None:
    """The name of the file is bytes; the error shows it as it came."""
    name = os.fsencode(tmp_path) + b"/p\xe4ss\xff"
    Path(os.fsdecode(name)).write_text(SECRET)
    words: list[str | bytes] = [sys.executable, "-m", "shim", "token", "fetch", "--redis-password=x", "--address=head"]
    words += [b"--redis-password-file=" + name]
    done = subprocess.run(words, capture_output=True, env={**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0"})
    assert done.returncode == 2
    assert b"Two places give different Redis passwords" in done.stderr  # so that file was found and read
    assert SECRET.encode() not in done.stdout + done.stderr


ECHO = (
    "import json, os, sys; from shim.cli import entry, main\n"
    "main.run = lambda words: print(json.dumps([words, {n: os.environ.get(n) for n in ('RAY_REDIS_PASSWORD', 'X')},"
    " entry.HANDED_ON in os.environ]))\n"
    "entry.main()"
)


@pytest.mark.parametrize(
    "words",
    [
        ["start", f"--redis-password={SECRET}", "", "a b", "-", "--", "\n", "ü", "--x=*"],
        ["start", "--redis-password", ""],
        [],
        ["start", f"--redis-password={'x' * 100_000}"],
    ],
)
def test_the_command_sees_every_word_and_variable(words: list[str]) -> None:
    import json

    environ = {**os.environ, "RAY_REDIS_PASSWORD": "a=b\nc", "X": "y"}
    done = subprocess.run([sys.executable, "-c", ECHO, *words], capture_output=True, text=True, env=environ)
    seen, variables, handed_on = json.loads(done.stdout)
    assert seen == words
    assert variables == {"RAY_REDIS_PASSWORD": "a=b\nc", "X": "y"}
    assert not handed_on


def test_programs_that_it_starts_do_not_inherit_the_hand_over() -> None:
    code = (
        "import subprocess; from shim.cli import entry, main\n"
        "main.run = lambda words: subprocess.run('ls -l /proc/self/fd; env', shell=True, close_fds=False)\n"
        "entry.main()"
    )
    environ = {**os.environ, "SHIM_STORE_PASSWORD": SECRET}
    done = subprocess.run([sys.executable, "-c", code, "start"], capture_output=True, text=True, env=environ)
    assert "->" in done.stdout, done.stderr
    assert "memfd" not in done.stdout
    assert "SHIM_COMMAND_FD" not in done.stdout


def test_without_a_secret_nothing_is_executed_again() -> None:
    """That would cost a start of Python for nothing."""
    code = "import os; os.execve = None\n" + ECHO
    done = subprocess.run([sys.executable, "-c", code, "start", "--head"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_to_be_explained_is_hidden_whole_when_it_may_hold_a_password() -> None:
    assert hide(["explain", "ray start --head --redis-password=s3cret"]) == ["explain", "***"]
    assert hide(["explain", "--redis-port"]) == ["explain", "--redis-port"]
