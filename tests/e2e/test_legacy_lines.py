"""Legacy command lines of every era, as the real ``ray start`` of this environment would get them; nothing starts."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.cluster import new_node
from tests.hosts.lab import Network

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.cluster import Node

pytestmark = [pytest.mark.ray, pytest.mark.root]

PASSWORD = "0c1d2e3f-legacy password, $with 'quotes' and ünicode"
OPTIONS = """
    import json
    from ray.scripts.scripts import cli
    options = cli.commands["start"].params
    print(json.dumps({name: one.is_flag for one in options for name in (*one.opts, *one.secondary_opts)}))
"""

HEADS = [
    "--head --port=6379 --redis-password=PW",
    "--head --port 6379 --redis-password PW",
    "--head --redis_password PW --node-ip-address ADDRESS",
    "--head --redis_password=PW --num-cpus=2 --num-gpus 0",
    "--head --redis-port=6380 --redis-password=PW",
    "--head --redis-port 6380 --redis-shard-ports 6381,6382 --redis-password PW",
    "--head --redis-shard-ports=6381 --redis-max-memory=1000000000 --redis-password=PW",
    "--head --num-redis-shards=2 --redis-max-clients 100 --redis-password=PW",
    "--head --gcs-server-port=6381 --dashboard-grpc-port=50051 --redis-password=PW",
    "--head --redis-password=PW --dashboard-host=0.0.0.0 --include-dashboard=true --verbose",
    "--head --redis-password=PW --resources='{\"special\": 1}' --temp-dir='/tmp/ray'",
    "--redis-password=PW",
]
WORKERS = [
    "--address=head:6379 --redis-password=PW",
    "--address head:6379 --redis_password PW --num-cpus 4",
    "--redis-address=head:6379 --redis-password=PW",
    "--redis-address head:6379 --redis-password PW --object-manager-port=8076 --node-manager-port=8077",
    "--address='head:6379' --redis-password='PW' --redis-shard-ports=6381",
]


@pytest.fixture(scope="module")
def node(hosts_possible: None, ray_bin: Path, shim_bin: Path) -> Iterator[Node]:
    """Make a host on which all ports are free."""
    with Network() as network:
        yield new_node(network, "head", shim_bin)


@pytest.fixture(scope="module")
def known(node: Node) -> dict[str, bool]:
    """Ask the real Ray for its options, and whether each is a flag."""
    found: dict[str, bool] = json.loads(node.python(OPTIONS, env={}).stdout)
    assert not found["--port"]
    assert found["--head"]
    return found


def words(line: str, node: Node) -> list[str]:
    return [word.replace("PW", PASSWORD).replace("ADDRESS", node.address) for word in shlex.split(line)]


def rehearse(node: Node, line: str, **more: Any) -> dict[str, Any]:
    """Return what a command line would do, having seen that the password is nowhere in it."""
    done = node.shim("start", "--dry-run", "--json", *words(line, node), **more)
    assert PASSWORD not in done.stdout + done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    assert record["result"] == "dry-run"
    assert record["environment"]["RAY_AUTH_MODE"] == "token"
    return record


def ray_words(record: dict[str, Any]) -> list[str]:
    """Return what ``ray start`` would get: the command less Python and the bootstrap."""
    python, bootstrap, *rest = record["command"]
    assert "python" in python
    assert bootstrap.endswith("ray_start.py")
    return list(rest)


def assert_ray_takes(arguments: list[str], known: dict[str, bool]) -> None:
    """Read the words as Ray's click does: every option known, every value in its place."""
    rest = iter(arguments)
    for word in rest:
        option, equals, _ = word.partition("=")
        assert option in known, word
        if not known[option] and not equals:
            next(rest)


@pytest.mark.parametrize("line", HEADS)
def test_legacy_head_line_becomes_one_that_ray_takes(node: Node, known: dict[str, bool], line: str) -> None:
    record = rehearse(node, line)
    arguments = ray_words(record)
    assert_ray_takes(arguments, known)
    assert "--head" in arguments
    assert any("join service" in step for step in record["steps"])


