"""``kill -9`` ahead of every single change that a command makes: nothing is lost, nothing stays behind.

The real code and real servers on a stand-in for Ray (`standin_ray`), so that a start takes half a second.
"""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.shim.cluster import crash
from tests.shim.cluster.place import LASTING, PASSWORD, Place, await_true, kill_points

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.root


@crash.apart
def test_a_start_killed_anywhere_is_seen_by_status_and_removed_by_stop(new_place: Callable[[str], Place]) -> None:
    for number in kill_points(new_place):
        place = new_place(str(number))
        killed = place.start(place.dying(number))
        assert killed.code == -signal.SIGKILL, killed.said
        seen = place.shim("status")
        assert seen.code == 1
        assert "a start was interrupted" in seen.said or "Nothing was started" in seen.said
        for _ in range(2):
            stopped = place.shim("stop")
            assert stopped.code == 0, stopped.said
            place.assert_gone()


@crash.apart
def test_a_start_killed_anywhere_succeeds_the_next_time(new_place: Callable[[str], Place]) -> None:
    for number in kill_points(new_place, only=LASTING, every=3):
        place = new_place(str(number))
        assert place.start(place.dying(number)).code == -signal.SIGKILL
        again = place.start()
        assert again.code == 0, again.said
        once_more = place.start()
        assert once_more.code == 0
        assert "already running" in once_more.said
        assert place.shim("stop").code == 0
        place.assert_gone()


@crash.apart
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_anywhere_in_a_start_ends_it_with_everything(
    new_place: Callable[[str], Place], sent: signal.Signals
) -> None:
    for number in kill_points(new_place, only=LASTING, every=6):
        if number == 1:
            continue  # nothing was begun: the signal simply ends us
        place = new_place(str(number))

        def signal_at(now: int, number: int = number) -> None:
            if now == number:
                os.kill(os.getpid(), sent)
            if now > number:  # impatient: once more must not stop the cleaning up
                os.kill(os.getpid(), signal.SIGINT)

        ended = place.start(crash.on_change(place.home, signal_at))
        assert ended.code == 128 + sent, ended.said
        assert f"{sent.name}: stopped" in ended.said
        assert "Traceback" not in ended.said
        place.assert_gone()
        assert place.start().code == 0
        assert place.shim("stop").code == 0


@crash.apart
def test_a_start_goes_on_under_nohup(place: Place) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        crash.on_change(place.home, lambda _number: os.kill(os.getpid(), signal.SIGHUP))()

    assert place.start(ignore).code == 0
    assert place.shim("stop").code == 0


@crash.apart
def test_a_start_whose_reader_hangs_up_leaves_nothing(place: Place) -> None:
    def hang_up(_number: int) -> None:
        if [*(place.home / "state").glob("*/default/head/store/admin.secret")]:
            reader, writer = os.pipe()
            os.close(reader)
            os.dup2(writer, 2)

    assert place.start(crash.on_change(place.home, hang_up)).code != 0
    place.assert_gone()


class DyingPopen(subprocess.Popen[Any]):
    """Dies between the fork of ``ray start`` and the hand-over of the store's password."""

    def __init__(self, command: list[str], **settings: Any) -> None:
        super().__init__(command, **settings)
        if any("ray_start" in word for word in command):
            os.kill(os.getpid(), signal.SIGKILL)


@crash.apart
def test_ray_is_not_started_when_its_password_never_came(place: Place) -> None:
    killed = place.start(lambda: setattr(subprocess, "Popen", DyingPopen))
    assert killed.code == -signal.SIGKILL
    await_true(lambda: "shim ended" in (place.head / "ray.log").read_text())
    await_true(lambda: not crash.left())  # the store comes after it
    assert place.shim("stop").code == 0
    place.assert_gone()


def when_ray_is_up(place: Place, act: Callable[[], object]) -> Callable[[], None]:
    """Return a ``before`` that acts at the first change after all of Ray's processes run."""

    def look(_number: int) -> None:
        if sum(b"agent" in argv or b"driver" in argv for argv in argvs()) == 2:
            act()

    return crash.on_change(place.home, look)


def argvs() -> list[bytes]:
    return [line.encode() for line in crash.relatives(os.getppid())]


