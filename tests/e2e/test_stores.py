"""The same cluster on every kind of control store: embedded Valkey, Debian's Redis, and a Redis of the person's."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from shim.probe import resp
from shim.probe.answer import Verdict
from shim.probe.port import is_open
from shim.secret import Secret
from tests.e2e.cluster import DASHBOARD, JOIN, argv, environ, named, new_password
from tests.e2e.secrets import Find, search, search_files, search_processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shim.probe.resp import Reply
    from tests.e2e.cluster import Node

pytestmark = [pytest.mark.ray, pytest.mark.root]

PORT = 6400
WORK = """
    import ray
    ray.init("127.0.0.1:6379", namespace="stores", log_to_driver=False)

    @ray.remote(num_cpus=0)
    class Counter:
        def __init__(self):
            self.count = 0
        def add(self):
            self.count += 1
            return self.count

    counter = Counter.options(name="counter", lifetime="detached").remote()
    assert ray.get(counter.add.remote(), timeout=60) == 1
    assert ray.get(ray.get_actor("counter").add.remote(), timeout=60) == 2
    ray.kill(counter)
    print(ray.get(ray.remote(num_cpus=0)(lambda: 42).remote(), timeout=60))
"""


@dataclass(frozen=True)
class Theirs:
    """A Redis of the person's, protected by a password and nothing else."""

    node: Node
    password: str

    def call(self, *words: str) -> Reply:
        return call(self.node, self.node.address, PORT, "default", self.password, *words)


def call(node: Node, host: str, port: int, user: str, password: str, *words: str) -> Reply:
    """Ask a Redis something, from a host, as one of its users."""
    with node.host.inside(), resp.connect(host, port) as session:
        assert session.call("AUTH", user, password) == "OK"
        return session.call(*words)


def refused_to_gcs(ask: Callable[..., Reply]) -> list[object]:
    """Return what the store refused to a session that still lives: the GCS's, not those of shim's self-check."""
    clients, log = ask("CLIENT", "LIST"), ask("ACL", "LOG", "128")
    assert isinstance(clients, bytes)
    assert isinstance(log, list)
    sessions = [dict(word.partition("=")[::2] for word in line.split()) for line in clients.decode().splitlines()]
    living = {session["id"] for session in sessions if "ray" in session["user"]}
    assert living, "the GCS is connected"
    entries = [dict(zip(entry[::2], entry[1::2], strict=True)) for entry in log]
    assert entries, "the self-check was refused"
    return [entry for entry in entries if str(entry[b"client-info"]).partition("id=")[2].split()[0] in living]


@pytest.fixture
def head(new_host: Callable[[str], Node]) -> Node:
    return new_host("head")


