"""``--block``: stay in the foreground, pass signals on, leave nothing behind (on a stand-in for Ray)."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

import pytest

from tests.shim.cluster import crash
from tests.shim.cluster.place import PASSWORD, Place, await_true

pytestmark = pytest.mark.root


@dataclass(frozen=True)
class Staying:
    """A blocking start whose cluster is up."""

    place: Place
    pid: int

    def wait(self) -> crash.Ended:
        return crash.wait(self.pid, self.place.home)

    def is_running(self) -> bool:
        return os.waitpid(self.pid, os.WNOHANG) == (0, 0)


def stay(place: Place) -> Staying:
    line = ("start", "--head", f"--ray-bin={place.program}", f"--redis-password={PASSWORD}", "--block")
    pid = crash.start(line, place.home)
    said = place.home / f"{pid}.said"
    await_true(lambda: said.exists() and "The cluster is up" in said.read_text())
    return Staying(place, pid)


def kill(name: str) -> None:
    [pid] = [int(line.split()[0]) for line in crash.left() if name in line]
    os.kill(pid, signal.SIGKILL)


@crash.apart
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything(place: Place, sent: signal.Signals) -> None:
    staying = stay(place)
    os.kill(staying.pid, sent)
    ended = staying.wait()
    assert ended.code == 128 + sent
    assert "stopped; nothing was left running" in ended.said
    place.assert_gone()
    assert "stopped" in place.shim("status").said


@crash.apart
@pytest.mark.parametrize("member", ["store/server.conf", "bootstrap/ray_start.py"])
def test_the_death_of_a_member_ends_the_rest(place: Place, member: str) -> None:
    staying = stay(place)
    kill(member)
    ended = staying.wait()
    assert ended.code == 1
    assert "Died: " in ended.said
    place.assert_gone()


@crash.apart
def test_a_join_that_is_closed_opened_or_killed_ends_nothing(place: Place) -> None:
    staying = stay(place)
    for act in (
        lambda: place.shim("join", "close"),
        lambda: place.shim("join", "open", f"--redis-password={PASSWORD}"),
        lambda: kill("join/server.conf"),
    ):
        act()
        time.sleep(0.7)  # two of its looks: that nothing happens cannot be waited for
        assert staying.is_running()
    os.kill(staying.pid, signal.SIGTERM)
    staying.wait()
    place.assert_gone()


@crash.apart
def test_a_stop_from_elsewhere_ends_it_in_peace(place: Place) -> None:
    staying = stay(place)
    stopped = place.shim("stop")
    assert stopped.code == 0, stopped.said
    ended = staying.wait()
    assert (ended.code, "Stopped by another shim" in ended.said) == (0, True), ended.said
    place.assert_gone()


@crash.apart
def test_after_kill_9_the_cluster_goes_on_and_can_be_stopped(place: Place) -> None:
    staying = stay(place)
    os.kill(staying.pid, signal.SIGKILL)
    staying.wait()
    assert "processes since" in place.shim("status").said
    assert place.shim("stop").code == 0
    place.assert_gone()


@crash.apart
def test_ignored_signals_stay_ignored(place: Place) -> None:
    line = ("start", "--head", f"--ray-bin={place.program}", "--block")
    pid = crash.start(line, place.home, lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    staying, said = Staying(place, pid), place.home / f"{pid}.said"
    await_true(lambda: said.exists() and "The cluster is up" in said.read_text())
    os.kill(pid, signal.SIGHUP)
    time.sleep(0.7)
    assert staying.is_running()
    os.kill(pid, signal.SIGTERM)
    assert staying.wait().code == 128 + signal.SIGTERM
    place.assert_gone()
