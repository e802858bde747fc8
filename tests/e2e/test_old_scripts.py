"""Old scripts, unmodified, under the wrapper: a Slurm-style trio of head script, worker script and driver."""

from __future__ import annotations

import json
import shlex
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.e2e.cluster import TOKEN_MODE, Node, argv, new_node
from tests.hosts.lab import Network

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.ray, pytest.mark.root]

# As people wrote them for Ray 0.8 to 1.10: the password as $2, options that Ray has since removed, ray stop first.
HEAD = """\
#!/bin/bash
set -e
export LC_ALL=C.UTF-8 LANG=C.UTF-8
ray stop --force
ray start --head --node-ip-address="$1" --redis-port=6379 --redis-shard-ports=6380 --redis-password="$2" \\
    --num-cpus 1 --object-store-memory 100000000 --redis-max-memory 100000000 --block
"""
WORKER = """\
#!/bin/bash
ray start --address "$1" --redis-password "$2" --num-cpus 1 --object-store-memory 100000000 --block
"""
DRIVER = """\
import os, socket, sys, time
import ray

ray.init(address=os.environ["ip_head"], _redis_password=sys.argv[1])

@ray.remote(num_cpus=1)
def where():
    time.sleep(1)
    return socket.gethostname()

print("nodes:", len([node for node in ray.nodes() if node["Alive"]]))
print("ran on:", *sorted(set(ray.get([where.remote() for _ in range(6)]))))
"""