@pytest.mark.parametrize("line", WORKERS)
def test_legacy_worker_line_becomes_one_that_ray_takes(node: Node, known: dict[str, bool], line: str) -> None:
    arguments = ray_words(rehearse(node, line))
    assert_ray_takes(arguments, known)
    assert "--address=head:6379" in arguments or "head:6379" in arguments
    assert "--head" not in arguments


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ("--redis-port=6380", "--redis-port"),
        ("--redis-max-memory=1000000000", "--redis-max-memory"),
        ("--num-redis-shards=2", "--num-redis-shards"),
        ("--gcs-server-port=6381", "--gcs-server-port"),
        ("--redis-shard-ports=6381", "--redis-shard-ports"),
    ],
)
def test_every_change_has_one_line_that_says_what_became_of_it(node: Node, option: str, what: str) -> None:
    record = rehearse(node, f"--head {option} --redis-password=PW")
    [note] = [note for note in record["notes"] if note.startswith(what)]
    assert "Ray " in note, "since when"


def test_redis_port_is_the_port_of_the_gcs(node: Node) -> None:
    record = rehearse(node, "--head --redis-port=7000 --redis-password=PW")
    assert "--port=7000" in ray_words(record)
    assert any("port 7010" in step for step in record["steps"])


def test_redis_password_alone_means_head_and_says_so(node: Node) -> None:
    record = rehearse(node, "--redis-password=PW")
    assert "--head" in ray_words(record)
    assert any("head" in note for note in record["notes"])


def test_address_of_a_redis_beside_head_is_an_external_redis(node: Node) -> None:
    """There the password is live: it opens the person's Redis, and there is no join with it."""
    record = rehearse(node, "--head --address=redis-host:6379 --redis-password=PW")
    assert not any(word.startswith("--address") for word in ray_words(record))
    assert any("yours" in step for step in record["steps"])
    assert not any("join service" in step for step in record["steps"])
    assert any("redis-host:6379" in note for note in record["notes"])


@pytest.mark.parametrize(
    ("more", "env", "stdin"),
    [
        ("", {"RAY_REDIS_PASSWORD": PASSWORD}, ""),
        ("--redis-password-env MY_SECRET", {"MY_SECRET": PASSWORD}, ""),
        ("--redis-password=-", {}, PASSWORD + "\n"),
        ("--redis-password -", {}, PASSWORD + "\n"),
        ("--redis_password=-", {}, PASSWORD + "\n"),
        ("--redis-password-file FILE", {}, ""),
    ],
)
def test_password_comes_from_every_place(
    node: Node, tmp_path: Path, more: str, env: dict[str, str], stdin: str
) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    record = rehearse(node, f"--head {more}".replace("FILE", str(file)), env=env, stdin=stdin)
    assert any("join service" in step for step in record["steps"]), "a password was given"
    assert not any("password" in word for word in ray_words(record))


def refuse(node: Node, line: str, **more: Any) -> subprocess.CompletedProcess[str]:
    done = node.shim("start", "--dry-run", *words(line, node), check=False, **more)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Error: " in done.stderr
    assert "Try: " in done.stderr
    assert PASSWORD not in done.stderr
    return done


def test_two_different_passwords_are_refused(node: Node) -> None:
    done = refuse(node, "--head --redis-password=PW", env={"RAY_REDIS_PASSWORD": "another one entirely"})
    assert done.returncode == 2
    assert "another one entirely" not in done.stderr


@pytest.mark.parametrize("weak", ["5241590000000000", "letmein-2019", "hunter2"])
def test_password_that_anybody_guesses_opens_no_join_on_a_network(node: Node, weak: str) -> None:
    done = refuse(node, f"--head --redis-password={weak}")
    assert "--no-join" in done.stderr
    assert weak not in done.stderr


def test_misspelt_option_is_named_with_the_right_one(node: Node) -> None:
    done = refuse(node, "--head --redis-pasword=PW")
    assert done.returncode == 2
    assert "--redis-password" in done.stderr


def test_dry_run_leaves_no_trace(node: Node) -> None:
    home = node.host.home
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    rehearse(node, "--head --redis-password=PW")
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
    assert node.host.pids() == []
    assert not node.token_file.exists()
    assert os.listdir(node.sessions) == []  # noqa: PTH208 - all of it


def test_dry_run_for_a_person_can_be_pasted(node: Node, known: dict[str, bool]) -> None:
    said = node.shim("start", "--dry-run", *words("--head --redis-password=PW --resources='{\"a b\": 1}'", node)).stdout
    command = said[said.index("RAY_AUTH_MODE=") : said.index("Nothing was started.")]
    parts = [word for word in shlex.split(command) if not word.partition("=")[0].isupper() or not word.isascii()]
    assert sys.executable in command
    assert '--resources={"a b": 1}' in parts
