"""`ray start` is run through the bootstrap, and what it says is passed on without its advice."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from compat.version import Version
from shim.cluster import launch as module
from shim.cluster.launch import Launch, await_started, begin, command, hand_over, worth_showing
from shim.cluster.ray import RayInstallation
from shim.errors import ShimError
from shim.process import MARKER
from shim.secret import Secret

# What Ray 2.60.0 prints, with its shell colours off (`ray start --head`, then a worker's).
HEAD = """\
Usage stats collection is disabled.
[W 11:00:00] Could not retrieve session key from storage.

Local node IP: 10.77.0.2

--------------------
Ray runtime started.
--------------------

Next steps
  To add another node to this Ray cluster, run
    ray start --address='10.77.0.2:6379'

  To connect to this Ray cluster:
    import ray
    ray.init()

  To view the dashboard at 127.0.0.1:8265

To terminate the Ray runtime, run
  ray stop

To view the status of the cluster, use
  ray status
"""


def test_rays_words_are_shown_without_its_advice() -> None:
    assert list(worth_showing(HEAD)) == [
        "Local node IP: 10.77.0.2",
        "Ray runtime started.",
        "To view the status of the cluster, use",
        "  ray status",
    ]


def test_an_error_after_the_advice_is_shown() -> None:
    shown = list(worth_showing(HEAD + "\nRuntimeError: the raylet died\n  at line 5\n"))
    assert shown[-2:] == ["RuntimeError: the raylet died", "  at line 5"]


def test_nothing_else_is_lost() -> None:
    text = "Traceback (most recent call last):\n  File x\nValueError: --foo\n\nWARNING: low memory\n"
    assert list(worth_showing(text)) == [line for line in text.splitlines() if line]


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    python = Path(sys.executable)
    ray = RayInstallation(python.parent / "ray", python, Version.parse("2.60.0"))
    environment = {"PATH": os.environ["PATH"], MARKER: str(tmp_path)}
    return Launch(ray, ("--head",), environment, tmp_path / "ray.log")


def test_the_command_is_rays_python_on_the_bootstrap_and_holds_no_secret(launch: Launch) -> None:
    words = command(launch)
    assert words[0] == sys.executable
    assert Path(words[1]).name == "ray_start.py"
    assert Path(words[1]).is_file()
    assert words[2:] == ["--head", "--log-style=pretty", "--log-color=false"]
    assert "s3cret" not in " ".join(words) + repr(launch)


@pytest.mark.parametrize("option", ["--log-style=record", "--log-color=true"])
def test_a_style_that_was_asked_for_is_kept(option: str, launch: Launch) -> None:
    words = command(replace(launch, arguments=("--head", option)))
    assert [word for word in words if word.startswith(option.partition("=")[0])] == [option]


STAND_IN = "import sys; text = sys.stdin.read(); "


def run(
    launch: Launch, code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, password: Secret | None = None
) -> list[str]:
    """Run a stand-in for the bootstrap; return what was said."""
    script = tmp_path / "bootstrap.py"
    script.write_text(STAND_IN + code)
    monkeypatch.setattr(module, "BOOTSTRAP", script)
    said: list[str] = []
    child, process = begin(launch)
    assert process.pid == process.session == child.pid
    hand_over(child, password)
    try:
        await_started(child, launch, said.append)
    finally:
        child.kill()
        child.wait()
    return said


def test_the_password_goes_in_on_stdin(launch: Launch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'got')!r}, 'w').write(text)"
    run(launch, code, monkeypatch, tmp_path, Secret("s3cret"))
    assert json.loads((tmp_path / "got").read_text()) == {"redis_password": "s3cret"}
    run(launch, code, monkeypatch, tmp_path)
    assert json.loads((tmp_path / "got").read_text()) == {}


def test_what_ray_says_is_passed_on_once(launch: Launch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = "import time\nfor n in range(5): print('line', n, flush=True); time.sleep(0.06)"
    assert run(launch, code, monkeypatch, tmp_path) == [f"line {number}" for number in range(5)]


def test_the_log_of_an_earlier_start_is_not_shown(
    launch: Launch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    launch.log.write_text("from yesterday\n")
    assert run(launch, "print('today')", monkeypatch, tmp_path) == ["today"]


def test_a_failed_start_is_an_error_after_its_own_words(
    launch: Launch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[str] = []
    script = tmp_path / "bootstrap.py"
    script.write_text("import sys; sys.stdin.read(); sys.exit('no more memory')")
    monkeypatch.setattr(module, "BOOTSTRAP", script)
    child, _ = begin(launch)
    hand_over(child, None)
    with pytest.raises(ShimError, match=r"failed \(exit code 1\)") as caught:
        await_started(child, launch, said.append)
    assert said == ["no more memory"]
    assert str(launch.log) in caught.value.fix


def test_with_block_its_word_counts(launch: Launch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocking = replace(launch, arguments=("--head", "--block"))
    said = run(
        blocking, "print('Ray runtime started.', flush=True); import time; time.sleep(100)", monkeypatch, tmp_path
    )
    assert said == ["Ray runtime started."]


def test_a_start_that_hangs_is_given_up(launch: Launch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    with pytest.raises(ShimError, match="is not done after"):
        run(launch, "import time; time.sleep(100)", monkeypatch, tmp_path)
