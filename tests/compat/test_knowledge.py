"""Releases, ports and servers."""

from __future__ import annotations

import pytest

from compat.errors import LegacyError
from compat.note import Note, Sure
from compat.ports import PORTS, Peer, ports
from compat.ray_start import CHECKED, KNOWN
from compat.releases import FIRST_TOKEN, FIRST_WHOLE, release
from compat.servers import Ability, Product, server, since
from compat.version import Version


def yes(version: str) -> set[str]:
    """Return the names of what a release has."""
    found = release(Version.parse(version))
    return {name for name, value in vars(found).items() if value is True}


@pytest.mark.parametrize(
    ("version", "has"),
    [
        ("0.5.3", {"redis_started"}),
        ("0.6.0", {"redis_started", "password_guards"}),
        ("1.10.0", {"redis_started", "password_guards"}),
        ("1.11.0", {"external_redis"}),
        ("2.41.0", {"external_redis", "redis_username"}),
        ("2.51.2", {"external_redis", "redis_username"}),
        ("2.52.1", {"external_redis", "redis_username", "token_auth", "get_auth_token_needs_mode", "k8s_tokens"}),
        ("2.53.0", {"external_redis", "redis_username", "token_auth", "k8s_tokens"}),
        ("2.54.0rc1", {"external_redis", "redis_username", "token_auth", "k8s_tokens", "agent_port_covered"}),
        (
            "2.60.0",
            {"external_redis", "redis_username", "token_auth", "k8s_tokens", "agent_port_covered", "auto_enable"},
        ),
    ],
)
def test_release_offers_what_was_seen(version: str, has: set[str]) -> None:
    assert yes(version) == has


def test_password_and_token_never_guard_at_once() -> None:
    for version in CHECKED:
        found = release(version)
        assert not (found.password_guards and found.token_auth)
        assert found.redis_started or not found.password_guards


def test_every_listener_of_a_release_has_one_row() -> None:
    for version in CHECKED:
        roles = [port.role for port in ports(version)]
        assert len(set(roles)) == len(roles)


def test_options_of_ports_are_options_of_ray_start() -> None:
    assert all(option in KNOWN for port in PORTS for option in port.option)


def test_port_6379_is_redis_until_1_10_and_the_gcs_after() -> None:
    assert {port.role for port in ports(Version(1, 10, 0)) if port.default == (6379, 6379)} == {"redis"}
    assert "gcs" in {port.role for port in ports(Version(1, 11, 0)) if port.default == (6379, 6379)}


def test_metrics_and_serve_are_open_by_design() -> None:
    open_roles = {port.role for port in ports(Version(2, 60, 0)) if not port.token_guarded}
    assert open_roles == {
        "metrics",
        "autoscaler-metrics",
        "dashboard-metrics",
        "serve-http",
        "serve-grpc",
        "external-redis",
    }


def test_agent_port_is_guarded_two_releases_later_than_the_others() -> None:
    (agent,) = (port for port in PORTS if port.role == "agent-http")
    assert agent.guarded_since == FIRST_WHOLE > FIRST_TOKEN
    assert Peer.OPERATOR in agent.reached_by


@pytest.mark.parametrize(
    ("product", "version", "can", "cannot"),
    [
        (Product.REDIS, Version(5, 0, 14), Ability.REQUIREPASS, Ability.ACL),
        (Product.REDIS, Version(6, 2, 14), Ability.ACL, Ability.SELECTORS),
        (Product.REDIS, Version(7, 0, 15), Ability.COMMAND_LOCKS, Ability.HIDES_DATA),
        (Product.VALKEY, Version(9, 1, 2), Ability.HIDES_DATA, None),
    ],
)
def test_server_can_what_was_seen(product: Product, version: Version, can: Ability, cannot: Ability | None) -> None:
    found = server(product, version)
    assert found.can(can)
    assert cannot is None or not found.can(cannot)


@pytest.mark.parametrize(
    ("product", "version", "dump"),
    [
        (Product.REDIS, Version(6, 2, 14), 9),
        (Product.REDIS, Version(7, 0, 15), 10),
        (Product.VALKEY, Version(9, 1, 2), 80),
        (Product.REDIS, Version(2, 8, 0), None),
    ],
)
def test_dump_version_is_what_was_seen(product: Product, version: Version, dump: int | None) -> None:
    assert server(product, version).dump_version == dump


def test_every_ability_has_a_first_version_somewhere() -> None:
    assert all(any(since(product, ability) for product in Product) for ability in Ability)


def test_note_is_one_line_for_a_person() -> None:
    renamed = Note("x", "--a=1", "--b=1", Version(1, 0, 0), Sure.CERTAIN, "removed --a")
    dropped = Note("x", "--a", "", None, Sure.LIKELY, "nobody uses it")
    assert str(renamed) == "--a=1 became --b=1 (Ray 1.0.0 removed --a)"
    assert str(dropped) == "--a was dropped (nobody uses it; check that this is what you meant)"


def test_error_needs_a_fix() -> None:
    with pytest.raises(TypeError):
        LegacyError("wrong")  # type: ignore[call-arg]
