"""Where state is kept: full and read-only disks, links, other people's folders, homes that hosts share, old records.

The real code and real servers on a stand-in for Ray (`standin_ray`).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.hosts.lab import stranger_uid
from tests.shim.cluster import crash
from tests.shim.cluster.place import LASTING, Place, kill_points

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.root
CLONE_NEWUTS, CLONE_NEWNET = 0x4000000, 0x40000000  # linux/sched.h


def mount(place: Path, *options: str) -> None:
    """Put a small disk at a place, for this test only (`crash.apart`)."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", *options, "shim-test", place], check=True)


def fill(disk: Path) -> None:
    with (disk / "filling").open("ab", buffering=0) as file:
        try:
            while file.write(b"\0" * 65536):
                pass
        except OSError:
            pass


def assert_clear_error(ended: crash.Ended) -> None:
    assert ended.code == 1, ended.said
    assert "Error: " in ended.said
    assert "Try: " in ended.said
    assert "Traceback" not in ended.said


@crash.apart
@pytest.mark.parametrize("room", ["4 MB", "nothing"])
def test_a_full_disk_is_a_clear_error_and_nothing_was_started(place: Place, room: str) -> None:
    mount(place.home / "state", "-o", "size=4m")
    if room == "nothing":
        fill(place.home / "state")
    ended = place.start()
    assert_clear_error(ended)
    assert "No space left" in ended.said or "is full" in ended.said
    assert crash.left() == []


@crash.apart
def test_a_disk_that_fills_up_anywhere_in_a_start_leaves_nothing_running(new_place: Callable[[str], Place]) -> None:
    for number in kill_points(new_place, only=LASTING, every=3):
        place = new_place(str(number))
        mount(place.home / "state", "-o", "size=24m")

        def fill_at(now: int, number: int = number, place: Place = place) -> None:
            if now == number:
                fill(place.home / "state")

        ended = place.start(crash.on_change(place.home, fill_at))
        if ended.code:
            assert_clear_error(ended)
            assert crash.left() == []
        assert place.shim("status").code == 1
        stopped = place.shim("stop")  # with the disk still full
        assert "Traceback" not in stopped.said
        assert crash.left() == []
        (place.home / "state" / "filling").unlink()
        assert place.start().code == 0
        assert place.shim("stop").code == 0
        place.assert_gone()


@crash.apart
def test_stop_ends_a_cluster_on_a_disk_that_is_full(place: Place) -> None:
    mount(place.home / "state", "-o", "size=24m")
    assert place.start().code == 0
    fill(place.home / "state")
    stopped = place.shim("stop")
    assert "Traceback" not in stopped.said
    assert crash.left() == []


@crash.apart
def test_a_read_only_home_is_a_clear_error_that_names_the_way_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = place.home / "read-only"
    mount(home, "-o", "ro")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SHIM_STATE_DIR")
    ended = place.start()
    assert_clear_error(ended)
    assert "Read-only file system" in ended.said
    assert "SHIM_STATE_DIR" in ended.said
    assert place.shim("status").code == 1
    assert place.shim("stop").code == 0
    monkeypatch.setenv("SHIM_STATE_DIR", str(place.home / "state"))
    ended = place.start()  # now the token has no place
    assert_clear_error(ended)
    assert ".ray" in ended.said
    assert crash.left() == []


@crash.apart
def test_state_below_a_file_is_a_clear_error(place: Place) -> None:
    (place.home / "state").write_text("in the way")
    assert_clear_error(place.start())


@crash.apart
@pytest.mark.parametrize("depth", range(4))
def test_state_behind_a_link_is_refused_and_nothing_is_made_there(place: Place, depth: int) -> None:
    inner = place.home / "state" / f"{socket.gethostname()}-x" / "default" / "head"
    if place.start().code == 0:
        inner = place.head
        assert place.shim("stop", "--purge", "--yes").code == 0
    link = [*reversed(inner.relative_to(place.home).parents), inner.relative_to(place.home)][1:][depth]
    elsewhere = place.home / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(["rm", "-rf", place.home / link], check=True)
    (place.home / link).parent.mkdir(parents=True, exist_ok=True)
    (place.home / link).symlink_to(elsewhere)
    ended = place.start()
    assert_clear_error(ended)
    assert "symbolic link" in ended.said
    assert [*elsewhere.iterdir()] == []
    assert crash.left() == []


