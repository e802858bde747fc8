"""Processes are told apart by pid and start time, found by session, mark and descent, and ended for sure."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shim.errors import ShimError
from shim.process import MARKER, Process, end, everything, family, look, run, send, spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    Starter: TypeAlias = Callable[..., subprocess.Popen[bytes]]

SAY_READY = "import sys, time; print('ready', flush=True); time.sleep(100)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SAY_READY


@pytest.fixture
def start() -> Iterator[Starter]:
    """Start Python programs that print one line when they are ready; they end with the test."""
    with contextlib.ExitStack() as children:

        def begin(code: str = SAY_READY, **more: Any) -> subprocess.Popen[bytes]:
            child: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-c", code], stdout=subprocess.PIPE, **more
            )
            children.enter_context(child)  # closes its pipe and waits
            children.callback(child.kill)
            assert child.stdout is not None
            child.stdout.readline()
            return child

        yield begin


def seen(pid: int) -> Process:
    found = look(pid)
    assert found is not None
    return found


def wait_until(fact: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_process_is_what_the_kernel_says() -> None:
    me = seen(os.getpid())
    assert (me.pid, me.session) == (os.getpid(), os.getsid(0))
    since_boot = float(Path("/proc/uptime").read_text().split()[0]) - me.start / os.sysconf("SC_CLK_TCK")
    assert 0 <= since_boot < 24 * 3600
    assert me.is_alive()


def test_a_later_process_of_the_same_pid_is_another_one() -> None:
    """Pids are used again; only the start time tells."""
    assert not replace(seen(os.getpid()), start=1).is_alive()


def test_zombies_and_the_dead_do_not_live(start: Starter) -> None:
    child = start()
    process = seen(child.pid)
    child.kill()
    wait_until(lambda: not process.is_alive())  # a zombie: nobody has waited for it
    assert Path(f"/proc/{child.pid}").exists()
    assert look(child.pid) is None
    assert process.pid not in {one.pid for _, _, one in everything()}
    child.wait()
    assert look(child.pid) is None
    assert look(2**22 + 1) is None


def test_a_name_with_spaces_and_parentheses_is_read(start: Starter) -> None:
    """Redis calls itself ``redis-rdb-bgsave``, Ray ``ray::IDLE``: a name may hold anything."""
    name = "import ctypes; ctypes.CDLL(None).prctl(15, b') S 1 (x', 0, 0, 0);"  # PR_SET_NAME
    child = start(name + SAY_READY, start_new_session=True)
    assert ") S 1 (x" in Path(f"/proc/{child.pid}/stat").read_text()
    assert seen(child.pid).session == child.pid
    assert child.pid in {one.pid for parent, _, one in everything() if parent == os.getpid()}


def test_run_returns_what_was_said(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.stdin.read() + os.environ['X']); print(os.getcwd(), file=sys.stderr); sys.exit(7)"
    done = run([sys.executable, "-c", code], env={"X": "y"}, stdin="text ", cwd=tmp_path)
    assert (done.code, done.output, done.errors) == (7, "text y\n", f"{tmp_path}\n")


def test_run_gives_no_input_unless_told_and_survives_any_bytes() -> None:
    done = run([sys.executable, "-c", r"import sys; sys.stdout.buffer.write(b'\xff' + sys.stdin.buffer.read())"])
    assert done.output == "�"


def test_run_kills_what_does_not_end() -> None:
    begun = time.monotonic()
    with pytest.raises(ShimError, match="did not end within 1 seconds"):
        run([sys.executable, "-c", DEAF], timeout=1)
    assert time.monotonic() - begun < 10


def test_a_program_that_is_missing_or_no_program_is_named(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch(mode=0o644)
    for path in (tmp_path / "none", plain):
        with pytest.raises(ShimError, match=f"{path} cannot be run"):
            run([str(path)])
        with pytest.raises(ShimError, match=f"{path} cannot be run"):
            spawn([str(path)], env={}, log=tmp_path / "log")


def test_a_spawned_program_has_a_session_of_its_own_and_only_the_given_environment(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getsid(0), sorted(os.environ), sys.stdin.read())"
    child = spawn([sys.executable, "-I", "-c", code], env={"A": "b"}, log=tmp_path / "log", stdin=b"s3cret")
    assert child.wait(10) == 0
    session, rest = (tmp_path / "log").read_text().split(" ", 1)
    assert int(session) == child.pid
    assert "'A'" in rest
    assert "HOME" not in rest
    assert rest.endswith("s3cret\n")


def test_what_a_spawned_program_gets_on_stdin_is_in_no_argv_and_environment(tmp_path: Path) -> None:
    code = "import sys; text = sys.stdin.read(); open('ready', 'w').close(); import time; time.sleep(100)"
    child = spawn([sys.executable, "-c", code], env={}, log=tmp_path / "log", stdin=b"s3cret", cwd=tmp_path)
    try:
        wait_until((tmp_path / "ready").exists)
        for name in ("cmdline", "environ"):
            assert b"s3cret" not in Path(f"/proc/{child.pid}/{name}").read_bytes()
        assert tmp_path / "log" in {entry.readlink() for entry in Path(f"/proc/{child.pid}/fd").iterdir()}
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("loose", [False, True])
def test_a_log_is_private(loose: bool, tmp_path: Path) -> None:
    log = tmp_path / "log"
    if loose:
        log.write_text("before\n")
        log.chmod(0o644)
    old = os.umask(0)
    try:
        assert spawn([sys.executable, "-c", "print('after')"], env={}, log=log).wait(10) == 0
    finally:
        os.umask(old)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert log.read_text() == ("before\n" if loose else "") + "after\n"


def test_a_log_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("untouched")
    (tmp_path / "log").symlink_to(tmp_path / "real")
    with pytest.raises(ShimError, match="log cannot be written"):
        spawn([sys.executable, "-c", "print(1)"], env={}, log=tmp_path / "log")
    assert (tmp_path / "real").read_text() == "untouched"


def test_a_program_that_dies_before_it_reads_is_left_to_who_waits_for_it(tmp_path: Path) -> None:
    child = spawn(["true"], env=dict(os.environ), log=tmp_path / "log", stdin=b"x" * 10)
    assert child.wait(10) == 0
    child = spawn([sys.executable, "-c", "import os; os.close(0)"], env={}, log=tmp_path / "log", stdin=b"x" * 2**20)
    assert child.wait(10) == 0


def test_family_is_found_by_session(start: Starter) -> None:
    child, other = start(start_new_session=True), start(start_new_session=True)
    assert [one.pid for one in family([child.pid], "/none")] == [child.pid]
    assert other.pid not in {one.pid for one in family([child.pid], "/none")}


def test_family_is_found_by_mark(start: Starter) -> None:
    child = start(start_new_session=True, env={MARKER: "/a/state folder"})
    start(start_new_session=True, env={MARKER: "/a/state folder/deeper"})  # another node's
    start(start_new_session=True, env={f"X{MARKER}": "/a/state folder", "Y": f"{MARKER}=/a/state folder"})
    assert [one.pid for one in family([], "/a/state folder")] == [child.pid]


GRANDCHILD = (
    "import subprocess, sys\n"
    "code = 'import time; print(1, flush=True); time.sleep(100)'\n"
    "child = subprocess.Popen([sys.executable, '-c', code], start_new_session=True, env={}, stdout=subprocess.PIPE)\n"
    "child.stdout.readline(); print(child.pid, flush=True)\n"
)


def test_family_is_found_by_descent(start: Starter) -> None:
    """Job drivers leave the session, and may start with an environment of their own."""
    child = start(GRANDCHILD + "child.wait()", start_new_session=True)
    (grandchild,) = (one.pid for parent, _, one in everything() if parent == child.pid)
    assert os.getsid(grandchild) == grandchild
    assert {one.pid for one in family([child.pid], "/none")} == {child.pid, grandchild}
    assert end(lambda: family([child.pid], "/none"), grace=5) == []
    assert look(grandchild) is None


def test_the_eldest_comes_first(start: Starter) -> None:
    pids = [start(start_new_session=True).pid for _ in range(3)]
    assert [one.pid for one in family(reversed(pids), "/none")] == pids


def test_we_ourselves_are_never_among_them() -> None:
    assert os.getpid() not in {one.pid for one in family([os.getsid(0)], "/none")}
    code = (
        "import os; from shim.process import *\n"
        "print(os.getpid() in {one.pid for one in family([os.getsid(0)], os.environ[MARKER])})"
    )
    done = run([sys.executable, "-c", code], env={**os.environ, MARKER: "/a"})
    assert done.output == "False\n", done.errors


@pytest.mark.root
def test_a_process_of_another_user_is_left_alone() -> None:
    """A child that has changed its user (sudo inside a job) is not ours to end; nor is one that forged our mark."""
    environment = {**os.environ, MARKER: "/a"}
    child = subprocess.Popen(
        ["sleep", "100"], start_new_session=True, env=environment, user=65534, group=65534, cwd="/"
    )
    try:
        assert seen(child.pid).session == child.pid
        assert family([child.pid], "/a") == []
    finally:
        child.kill()
        child.wait()


def test_ending_asks_first(start: Starter, tmp_path: Path) -> None:
    note = tmp_path / "note"
    polite = f"import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (open({str(note)!r}, 'w'), sys.exit()));"
    child = start(polite + SAY_READY, start_new_session=True)
    begun = time.monotonic()
    assert end(lambda: family([child.pid], "/none"), grace=30) == []
    assert time.monotonic() - begun < 10
    assert note.exists()


def test_the_deaf_are_killed_after_their_grace(start: Starter) -> None:
    child = start(DEAF, start_new_session=True)
    begun = time.monotonic()
    assert end(lambda: family([child.pid], "/none"), grace=0.5) == []
    assert 0.5 <= time.monotonic() - begun < 8
    assert child.wait(10) == -signal.SIGKILL


def test_the_asked_are_asked_once(start: Starter) -> None:
    """A second SIGTERM means "at once" to many programs, and would spoil a graceful end."""
    count = (
        "import signal, sys, time; got = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: got.append(1)); print(1, flush=True)\n"
        "while not got: time.sleep(0.01)\n"
        "time.sleep(0.7); sys.exit(len(got))"
    )
    child = start(count, start_new_session=True)
    assert end(lambda: family([child.pid], "/none"), grace=30) == []
    assert child.wait() == 1


def test_children_that_the_dying_start_are_found_too(start: Starter) -> None:
    """A supervisor restarts what dies; the process that it starts on its way out ends as well."""
    phoenix = (
        "import signal, subprocess, sys, time\n"
        "def again(*_):\n"
        "    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, again); print(1, flush=True); time.sleep(100)"
    )
    child = start(phoenix, start_new_session=True, env={MARKER: "/phoenix"})
    assert end(lambda: family([child.pid], "/phoenix"), grace=10) == []
    assert child.wait() == 0
    assert [one for _, _, one in everything() if one.session == child.pid] == []


def test_what_cannot_be_ended_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that hangs in the kernel; here one that nobody signals."""
    monkeypatch.setattr("shim.process.send", lambda process, number: None)
    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr("shim.process.time.monotonic", lambda: float(next(clock)))
    me = seen(os.getpid())
    assert end(lambda: [me], grace=1) == [me]


def test_a_signal_to_the_dead_or_to_a_pid_used_again_does_nothing(
    start: Starter,
) -> None:
    child = start()
    process = seen(child.pid)
    send(replace(process, start=process.start - 1), signal.SIGKILL)  # as if the pid had been another's before
    assert process.is_alive()
    child.kill()
    child.wait()
    send(process, signal.SIGKILL)
    send(Process(2**22 + 1, start=0, session=0), signal.SIGKILL)


def test_ending_nothing_is_done_at_once() -> None:
    begun = time.monotonic()
    assert end(list, grace=60) == []
    assert time.monotonic() - begun < 1
