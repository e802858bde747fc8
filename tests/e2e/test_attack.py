"""The attack that motivates the design: another user of the head's host reads a password, and runs code in the cluster.

Whoever can write the keys of Ray's control store can replace a function that a job exported. Started by hand, Ray
shows the store's password in its command lines (ray#46351); started by shim, nothing that the user can read opens it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.e2e.cluster import SMALL, TOKEN_MODE, named, new_password
from tests.e2e.local_user import PATIENCE, attack
from tests.hosts.lab import stranger_uid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.e2e.cluster import Cluster, Node

pytestmark = [pytest.mark.ray, pytest.mark.root]

VICTIM = """
    import sys, ray

    ray.init(sys.argv[1], log_to_driver=False)

    @ray.remote(num_cpus=0)
    def answer():
        return "the job's own code"

    waiting = answer.options(resources={"never there": 1}).remote()  # exports the function
    print("exported", flush=True)
    sys.stdin.readline()
    print(ray.get(answer.remote(), timeout=60))
"""


class Job:
    """A job that has exported a function and calls it when told to."""

    def __init__(self, node: Node, env: Mapping[str, str]) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", textwrap.dedent(VICTIM), node.gcs]
        self._child = node.host.popen(command, env=env, stdin=pipe, stdout=pipe, text=True)
        assert self._child.stdout
        while (line := self._child.stdout.readline()) != "exported\n":
            assert line, "the job did not start"

    def result(self) -> str:
        """Let it call its function; return what came back."""
        said: str = self._child.communicate("go\n", timeout=PATIENCE)[0]
        return said.splitlines()[-1]


def readable(node: Node) -> list[Path]:
    """Return where the attacker looks, besides /proc: Ray's sessions, and the home with the state folder in it."""
    return [node.sessions, node.host.home]


def test_by_hand_another_user_finds_the_password_and_runs_code(
    new_host: Callable[[str], Node], redis_server: Path
) -> None:
    plain, password, port = new_host("plain"), new_password(), 6400
    store = plain.host.popen([redis_server, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert store.stdin
    store.stdin.write(f'port {port}\nbind 127.0.0.1\nrequirepass {password}\nsave ""\n')
    store.stdin.close()
    by_hand = {"RAY_REDIS_ADDRESS": f"127.0.0.1:{port}", "RAY_raylet_start_wait_time_s": "150"}
    options = (*SMALL, "--include-dashboard=false", f"--redis-password={password}")
    plain.ray("start", "--head", "--port=6379", *options, env=by_hand)
    job = Job(plain, {})
    seen = attack(plain, "find", *readable(plain))
    assert {"port": port, "user": "default", "password": password} in seen["found"]
    assert attack(plain, "overwrite", str(port), stdin=password + "\n") == 1
    assert job.result() == "owned by uid 0"


def test_with_shim_the_same_user_finds_no_password(cluster: Cluster) -> None:
    job = Job(cluster.head, TOKEN_MODE)
    seen = attack(cluster.head, "find", *readable(cluster.head))
    assert seen["words"] > 1000, "an attacker who reads nothing proves nothing"
    assert seen["found"] == []
    assert job.result() == "the job's own code"


@pytest.mark.parametrize("role", ["head", "worker"])
def test_with_shim_nothing_that_another_user_reads_holds_the_token(cluster: Cluster, role: str) -> None:
    node: Node = getattr(cluster, role)
    text: bytes = attack(node, "read", *readable(node))
    assert b"raylet" in text
    assert b"session_" in text
    assert cluster.token.encode() not in text
    assert cluster.password.encode() not in text


@pytest.mark.parametrize("role", ["head", "worker"])
def test_with_shim_no_socket_file_lets_another_user_in(cluster: Cluster, role: str) -> None:
    """A raylet asks nobody who comes through its Unix socket for a token: the file's rights are its guard."""
    node: Node = getattr(cluster, role)
    sockets = [path for path in node.sessions.rglob("sockets/*") if path.is_socket()]
    assert len(sockets) >= 2
    assert attack(node, "sockets", *readable(node)) == []


def test_another_user_cannot_read_the_environment_that_holds_the_password(cluster: Cluster) -> None:
    [gcs] = named(cluster.head, "gcs_server")
    code = f"import pathlib; print(b'FLAGS' in pathlib.Path('/proc/{gcs_inside(cluster.head)}/environ').read_bytes())"
    ours = cluster.head.host.run(["/usr/bin/python3", "-I", "-c", code])
    theirs = cluster.head.host.run(["/usr/bin/python3", "-I", "-c", code], uid=stranger_uid(), check=False)
    assert gcs
    assert ours.stdout == "True\n"
    assert "PermissionError" in theirs.stderr


def gcs_inside(node: Node) -> int:
    """Return the pid that the GCS has on its host."""
    code = "import json, pathlib; print(json.dumps([p.parent.name for p in pathlib.Path('/proc').glob('[0-9]*/comm')"
    code += " if p.read_text() == 'gcs_server\\n']))"
    [pid] = json.loads(node.host.run(["/usr/bin/python3", "-I", "-c", code]).stdout)
    return int(pid)
