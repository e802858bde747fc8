"""``shim ray start``, ``stop`` and ``up``: what starts and ends nodes is not simply handed to Ray."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from compat.version import Version
from shim.legacy.launcher import find_legacy_lines, starting_file
from tests.shim.legacy.stage import Stage, set_stage, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "a5e0c7f2-9d4b-4c1e-b7a3-52f0c6d18e94"
RAY = Version(2, 60, 0)
OLD = """\
cluster_name: old
docker:
    head_run_options: []  # --redis-password of old
head_start_ray_commands:
    - ray stop
    # - ray start --redis-password=commented
    - >-
        ulimit -n 65536;
        ray start --head --redis-port=6379
        --redis-password=very-secret --autoscaling-config=~/ray_bootstrap_config.yaml
worker_start_ray_commands:
- ray start --address=$RAY_HEAD_IP:6379 --redis-password very-secret --object-manager-port=8076
setup_commands: [pip install redis, "some-tool --redis-max-memory=1"]
file_mounts: {"--redis-password": x}
"""
MODERN = """\
head_start_ray_commands:
  - ray stop
  - ray start --head --port=6379 --autoscaling-config=~/ray_bootstrap_config.yaml
worker_start_ray_commands:
  - ray start --address=$RAY_HEAD_IP:6379
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = set_stage(tmp_path, beside=True)
    made.give_token()
    (made.home / "old.yaml").write_text(OLD)
    (made.home / "modern.yaml").write_text(MODERN)
    return made


@pytest.fixture
def raylet(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that the kernel calls ``raylet``, and that shim did not start."""
    program = tmp_path / "raylet"
    program.symlink_to(sys.executable)
    code = "import sys; print('up', flush=True); sys.stdin.read()"
    child = subprocess.Popen([program, "-c", code], env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    yield child
    child.communicate()


def test_start_is_shim_start(stage: Stage) -> None:
    done = stage.shim_ray("start", "--head", "--redis-port=7000", f"--redis-password={PASSWORD}", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "--port=7000" in done.stdout
    assert "RAY_AUTH_MODE=token" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


def test_options_of_ray_itself_before_start_are_dropped_aloud(stage: Stage) -> None:
    done = stage.shim_ray("--logging-level", "debug", "start", "--head", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "--logging-level debug was dropped" in done.stderr


def test_a_misspelt_option_of_start_says_what_was_meant(stage: Stage) -> None:
    done = stage.shim_ray("start", "--adress=h:1")
    assert done.returncode == 2
    assert "Did you mean --address?" in done.stderr


@pytest.mark.parametrize(
    "words", [[], ["--force"], ["-f", "-v", "--grace-period", "5"], ["-g", "5"], ["--log-color=false"]]
)
def test_stop_takes_rays_options_and_is_shim_stop(stage: Stage, words: list[str]) -> None:
    done = stage.shim_ray("stop", *words)
    assert done.returncode == 0, done.stderr
    assert "Nothing was started here" in done.stdout
    assert all(word in done.stderr for word in words)


def test_stop_takes_the_options_of_shim_stop_too(stage: Stage) -> None:
    assert "under the name 'tests'" in stage.shim_ray("stop", "--force", "--name", "tests").stdout


def test_stop_leaves_other_rays_alone_and_names_them(stage: Stage, raylet: subprocess.Popen[str]) -> None:
    done = stage.shim_ray("stop")
    assert done.returncode == 0
    assert f"Left alone: raylet, pid {raylet.pid} (not started by shim)" in done.stderr
    assert raylet.poll() is None


def test_a_launcher_file_with_legacy_commands_is_refused_with_its_lines(stage: Stage) -> None:
    done = stage.shim_ray("up", "-y", "--min-workers", "3", "old.yaml")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "line 9: --redis-port; line 10: --redis-password; line 12: --redis-password" in done.stderr
    assert "shim migrate scan old.yaml" in done.stderr
    assert "very-secret" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["up", "modern.yaml"],
        ["up", "missing.yaml"],
        ["exec", "old.yaml", "uptime"],
        ["submit", "old.yaml", "x.py", "--", "--start"],
        ["down", "old.yaml"],
    ],
)
def test_what_starts_no_legacy_node_runs(stage: Stage, words: list[str]) -> None:
    assert told(stage.shim_ray(*words))["argv"][1:] == words


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("up -n name c.yaml", "c.yaml"),
        ("up --min-workers=2 c.yaml -y", "c.yaml"),
        ("create_or_update c.yaml", "c.yaml"),
        ("attach --start c.yaml", "c.yaml"),
        ("exec c.yaml --start uptime", "c.yaml"),
        ("submit --start --port-forward 1 c.yaml x.py", "c.yaml"),
        ("attach c.yaml", None),
        ("submit c.yaml x.py -- --start", None),
        ("down c.yaml", None),
        ("up", None),
    ],
)
def test_which_file_starts_nodes(line: str, file: str | None) -> None:
    name, *words = line.split()
    assert starting_file(name, words) == file


def test_legacy_lines_are_found_by_number_and_without_values() -> None:
    assert [str(line) for line in find_legacy_lines(OLD, RAY)] == [
        "line 9: --redis-port",
        "line 10: --redis-password",
        "line 12: --redis-password",
        "line 13: --redis-max-memory",
    ]


@pytest.mark.parametrize("text", [MODERN, "", "# ray start --redis-password=x\n", "a: --redis-password\n"])
def test_no_legacy_line_is_found_where_none_is(text: str) -> None:
    assert find_legacy_lines(text, RAY) == []


def test_an_option_counts_as_legacy_only_for_a_ray_without_it() -> None:
    text = "head_start_ray_commands:\n  - ray start --head --storage=/x\n"
    assert find_legacy_lines(text, Version(2, 40, 0)) == []
    assert len(find_legacy_lines(text, RAY)) == 1
