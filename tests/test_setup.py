"""`sh setup.sh` in small checkouts of its own: what it does around uv, without the network.

``uv`` here is a script that makes a `.venv` in the way uv does, or fails, or hangs: what is tested is setup.sh.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.imports import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UV = r"""#!/bin/sh
case $1 in --version) echo "uv 0.13.8"; exit ;; python) exit ;; esac
echo "$*" >>"$UV_LOG"
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
echo begun >"$UV_PROJECT_ENVIRONMENT/half"
[ -z "$UV_HANGS" ] || exec sleep 60
[ -z "$UV_FAILS" ] || { echo "uv: no network" >&2; exit 2; }
for name in python ray shim; do
    printf '#!/bin/sh\n# %s/bin/python\necho %s "$@"\n[ ! -t 0 ] && cat\nexit 7\n' \
        "$UV_PROJECT_ENVIRONMENT" "$name" >"$UV_PROJECT_ENVIRONMENT/bin/$name"
    chmod +x "$UV_PROJECT_ENVIRONMENT/bin/$name"
done
rm "$UV_PROJECT_ENVIRONMENT/half"
"""


class Checkout:
    """A folder with setup.sh and a uv of our own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my shim"
        (self.folder / "tools").mkdir(parents=True)
        for name in ("setup.sh", "tools/fetch_uv.py"):
            shutil.copy(ROOT / name, self.folder / name)
        (self.folder / "uv.lock").write_text("one\n")
        (self.folder / "pyproject.toml").write_text("[project]\n")
        self.programs = folder / "bin"
        self.programs.mkdir()
        (self.programs / "uv").write_text(UV)
        (self.programs / "uv").chmod(0o755)
        self.log = folder / "uv.log"
        self.environment = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "HOME": str(folder),
            "UV_LOG": str(self.log),
        }

    def set_up(self, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(self.folder / "setup.sh"), *arguments]
        env = {**self.environment, **environment}
        return subprocess.run(command, input=stdin, env=env, cwd="/", capture_output=True, text=True, timeout=30)

    def begin(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a setup that gets as far as the middle of uv's work."""
        env = {**self.environment, "UV_HANGS": "yes", **environment}
        child = subprocess.Popen(["sh", str(self.folder / "setup.sh")], env=env, start_new_session=True)
        await_that((self.folder / ".venv" / "half").exists)
        return child

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


def await_that(happened: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_runs_shim_with_the_arguments_input_and_exit_code_it_was_given(checkout: Checkout) -> None:
    done = checkout.set_up("start", "--head", "two words", stdin="secret\n")
    assert (done.returncode, done.stdout) == (7, "shim start --head two words\nsecret\n")


def test_without_arguments_it_says_what_to_type_and_nothing_on_stdout(checkout: Checkout) -> None:
    done = checkout.set_up()
    assert (done.returncode, done.stdout) == (0, "")
    assert f'"{checkout.folder}/.venv/bin/shim" start --head' in done.stderr


def test_it_installs_what_the_lock_says_with_ray_and_without_the_tests_packages(checkout: Checkout) -> None:
    checkout.set_up()
    (call,) = checkout.calls()
    assert "--frozen" in call
    assert "--extra ray" in call
    assert "--no-dev" in call


def test_what_is_set_up_is_not_set_up_again(checkout: Checkout) -> None:
    checkout.set_up()
    began = time.monotonic()
    done = checkout.set_up("status")
    assert time.monotonic() - began < 0.5
    assert done.stderr == ""
    assert len(checkout.calls()) == 1


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_a_changed_lock_is_installed(checkout: Checkout, name: str) -> None:
    checkout.set_up()
    (checkout.folder / name).write_text("two\n")
    checkout.set_up()
    checkout.set_up()
    assert len(checkout.calls()) == 2


def test_the_tests_packages_come_when_asked_for_and_stay(checkout: Checkout) -> None:
    checkout.set_up()
    checkout.set_up("--dev")
    (checkout.folder / "uv.lock").write_text("two\n")
    checkout.set_up()
    checkout.set_up("--dev")
    assert ["--group dev" in call for call in checkout.calls()] == [False, True, True]


def test_a_failure_tells_why_and_what_to_do_and_the_next_run_repairs(checkout: Checkout) -> None:
    failed = checkout.set_up("start", UV_FAILS="yes")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "uv: no network" in failed.stderr
    assert "Error: " in failed.stderr
    assert "Try: " in failed.stderr
    assert checkout.set_up("start").stdout == "shim start\n"


def test_a_failed_update_is_not_taken_for_done(checkout: Checkout) -> None:
    checkout.set_up()
    (checkout.folder / "uv.lock").write_text("two\n")
    checkout.set_up(UV_FAILS="yes")
    checkout.set_up()
    assert len(checkout.calls()) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_was_interrupted_is_started_afresh(checkout: Checkout, number: signal.Signals) -> None:
    child = checkout.begin()
    os.killpg(child.pid, number)
    assert child.wait(10) in (-number, 128 + number)
    done = checkout.set_up("start")
    assert "interrupted" in done.stderr
    assert done.stdout == "shim start\n"
    assert not (checkout.folder / ".venv" / "half").exists()


def test_two_at_once_take_turns(checkout: Checkout) -> None:
    first = checkout.begin()
    env = checkout.environment
    second = subprocess.Popen(["sh", str(checkout.folder / "setup.sh")], env=env, stderr=subprocess.PIPE, text=True)
    assert second.stderr
    assert "waiting" in second.stderr.readline()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    said = second.communicate(timeout=30)[1]
    assert second.returncode == 0
    assert "interrupted" in said


def test_a_moved_checkout_is_made_anew(checkout: Checkout) -> None:
    checkout.set_up()
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("elsewhere"))
    done = checkout.set_up("start")
    assert "moved" in done.stderr
    assert str(checkout.folder) in (checkout.folder / ".venv/bin/ray").read_text()


def test_an_old_uv_is_not_used(checkout: Checkout) -> None:
    (checkout.programs / "uv").write_text("#!/bin/sh\necho uv 0.4.30\n")
    refused = checkout.set_up("--uv", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert refused.returncode == 1
    assert "127.0.0.1:9 cannot be reached" in refused.stderr


def test_without_uv_and_python_the_remedy_is_named(checkout: Checkout) -> None:
    few = checkout.folder.parent / "few"
    few.mkdir()
    for name in ("sh", "dirname", "cat", "cksum", "sed", "mkdir", "rm", "grep", "tr"):
        (few / name).symlink_to(str(shutil.which(name)))
    refused = checkout.set_up(PATH=str(few))
    assert refused.returncode == 1
    assert "apt-get install -y python3" in refused.stderr


def test_a_persons_mirror_is_used_and_every_hash_checked(checkout: Checkout) -> None:
    checkout.set_up(UV_DEFAULT_INDEX="https://mirror.example/simple")
    calls = checkout.calls()
    assert any("--require-hashes" in call and "https://mirror.example/simple" in call for call in calls)
    assert not any(call.startswith("sync") for call in calls)