@crash.apart
def test_a_state_folder_of_someone_else_is_refused(place: Place) -> None:
    (place.home / "state").mkdir()
    os.chown(place.home / "state", stranger_uid(), 0)
    ended = place.start()
    assert_clear_error(ended)
    assert f"belongs to user {stranger_uid()}" in ended.said
    assert crash.left() == []


@crash.apart
@pytest.mark.parametrize("what", ["auth_token", ".ray"])
def test_a_token_behind_a_link_is_refused(place: Place, what: str) -> None:
    elsewhere = place.home / "elsewhere"
    if what == ".ray":
        elsewhere.mkdir()
        (place.home / ".ray").symlink_to(elsewhere)
    else:
        (place.home / ".ray").mkdir(mode=0o700)
        elsewhere.write_text("0" * 64)
        (place.home / ".ray" / "auth_token").symlink_to(elsewhere)
    ended = place.start()
    assert_clear_error(ended)
    assert "symbolic link" in ended.said
    assert crash.left() == []
    assert elsewhere.is_file() or [*elsewhere.iterdir()] == []


def on_host(name: str, *, network: bool = True) -> Callable[[], None]:
    """Return a ``before`` that moves to a host of that name, with ports of its own."""

    def move() -> None:
        assert ctypes.CDLL(None).unshare(CLONE_NEWUTS | (CLONE_NEWNET if network else 0)) == 0
        socket.sethostname(name)
        if network:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    return move


@crash.apart
def test_hosts_that_share_a_home_keep_out_of_each_others_way(place: Place) -> None:
    for host in ("one", "two"):
        assert place.start(on_host(host)).code == 0
    running = {line.split()[0] for line in crash.left()}
    stopped = place.shim("stop", "--all", before=on_host("one", network=False))
    assert stopped.code == 0
    assert "6 processes ended" in stopped.said
    assert len({line.split()[0] for line in crash.left()} & running) == 6
    assert "Nothing was started" in place.shim("status", before=on_host("three", network=False)).said
    assert "processes since" in place.shim("status", before=on_host("two", network=False)).said
    assert place.shim("stop", before=on_host("two", network=False)).code == 0
    place.assert_gone()


def edit(place: Place, **changes: Any) -> None:
    """Change the record of a node by hand."""
    record = json.loads((place.head / "node.json").read_text())
    (place.head / "node.json").write_text(json.dumps(record | changes))


def bystander(place: Place) -> tuple[subprocess.Popen[bytes], dict[str, int]]:
    """Start a process that is nothing to shim; return it, and what a record says about its like."""
    from shim import process

    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    found = process.look(child.pid)
    assert found is not None
    return child, vars(found)


@crash.apart
@pytest.mark.parametrize("what", ["another boot", "another start time"])
def test_after_a_reboot_reused_pids_are_not_trusted(place: Place, what: str) -> None:
    assert place.start().code == 0
    assert place.shim("stop").code == 0
    child, foreign = bystander(place)
    if what == "another boot":
        edit(place, phase="running", boot_id="0" * 36, members=dict.fromkeys(["store", "join", "ray"], foreign))
    else:
        earlier = foreign | {"start": foreign["start"] - 1}
        edit(place, phase="running", members=dict.fromkeys(["store", "join", "ray"], earlier))
    assert place.shim("status").code == 1
    assert place.start().code == 0  # on the data that was kept
    assert child.poll() is None
    if what == "another boot":
        edit(place, phase="running", boot_id="0" * 36)  # as a stop that comes before any start finds it
    assert place.shim("stop").code == 0
    assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    place.assert_gone()


@crash.apart
@pytest.mark.parametrize("record", [b"", b"{", b"[]", b"\xff\xfe", b'{"format": 1}', b'{"format": 1, "members": 3}'])
def test_with_a_damaged_record_stop_finds_the_processes_and_start_works_again(place: Place, record: bytes) -> None:
    assert place.start().code == 0
    (place.head / "node.json").write_bytes(record)
    for words in (["status"], ["start", "--head", f"--ray-bin={place.program}"]):
        ended = place.shim(*words)
        assert_clear_error(ended)
        assert "damaged" in ended.said
    assert place.shim("stop").code == 0
    place.assert_gone()
    again = place.start()
    assert again.code == 0, again.said
    assert place.shim("stop").code == 0
