"""Homes to start the stand-in's clusters in (`standin_ray`), and the moments to hurt them at."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests import real
from tests.shim.cluster import crash, standin_ray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PASSWORD = str(uuid.uuid4())
LASTING = ("os.rename", "os.link", "subprocess.Popen")


@dataclass(frozen=True)
class Place:
    """A home for one cluster, and the line that starts it."""

    home: Path
    program: Path

    def start(self, before: Callable[[], object] = lambda: None) -> crash.Ended:
        line = ("start", "--head", f"--ray-bin={self.program}", f"--redis-password={PASSWORD}")
        return self.shim(*line, before=before)

    def shim(self, *words: str, before: Callable[[], object] = lambda: None) -> crash.Ended:
        return crash.shim(words, self.home, before)

    def dying(self, number: int) -> Callable[[], None]:
        return crash.on_change(self.home, crash.die_at(number))

    @property
    def head(self) -> Path:
        [found] = (self.home / "state").glob("*/default/head")
        return found

    def assert_gone(self) -> None:
        """Nothing runs, and no file is left that is half-written or holds a password's hash."""
        assert crash.left() == []
        assert [path for path in (self.home / "state").rglob(".*.*") if path.is_file()] == []
        assert list((self.home / "state").rglob("join/users.acl")) == []


@pytest.fixture(scope="module")
def ray_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    real.need(os.geteuid() == 0, "root", "sudo sh tests/run.sh")
    return standin_ray.install(tmp_path_factory.mktemp("ray"))


@pytest.fixture
def new_place(tmp_path: Path, ray_program: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Place]:
    """Make homes. The key is derived once, and the stand-in passes for a closed cluster: it has no ports to try."""
    from shim.cluster import head, remains
    from shim.join import credential
    from shim.secret import Secret

    derived = credential.derive(Secret(PASSWORD))
    monkeypatch.setattr(credential, "derive", lambda _password: derived)
    monkeypatch.setattr(head, "check_head", lambda _subject: ())
    monkeypatch.setattr(remains.clear, "__kwdefaults__", {"grace": 0.3})
    monkeypatch.setenv("PYTHONPATH", str(ray_program.parent.parent))

    def make(name: str) -> Place:
        home = tmp_path / name
        home.mkdir()
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("SHIM_STATE_DIR", str(home / "state"))
        return Place(home, ray_program)

    return make


@pytest.fixture
def place(new_place: Callable[[str], Place]) -> Place:
    return new_place("home")


def kill_points(new_place: Callable[[str], Place], *, every: int = 1, only: tuple[str, ...] = ()) -> Iterator[int]:
    """Yield the number of each change that an undisturbed start makes; a failure at one says which it was."""
    whole = new_place("whole")
    done = whole.start(crash.on_change(whole.home, lambda _number: None))
    assert done.code == 0, done.said
    assert whole.shim("stop").code == 0
    whole.assert_gone()
    numbers = [number for number, change in enumerate(done.changes, 1) if not only or change.startswith(only)]
    for number in numbers[::every]:
        try:
            yield number
        except GeneratorExit:
            print(f"ahead of change {number} of {len(done.changes)}: {done.changes[number - 1]}")
            raise


def await_true(fact: Callable[[], bool], *, within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)
