"""``--name``: several clusters on one host, each with ports and a token of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.cluster import SMALL, argv, new_password

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.cluster import Node

pytestmark = [pytest.mark.ray, pytest.mark.root]
TASK = """
    import os, ray, sys
    ray.init(sys.argv[1], log_to_driver=False)
    print(ray.get(ray.remote(num_cpus=0)(lambda: os.environ["SHIM_CLUSTER"]).remote()))
"""


def test_two_named_clusters_live_on_one_host_and_leave_each_other_alone(new_host: Callable[[str], Node]) -> None:
    host = new_host("head")
    default_token = "d" * 60 + "0af1"
    host.token_file.parent.mkdir(mode=0o700)
    host.token_file.write_text(default_token)
    host.token_file.chmod(0o600)
    started = {}
    for name in ("blue", "green"):
        words = ("start", "--head", "--name", name, "--json", *SMALL, "--redis-password=-")
        said = host.shim(*words, stdin=new_password())
        started[name] = json.loads(said.stdout)
    assert not set(started["blue"]["ports"].values()) & set(started["green"]["ports"].values())
    assert started["blue"]["token_fingerprint"] != started["green"]["token_fingerprint"]

    def run(name: str, token_of: str) -> str:
        env = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": started[token_of]["token_path"]}
        address = f"{host.address}:{started[name]['ports']['gcs']}"
        return host.python(TASK, address, env=env, check=False).stdout

    assert "/blue/head" in run("blue", "blue")
    assert "/green/head" in run("green", "green")
    assert run("blue", "green") == ""  # another cluster's token opens nothing

    listed = json.loads(host.shim("status", "--all", "--json").stdout)["nodes"]
    assert {node["name"]: node["healthy"] for node in listed} == {"blue": True, "green": True}
    before = set(host.host.pids())
    assert "Nothing was started here" in host.shim("stop").stdout  # the default cluster: there is none
    assert before <= set(host.host.pids())

    host.shim("stop", "--name", "blue", "--purge", "--yes")
    assert not any("/blue/head" in argv(pid) for pid in host.host.pids())
    assert not list((host.host.home / ".local/state/shim").glob("*/blue"))
    assert "/green/head" in run("green", "green")
    host.shim("stop", "--all")
    assert host.host.pids() == []
    assert host.token_file.read_text() == default_token
    assert (host.folder(name="green") / "store" / "data").is_dir()
