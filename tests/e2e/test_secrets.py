"""No secret where it must not be: processes, files, output, and the wire. The allowed places are named here."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from shim.probe import http
from shim.secret import Secret
from tests.e2e.cluster import DASHBOARD, JOIN, new_node
from tests.e2e.secrets import Find, Secrets, forms, search, search_files, search_processes, secrets_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.cluster import Cluster

pytestmark = [pytest.mark.ray, pytest.mark.root]

IN_PROCESSES = {Find("store's password", "FLAGS_redis_password in the environment of gcs_server")}
TOKEN_FILE = Find("token", "~/.ray/auth_token")
FOR_AN_INSTANT = 1.0
"""Seconds for which the first command line may be seen: until Python runs, and shim starts itself again."""


@pytest.fixture(scope="module")
def used(cluster: Cluster) -> Cluster:
    """Let a task and a job run first, so that what they write is searched too."""
    cluster.worker.python(
        """
        import ray
        ray.init("head:6379", namespace="secrets")
        print(ray.get(ray.remote(num_cpus=0)(lambda: 1).remote(), timeout=60))
        """
    )
    cluster.head.ray("job", "submit", f"--address=http://127.0.0.1:{DASHBOARD}", "--", "env")
    return cluster


@pytest.fixture(scope="module")
def secrets(used: Cluster) -> Secrets:
    found = secrets_of(used)
    assert len(set(found.values())) == len(found)
    assert all(len(secret.reveal()) > 30 for secret in found.values())
    return found


def test_every_form_of_a_secret_is_searched_for() -> None:
    """The search itself can fail: each line holds the secret in a form of its own."""
    secret = b"4d6f1e1c-aa21-4d3b-9f0e-5a7b1c2d3e4f"
    hidden = {"it": Secret(secret.decode())}
    for text in (
        secret,
        secret.hex().encode(),
        *(base64.b64encode(b"x" * pad + secret + b"y" * 5) for pad in range(4)),
        *(base64.urlsafe_b64encode(b"\xff" * pad + secret + b"\xff") for pad in range(4)),
    ):
        assert list(search(b"before " + text + b" after", hidden, "here")) == [Find("it", "here")]
    assert list(search(secret[1:], hidden, "here")) == []
    assert bytes.fromhex("ab" * 32) in forms(Secret("ab" * 32))


def test_no_process_shows_a_secret_but_the_gcs_its_own(used: Cluster, secrets: Secrets) -> None:
    found = {find for node in used.nodes for find in search_processes(node, secrets)}
    assert found == IN_PROCESSES


def test_no_file_holds_a_secret_but_its_own(used: Cluster, secrets: Secrets) -> None:
    allowed = {
        "head": {TOKEN_FILE, administrator(used)},
        "worker": {TOKEN_FILE},
        "driver": {TOKEN_FILE},
        "outsider": set(),
    }
    for node in used.nodes:
        found, count = search_files(node, secrets)
        assert set(found) == allowed[node.host.name], node.host.name
        assert count > 20 or node.host.name in ("driver", "outsider"), "nothing was searched"


def administrator(cluster: Cluster) -> Find:
    path = cluster.head.folder() / "store" / "admin.secret"
    return Find("store's administrator", f"~/{path.relative_to(cluster.head.host.home)}")


def test_files_with_a_secret_are_for_their_owner_alone(used: Cluster, secrets: Secrets) -> None:
    for node in used.nodes:
        for find in search_files(node, secrets)[0]:
            path = node.host.home / find.place.removeprefix("~/")
            assert path.stat().st_mode & 0o077 == 0, path
            assert path.parent.stat().st_mode & 0o077 == 0, path.parent


def test_nothing_that_was_printed_holds_a_secret(used: Cluster, secrets: Secrets) -> None:
    said = used.said()
    assert "The cluster is up and closed" in said
    assert "RAY_AUTH_MODE=token" in said
    assert list(search(said.encode(), secrets, "output")) == []


def test_ps_shows_the_password_for_an_instant_only(cluster: Cluster, secrets: Secrets) -> None:
    """The first command line is the shell's doing; the process that shows it soon shows another one."""
    first = [sight for sight in cluster.seen if list(search(sight.argv.encode(), secrets, ""))]
    for sight in first:
        assert list(search(sight.argv.encode(), secrets, "")) == [Find("legacy password", "")]
        assert sight.argv.split()[1:3] == [str(cluster.head.program), "start"]
        assert sight.last - sight.first < FOR_AN_INSTANT
        later = [one.argv for one in cluster.seen if one.pid == sight.pid and one.first > sight.last]
        assert any("--redis-password=***" in argv for argv in later)
    assert any("--redis-password=***" in sight.argv for sight in cluster.seen)
    assert any("gcs_server" in sight.argv for sight in cluster.seen)


def test_join_shows_an_eavesdropper_neither_password_nor_token(cluster: Cluster, tmp_path: Path) -> None:
    late = new_node(cluster.network, "late", cluster.head.program)
    words = ("token", "fetch", "--address=head:6379", "--redis-password=-", "--path", str(tmp_path / "auth_token"))
    with late.host.capture() as packets:
        late.shim(*words, stdin=cluster.password + "\n")
    assert (tmp_path / "auth_token").read_text().strip() == cluster.token
    assert b"AUTH" in packets, "the join was seen"
    assert any(target == JOIN for _, _, _, target in packets.streams())
    hidden = {"legacy password": Secret(cluster.password), "token": Secret(cluster.token)}
    heard = [bytes(packets), *packets.streams().values()]
    assert [find for text in heard for find in search(text, hidden, "the wire")] == []


def test_eavesdropper_does_see_the_token_that_ray_itself_sends(cluster: Cluster) -> None:
    """The control, and the reason why an untrusted network needs TLS or a tunnel."""
    with cluster.driver.host.capture() as packets, cluster.driver.host.inside():
        http.request(cluster.head.address, DASHBOARD, "/api/version", token=Secret(cluster.token))
    assert cluster.token.encode() in packets
