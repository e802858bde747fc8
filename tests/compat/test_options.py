"""The table of legacy spellings."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from compat.options import OPTIONS, Effect, LegacyOption, Product, look_up
from compat.ray_start import CHECKED, KNOWN, NEWEST
from compat.version import Version

every_option = pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.id)
ACCEPTED = {Effect.PROTECTED, Effect.LIVE, Effect.IGNORED, Effect.OPEN}


def ids(text: str) -> list[str]:
    return [option.id for option in look_up(text)]


def test_ids_are_unique_and_kebab_case() -> None:
    names = [option.id for option in OPTIONS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


@every_option
def test_eras_cover_the_life_of_a_spelling_without_gap(option: LegacyOption) -> None:
    first, last = option.eras[0], option.eras[-1]
    if first.since is not None:
        assert first.since == option.since
    assert last.until is None
    for before, after in pairwise(option.eras):
        assert before.until is not None
        assert after.since is not None
        assert before.since is None or before.since <= before.until
        assert before.until < after.since
        if option.of is Product.RAY:
            assert CHECKED.index(after.since) == CHECKED.index(before.until) + 1


@every_option
def test_what_is_gone_is_refused_and_what_is_known_is_not(option: LegacyOption) -> None:
    if option.until is not None:
        after = option.eras[-1]
        assert after.effect in {Effect.REFUSED, Effect.NOT_READ, Effect.MISLEADING}
        assert after.since is not None
        assert after.since > option.until
    elif option.since is not None:
        assert option.eras[-1].effect not in {Effect.REFUSED, Effect.NOT_READ}


@every_option
def test_entry_says_what_to_write_today_and_where_it_was_found(option: LegacyOption) -> None:
    assert option.modern
    assert option.sources
    assert option.names
    assert all(era.what for era in option.eras)


@every_option
def test_entry_is_found_by_its_id_and_its_spelling(option: LegacyOption) -> None:
    assert look_up(option.id) == [option]
    assert option in look_up(option.spelling)


@pytest.mark.parametrize(
    "option", [one for one in OPTIONS if one.command == "ray start" and one.since], ids=lambda option: option.id
)
def test_start_option_agrees_with_the_table_of_ray_start(option: LegacyOption) -> None:
    known = KNOWN[option.names[0]]
    assert (option.since, option.until) == (known.since, known.until)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ray start --head --redis-password=x", ["start-redis-password"]),
        ("ray start --head --address=h:1", ["start-address-with-head"]),
        ("ray start --address h:1", ["start-address"]),
        ("ray status --redis_password x", ["status-redis-password"]),
        ("ray stop --redis-password x", ["stop-password"]),
        ("ray.init(address='auto', _redis_password='x')", ["init-redis-password-hidden", "init-address"]),
        ("ray.init('ray://head:8265')", ["client-dashboard-port"]),
        ("RAY_AUTH_MODE=k8s", ["env-ray-auth-mode-k8s"]),
        ("RAY_auth_mode", ["env-ray-auth-mode-lower-case"]),
        ("export RAY_TOKEN=$(openssl rand -hex 32)", ["env-ray-token"]),
        ("export RAY_ADDRESS='127.0.0.1:8265'", ["env-ray-address-dashboard"]),
        ("the GCS binds to localhost by default", ["gcs-localhost"]),
        ("java -Dray.redis.password=x", ["java-redis-password"]),
        ("ray.io/ft-enabled: 'true'", ["kuberay-ft-enabled"]),
        ("nothing of the kind", []),
    ],
)
def test_entry_is_found_in_what_people_paste(text: str, found: list[str]) -> None:
    assert sorted(ids(text)) == sorted(found)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("--redis-pasword", "start-redis-password"),
        ("redis_pasword=", "init-redis-password"),
        ("RAY_AUTH_TOKN", "env-ray-auth-token"),
        ("--adress", "start-address"),
    ],
)
def test_misspelt_name_finds_the_nearest(text: str, first: str) -> None:
    assert ids(text)[0] == first


def test_redis_password_guarded_until_ray_stopped_starting_redis() -> None:
    (option,) = look_up("start-redis-password")
    effects = {str(version): era.effect for version in CHECKED if (era := option.era_at(version))}
    assert "0.5.3" not in effects
    assert effects["1.10.0"] is Effect.PROTECTED
    assert effects["1.11.0"] is Effect.IGNORED
    assert effects[str(NEWEST)] is Effect.IGNORED
    assert option.era_at(Version.parse("2.99.0rc1")) == option.eras[-1]


@pytest.mark.parametrize(
    ("id_", "ray", "effect"),
    [
        ("start-redis-password", "1.11.0rc0", Effect.IGNORED),
        ("start-address-with-head", "1.4.1", Effect.REFUSED),
        ("start-address-with-head", "2.60.0", Effect.LIVE),
        ("start-gcs-server-port", "2.47.1", Effect.IGNORED),
        ("start-gcs-server-port", "2.48.0", Effect.REFUSED),
        ("status-redis-password", "2.40.0", Effect.IGNORED),
        ("status-redis-password", "2.41.0", Effect.REFUSED),
        ("init-redis-password", "0.8.7", Effect.PROTECTED),
        ("init-redis-password", "1.4.1", Effect.REFUSED),
        ("init-redis-password-hidden", "1.10.0", Effect.PROTECTED),
        ("init-redis-password-hidden", "2.60.0", Effect.IGNORED),
        ("env-ray-auth-mode-k8s", "2.53.0", Effect.PROTECTED),
        ("env-ray-auth-mode-k8s", "2.54.0", Effect.MISLEADING),
        ("env-ray-auth-mode-lower-case", "2.60.0", Effect.NOT_READ),
        ("env-ray-redis-address", "2.60.0", Effect.LIVE),
    ],
)
def test_era_is_what_was_seen(id_: str, ray: str, effect: Effect) -> None:
    (option,) = look_up(id_)
    era = option.era_at(Version.parse(ray))
    assert era is not None
    assert era.effect is effect