@pytest.fixture
def theirs(new_host: Callable[[str], Node], redis_server: Path) -> Theirs:
    """Start a Redis on a host of its own, as many run it: on the network, with ``requirepass``."""
    node, password = new_host("store"), new_password()
    settings = f'port {PORT}\nbind {node.address}\nrequirepass {password}\nsave ""\n'
    server = node.host.popen(
        [redis_server, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert server.stdin
    assert server.stdout
    server.stdin.write(settings)
    server.stdin.close()
    while "Ready to accept connections" not in (line := server.stdout.readline()):
        assert line, "redis-server did not start"
    return Theirs(node, password)


def work(head: Node) -> None:
    """Run a task, a named actor and a job."""
    assert "42" in head.python(WORK).stdout.split()
    said = head.ray("job", "submit", f"--address=http://127.0.0.1:{DASHBOARD}", "--", "echo", "a job")
    assert "succeeded" in said.stdout


def assert_stopped(head: Node) -> None:
    """Stop it, and see that no process is left on the host."""
    head.stop()
    assert [argv(pid) for pid in head.host.pids()] == []
    head.stop()  # twice is fine


@pytest.mark.parametrize(("kind", "name"), [("embedded", "valkey"), ("native", "redis")])
def test_cluster_works_on_a_store_of_ours(head: Node, redis_server: Path, kind: str, name: str) -> None:
    """The password comes from the environment here: it must not stay in that of any process."""
    password = new_password()
    said = head.start_head(f"--store={kind}", env={"RAY_REDIS_PASSWORD": password})
    assert f"Control store: {name} " in said.stderr
    work(head)
    [gcs] = named(head, "gcs_server")
    hidden = {"legacy password": Secret(password), "store's password": Secret(environ(gcs)["FLAGS_redis_password"])}
    assert set(search_processes(head, hidden)) == {
        Find("store's password", "FLAGS_redis_password in the environment of gcs_server")
    }
    assert search_files(head, hidden)[0] == []
    store = head.status()["ports"]["store"]
    admin = (head.folder() / "store" / "admin.secret").read_text()
    assert call(head, "127.0.0.1", store, "admin", admin, "ACL", "LOG") == []
    with head.host.inside():
        assert is_open(head.address, store) is Verdict.ABSENT
        assert resp.stranger("127.0.0.1", store).verdict is Verdict.REFUSED
    assert_stopped(head)


@pytest.mark.parametrize("place", ["variable", "URL"])
def test_cluster_works_on_a_redis_of_yours(head: Node, theirs: Theirs, place: str) -> None:
    url, env = f"redis://store:{PORT}", {"SHIM_STORE_PASSWORD": theirs.password}
    if place == "URL":
        url, env = f"redis://:{theirs.password}@store:{PORT}", {}
    password = new_password()
    said = head.start_head(f"--store={url}", password=password, env=env)
    work(head)
    [gcs] = named(head, "gcs_server")
    hidden = {
        "theirs": Secret(theirs.password),
        "Ray's": Secret(environ(gcs)["FLAGS_redis_password"]),
        "legacy": Secret(password),
    }
    assert hidden["theirs"] != hidden["Ray's"], "Ray gets a user of its own"
    assert set(search_processes(head, hidden)) == {
        Find("Ray's", "FLAGS_redis_password in the environment of gcs_server")
    }
    assert search_files(head, hidden)[0] == []
    assert list(search((said.stdout + said.stderr).encode(), hidden, "output")) == []
    assert refused_to_gcs(theirs.call) == []
    head.shim("stop", env={"SHIM_STORE_PASSWORD": theirs.password})
    assert theirs.call("ACL", "USERS") == [b"default"], "the user that was made is gone again"
    assert_stopped(head)


def test_open_redis_of_yours_is_refused_before_anything_starts(head: Node, theirs: Theirs) -> None:
    theirs.call("CONFIG", "SET", "requirepass", "", "protected-mode", "no")
    env = {"SHIM_STORE_PASSWORD": theirs.password}
    done = head.start_head(f"--store=redis://store:{PORT}", password=new_password(), env=env, check=False)
    assert done.returncode == 1
    assert "can run code in the cluster" in done.stderr
    assert head.host.pids() == []


def test_wrong_password_for_a_redis_of_yours_is_said_to_be_wrong(head: Node, theirs: Theirs) -> None:
    wrong = new_password()
    env = {"SHIM_STORE_PASSWORD": wrong}
    done = head.start_head(f"--store=redis://store:{PORT}", password=new_password(), env=env, check=False)
    assert done.returncode == 1
    assert "refuses" in done.stderr
    assert "this user and password" in done.stderr
    assert wrong not in done.stdout + done.stderr
    assert head.host.pids() == []


def test_token_only_head_opens_no_join(head: Node, redis_server: Path) -> None:
    said = head.start_head("--no-join", password=new_password())
    assert "--redis-password" not in said.stdout, "nothing is advised that cannot work"
    with head.host.inside():
        assert is_open(head.address, JOIN) is Verdict.ABSENT
    assert "The join is closed" in head.shim("join", "status").stdout
    assert_stopped(head)