@crash.apart
@pytest.mark.parametrize("dead", ["nobody", "raylet"])
def test_what_has_lost_its_mark_and_its_parent_is_ended_too(place: Place, dead: str) -> None:
    """Killed when Ray was up; the agent's environment tells nothing, and its parent is dead."""
    killed = place.start(when_ray_is_up(place, lambda: os.kill(os.getpid(), signal.SIGKILL)))
    assert killed.code == -signal.SIGKILL
    for line in crash.left():
        pid, _, argv = line.partition(" ")
        if dead in argv:
            os.kill(int(pid), signal.SIGKILL)
    assert place.shim("stop").code == 0
    place.assert_gone()


@crash.apart
def test_join_open_killed_anywhere_leaves_a_door_that_can_be_seen_and_closed(place: Place) -> None:
    password = f"--redis-password={PASSWORD}"
    assert place.start().code == 0
    done = place.shim("join", "open", password, before=crash.on_change(place.home, lambda _number: None))
    assert done.code == 0, done.said
    for number in range(1, len(done.changes) + 1):
        killed = place.shim("join", "open", password, before=place.dying(number))
        assert killed.code == -signal.SIGKILL, killed.said
        is_open = any("join/server.conf" in line for line in crash.left())
        assert ("The join is open" in place.shim("join", "status").said) is is_open
        if number % 2:
            closed = place.shim("join", "close")
            assert closed.code == 0, closed.said
            assert not any("join/server.conf" in line for line in crash.left())
        again = place.shim("join", "open", password)
        assert again.code == 0, f"after {done.changes[number - 1]}: {again.said}"
    assert place.shim("stop").code == 0
    place.assert_gone()


@crash.apart
def test_a_stop_killed_anywhere_is_finished_by_the_next(new_place: Callable[[str], Place]) -> None:
    whole = new_place("whole")
    assert whole.start().code == 0
    done = whole.shim("stop", "--purge", "--yes", before=crash.on_change(whole.home, lambda _number: None))
    for number in range(1, len(done.changes) + 1, 3):
        place = new_place(str(number))
        assert place.start().code == 0
        assert place.shim("stop", "--purge", "--yes", before=place.dying(number)).code == -signal.SIGKILL
        again = place.shim("stop", "--purge", "--yes")
        assert again.code == 0, f"after {done.changes[number - 1]}: {again.said}"
        place.assert_gone()
        assert list((place.home / "state").glob("*/default/head/*")) == []


@crash.apart
def test_two_starts_at_once_make_one_cluster(place: Place) -> None:
    line = ("start", "--head", f"--ray-bin={place.program}", f"--redis-password={PASSWORD}")
    both = [crash.wait(pid, place.home) for pid in [crash.start(line, place.home) for _ in range(2)]]
    winner, loser = sorted(both, key=lambda ended: ended.code)
    assert winner.code == 0, winner.said
    assert loser.code == 1
    assert "Another shim (pid" in loser.said
    assert place.shim("stop").code == 0
    place.assert_gone()


@crash.apart
def test_status_says_that_a_start_is_under_way(place: Place) -> None:
    seen: list[crash.Ended] = []

    def ask(_number: int) -> None:
        if [*(place.home / "state").glob("*/default/head/ray.log")] and not seen:
            seen.append(place.shim("status"))
            (place.home / "seen").write_text(seen[0].said)

    assert place.start(crash.on_change(place.home, ask)).code == 0
    assert "at this moment" in (place.home / "seen").read_text()
    assert place.shim("stop").code == 0


@crash.apart
def test_a_dead_join_service_is_opened_again_by_start_and_ends_nothing(place: Place) -> None:
    assert place.start().code == 0
    before = {line.split()[0] for line in crash.left()}
    join = next(line.split()[0] for line in crash.left() if "join/server.conf" in line)
    os.kill(int(join), signal.SIGKILL)
    await_true(lambda: join not in {line.split()[0] for line in crash.left()})
    assert "died; open it again: shim join open" in place.shim("status").said
    again = place.start()
    assert again.code == 0
    assert "already running" in again.said
    assert before - {join} < {line.split()[0] for line in crash.left()}
    assert "The join is open" in place.shim("join", "status").said
    assert place.shim("stop").code == 0
    place.assert_gone()