@dataclass(frozen=True)
class Trio:
    """Two nodes that old scripts started, and a host that has the same scripts and no business there."""

    head: Node
    worker: Node
    outsider: Node
    password: str = field(repr=False)
    scripts: list[subprocess.Popen[str]] = field(repr=False)

    @property
    def address(self) -> str:
        """What the scripts call ``$ip_head``."""
        return self.head.gcs

    def driver(self, node: Node, password: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the driver; the script itself knows nothing of tokens."""
        told = {"ip_head": self.address, **environ}
        return node.run(sys.executable, "-u", "driver.py", password, env=told, check=False)


def in_shell(line: str, program: Path) -> list[str]:
    """Return the command line of a shell that turned the wrapper on, then runs ``line``."""
    return ["bash", "-c", f'eval "$({shlex.quote(str(program))} shellenv --shell bash)"; {line}']


def under_wrapper(node: Node, line: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a line of an old script to its end."""
    return node.run(*in_shell(line, node.program), check=check)


def in_background(node: Node, line: str) -> subprocess.Popen[str]:
    """Start a line of an old script, as ``srun … &`` does; its words go to a file in the home."""
    with (node.host.home / "log").open("wb") as log:
        child: subprocess.Popen[str] = node.host.popen(in_shell(line, node.program), stdout=log, stderr=log)
    return child


def await_healthy(node: Node, child: subprocess.Popen[str]) -> None:
    """Wait until ``shim status`` says that the node is well; show the log when its script ends before."""
    deadline = time.monotonic() + 180
    while node.shim("status", check=False).returncode:
        log = (node.host.home / "log").read_text(errors="replace")
        assert child.poll() is None, log
        assert time.monotonic() < deadline, log


@pytest.fixture(scope="module")
def trio(hosts_possible: None, ray_bin: Path, shim_bin: Path) -> Iterator[Trio]:
    """Run head and worker script at the same time, as Slurm does (about 40 s)."""
    with Network() as network:
        head, worker, outsider = (new_node(network, name, shim_bin) for name in ("head", "worker", "outsider"))
        for node in (head, worker, outsider):
            for name, text in (("head.sh", HEAD), ("worker.sh", WORKER), ("driver.py", DRIVER)):
                (node.host.home / name).write_text(text)
        password = head.run("cat", "/proc/sys/kernel/random/uuid").stdout.strip()  # what $(uuidgen) gives
        started = [
            in_background(head, f'redis_password={password}; bash head.sh {head.address} "$redis_password"'),
            in_background(worker, f'redis_password={password}; bash worker.sh {head.gcs} "$redis_password"'),
        ]
        await_healthy(head, started[0])
        await_healthy(worker, started[1])
        yield Trio(head, worker, outsider, password, started)


def test_the_driver_runs_on_both_nodes(trio: Trio) -> None:
    done = trio.driver(trio.head, trio.password, **TOKEN_MODE)
    assert done.returncode == 0, done.stderr
    assert "nodes: 2" in done.stdout
    assert "ran on: head worker" in done.stdout


@pytest.mark.parametrize(
    "environ",
    [{}, TOKEN_MODE, {**TOKEN_MODE, "RAY_AUTH_TOKEN": "0" * 64}],
    ids=["as it was", "no token", "wrong token"],
)
def test_a_stranger_is_refused_even_with_the_right_password(trio: Trio, environ: dict[str, str]) -> None:
    done = trio.driver(trio.outsider, trio.password, **environ)
    assert done.returncode != 0
    assert "nodes:" not in done.stdout
    assert "ran on" not in done.stdout


def test_a_stranger_with_a_wrong_password_is_refused_by_name(trio: Trio) -> None:
    done = under_wrapper(trio.outsider, f"ray status --address={trio.address} --redis_password=wrong", check=False)
    assert done.returncode == 1
    assert "refuses this Redis password" in done.stderr
    assert not trio.outsider.token_file.exists()


def test_a_stranger_without_a_password_is_told_how_to_get_a_token(trio: Trio) -> None:
    done = under_wrapper(trio.outsider, f"ray status --address={trio.address}", check=False)
    assert done.returncode == 1
    assert "shim token fetch" in done.stderr


def test_the_log_says_what_each_line_became(trio: Trio) -> None:
    log = (trio.head.host.home / "log").read_text()
    assert "--redis-port=6379 became --port=6379" in log
    assert "--redis-max-memory" in log
    assert trio.password not in log


def test_no_process_of_ray_has_the_password_in_its_argv(trio: Trio) -> None:
    for node in (trio.head, trio.worker):
        shown = [argv(pid) for pid in node.host.pids()]
        assert any("raylet" in line for line in shown)
        assert [line for line in shown if trio.password in line and not line.startswith("bash ")] == []


def test_status_and_health_check_take_the_old_password(trio: Trio) -> None:
    for line in (f"status --address={trio.address}", f"health-check --address {trio.address}"):
        done = under_wrapper(trio.worker, f"ray {line} --redis_password={trio.password}")
        assert "shim: --redis_password became RAY_AUTH_MODE=token" in done.stderr
        assert trio.password not in done.stdout + done.stderr


def test_a_token_in_the_environment_works_from_memory(trio: Trio) -> None:
    token = trio.head.token_file.read_text().strip()
    done = trio.outsider.shim("ray", "status", f"--address={trio.address}", env={"RAY_AUTH_TOKEN": token})
    assert "Active:" in done.stdout
    assert not trio.outsider.token_file.exists()


def test_jobs_are_submitted_listed_logged_and_stopped(trio: Trio) -> None:
    where = "--address http://127.0.0.1:8265"
    submitted = under_wrapper(trio.head, f"ray job submit {where} --submission-id one -- echo 'hello from' \"a job\"")
    assert "hello from a job" in submitted.stdout
    under_wrapper(trio.head, f"ray job submit {where} --submission-id two --no-wait -- sleep 600")
    assert "one" in under_wrapper(trio.head, f"ray job list {where}").stdout
    assert "hello from a job" in under_wrapper(trio.head, f"ray job logs {where} one").stdout
    assert "two" in under_wrapper(trio.head, f"ray job stop {where} two").stdout
    assert json.loads(trio.head.shim("status", "--json").stdout)["nodes"][0]["healthy"]


def test_whoever_knows_the_password_joins_with_the_first_command(trio: Trio) -> None:
    # Last but one: from here on the outsider is none.
    done = under_wrapper(trio.outsider, f"ray status --address={trio.address} --redis_password {trio.password}")
    assert f"shim: Joined {trio.address}" in done.stderr
    assert "Active:" in done.stdout
    assert trio.outsider.token_file.stat().st_mode & 0o777 == 0o600


def test_ray_stop_ends_the_node_and_the_script_that_waits_for_it(trio: Trio) -> None:
    done = under_wrapper(trio.worker, "ray stop")
    assert "processes ended" in done.stdout
    assert "Left alone" not in done.stderr
    assert not [line for pid in trio.worker.host.pids() if "raylet" in (line := argv(pid))]
    assert trio.scripts[1].wait(30) is not None
