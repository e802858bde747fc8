"""What a token guards in each release, and whether the tables say so."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from compat.options import Effect, look_up
from compat.ports import ports
from shim.probe import grpc, http
from shim.probe.answer import Verdict
from tests.releases.test_password import LET_IN, effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from compat.releases import Release
    from compat.version import Version
    from shim.probe.answer import Answer
    from tests.releases.install import Installed
    from tests.releases.machine import Machine

TOKEN_MODE = {"RAY_AUTH_MODE": "token"}
OPEN_OR_REFUSED = (Verdict.OPEN, Verdict.REFUSED)


def ask(machine: Machine, role: str, probe: Callable[..., Answer], ray: Version) -> Verdict:
    """Ask a port of the head, once it listens, as a stranger."""
    [port] = (port for port in ports(ray) if port.role == role)
    assert port.default
    deadline = time.monotonic() + 60  # the agent listens some time after `ray start` has returned
    with machine.host.inside():
        while True:
            verdict = probe(machine.host.address, port.default[0], None).verdict
            if verdict in OPEN_OR_REFUSED or time.monotonic() > deadline:
                return verdict
            time.sleep(0.2)


def test_stranger_is_refused_in_token_mode_and_holder_is_not(token_head: Machine, ray: Version, password: str) -> None:
    assert ask(token_head, "gcs", grpc.gcs, ray) is Verdict.REFUSED
    assert ask(token_head, "ray-client", grpc.client, ray) is Verdict.REFUSED
    assert token_head.look("knock", token_head.address, password, env=TOKEN_MODE) == [LET_IN]


def test_agent_port_is_open_to_strangers_until_the_table_says_that_it_is_covered(
    token_head: Machine, ray: Version, said: Release
) -> None:
    verdict = ask(token_head, "agent-http", http.agent, ray)
    assert verdict is (Verdict.REFUSED if said.agent_port_covered else Verdict.OPEN)


def test_get_auth_token_needs_the_mode_only_where_the_table_says_so(token_head: Machine, said: Release) -> None:
    token = token_head.token_file.read_text()
    assert token in token_head.ray("get-auth-token", env=TOKEN_MODE).stdout
    bare = token_head.ray("get-auth-token")
    assert (bare.returncode != 0) is said.get_auth_token_needs_mode
    assert (token not in bare.stdout) is said.get_auth_token_needs_mode


def test_head_that_finds_a_token_is_guarded_only_where_the_table_says_so(
    finding_head: Machine, ray: Version, said: Release
) -> None:
    assert finding_head.token_file.exists()
    assert ask(finding_head, "gcs", grpc.gcs, ray) is (Verdict.REFUSED if said.auto_enable else Verdict.OPEN)


def test_gcs_server_knows_kubernetes_tokens_where_the_tables_say_so(
    installed: Installed, ray: Version, said: Release
) -> None:
    server = Path(installed.packages, "ray/core/src/ray/gcs/gcs_server").read_bytes()
    assert (b"k8s.io/v1/tokenreviews" in server) is said.k8s_tokens
    [option] = look_up("env-enable-k8s-token-auth")
    assert (b"ENABLE_K8S_TOKEN_AUTH" in server) is bool(option.era_at(ray))


def test_ray_reads_the_address_of_a_redis_of_ones_own_where_the_table_says_so(
    installed: Installed, said: Release
) -> None:
    homes = (installed.packages / "ray/node.py", installed.packages / "ray/_private/node.py")  # it moved in 2.0
    [node] = filter(Path.exists, homes)
    assert ('environ.get("RAY_REDIS_ADDRESS")' in node.read_text()) is said.external_redis


def test_names_from_tutorials_leave_the_newest_ray_open(tutorial_head: Machine, ray: Version, password: str) -> None:
    assert effect("env-ray-auth-mode-k8s", ray) is Effect.MISLEADING
    assert effect("env-ray-auth-mode-lower-case", ray) is effect("env-ray-token", ray) is Effect.NOT_READ
    assert ask(tutorial_head, "gcs", grpc.gcs, ray) is Verdict.OPEN
    assert tutorial_head.look("knock", tutorial_head.address, password) == [LET_IN]
