"""What shim explain says, in the words that matter."""

from __future__ import annotations

import click
import pytest

from compat.version import Version
from shim.explain import Explanation, Kind, explain
from shim.report.explain import write

NOW = Version(2, 60, 0)


def tell(what: str | list[str], ray: str = "2.60.0", kind: Kind | None = None) -> tuple[Explanation, str]:
    found = explain(what, Version.parse(ray), kind)
    return found, click.unstyle("\n".join(write(found, 100)))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ray start --head --redis-password=x", Kind.COMMAND),
        ("$ ray status", Kind.COMMAND),
        ("RAY_AUTH_MODE=token /opt/venv/bin/ray start --head", Kind.COMMAND),
        ("export A='b c'; ray start --head \\\n  --port=1", Kind.COMMAND),
        ("--head --redis-password x", Kind.COMMAND),
        ("ray.init(redis_password='x')", Kind.CALL),
        ("ctx = ray.init('auto')", Kind.CALL),
        ("ray.client('h:1').connect()", Kind.CALL),
        ("RAY_TOKEN=abc", Kind.VARIABLE),
        ("export RAY_REDIS_PASSWORD", Kind.VARIABLE),
        ("--redis-port", Kind.OPTION),
        ("-Dray.redis.password=x", Kind.OPTION),
        ("rayStartParams.redis-password", Kind.OPTION),
        ("redis_password", Kind.OPTION),
        ("WRONGPASS invalid username-password pair", Kind.ERROR),
        ("RAY_AUTH_TOKEN_PATH is set but file cannot be opened or is empty: /x", Kind.ERROR),
        ("Traceback (most recent call last):\n  File \"a.py\", line 1\n    ray.init(redis_password='x')\n", Kind.ERROR),
        ("I do not know what this is", Kind.ERROR),
    ],
)
def test_the_kind_is_told_from_the_text(text: str, kind: Kind) -> None:
    assert explain(text, NOW).kind is kind


def test_a_legacy_head_protects_nothing_today_and_is_refused() -> None:
    found, text = tell("ray start --head --redis-password=x9 --redis-port=6379")
    assert found.verdict.startswith(
        "On Ray 2.60 this password protects nothing: anyone who reaches port 6379 can run code."
    )
    assert "Ray 2.60 refuses this line: it has no --redis-port." in found.verdict
    assert found.protects is False
    assert "shim start --head --redis-password=*** --redis-port=6379" in text
    assert "RAY_AUTH_MODE=token ray start --head --port=6379" in text
    assert "1.0 - 1.10     PROTECTED" in text
    assert "> 2.3 -          ignored" in text
    assert "https://github.com/ray-project/ray/issues/48226" in text


def test_the_same_head_was_guarded_in_its_day() -> None:
    found, text = tell("ray start --head --redis-password=x9 --port=6380", "1.9.2")
    assert "On Ray 1.9.2 this password guards the cluster's Redis (port 6380) and nothing else" in found.verdict
    assert found.protects is True
    assert "What to write now (Ray 2.60)" in text
    assert "Ray 1.9.2 has no tokens: upgrade to 2.54 or later." in text.replace("\n    ", " ")


@pytest.mark.parametrize(
    "line",
    [
        "ray start --head --address=10.0.0.5:6379 --redis-password=x9",
        "RAY_REDIS_ADDRESS=10.0.0.5:6379 ray start --head --redis-password=x9",
    ],
)
def test_a_password_of_an_external_redis_is_live_and_stays(line: str) -> None:
    found, text = tell(line)
    assert "Here the password is live: it opens the external Redis at 10.0.0.5:6379." in found.verdict
    assert found.protects is False  # the Redis, not the cluster
    assert "RAY_REDIS_ADDRESS=10.0.0.5:6379 RAY_AUTH_MODE=token ray start --head --redis-password=***" in text


def test_a_worker_with_an_address_joins_and_its_password_is_dead() -> None:
    found, text = tell("ray start --address=head:6380 --redis-password=x9")
    assert "anyone who reaches port 6380" in found.verdict
    assert "shim token fetch --address=head:6380" in text
    assert "RAY_AUTH_MODE=token ray start --address=head:6380" in text


def test_a_call_is_translated_and_what_cannot_be_known_is_said() -> None:
    found, text = tell('ray.init(redis_address="1.2.3.4:6379", redis_password="x9", num_cpus=n, **cfg)')
    assert "Ray 2.60 refuses this call: it has no redis_password or redis_address." in found.verdict
    assert "ray.init(address='1.2.3.4:6379', num_cpus=n, **cfg)" in text
    assert "**cfg may hold more arguments" in text


def test_a_password_from_an_expression_is_not_called_literal() -> None:
    found, text = tell("ray.init(address='auto', _redis_password=os.environ['PW'])")
    assert "protects nothing" in found.verdict
    assert "written out" not in text


def test_the_same_name_elsewhere_is_listed() -> None:
    found, text = tell("redis_password")
    assert "On Ray 2.60 this password protects nothing" in found.verdict
    assert "ray start --redis-password" in text
    assert "-Dray.redis.password" in text


def test_a_misspelt_mode_means_off() -> None:
    found, _ = tell("RAY_AUTH_MODE=tokn")
    assert found.verdict.startswith("On Ray 2.60 RAY_AUTH_MODE=tokn is no mode, and means off: the cluster is open")
    assert found.protects is False


def test_a_variable_that_nothing_reads() -> None:
    found, text = tell("RAY_TOKEN=abc")
    assert found.verdict == "Setting RAY_TOKEN changes nothing: No Ray reads it."
    assert "RAY_AUTH_TOKEN_PATH, or RAY_AUTH_TOKEN" in text


def test_a_famous_password_is_called_so() -> None:
    _, text = tell("ray start --head --redis-password=5241590000000000")
    assert "everybody knows it" in text


def test_a_traceback_is_answered_with_cause_and_fix() -> None:
    found, text = tell(
        "Traceback (most recent call last):\n"
        '  File "train.py", line 3, in <module>\n    ray.init(redis_password="x9")\n'
        "RuntimeError: Unknown keyword argument(s): redis_password\n"
    )
    assert [cure.found.message.id for cure in found.cures] == ["init-redis-password-unknown"]
    assert "line 4, said by ray.init, Ray 1.5 -" in text
    assert "What to do" in text
    assert "shim run SCRIPT" in text


def test_an_error_of_another_release_is_said_to_be_one() -> None:
    _, text = tell("TypeError: init() got an unexpected keyword argument 'redis_password'")
    assert "not seen in Ray 2.60" in text


def test_an_option_that_is_refused_comes_with_its_story() -> None:
    _, text = tell("Error: No such option: --redis-max-memory")
    assert "Leave --redis-max-memory out." in text
    assert "> 2.44 -        refused" in text


@pytest.mark.parametrize("what", ["redis_pasword", "ray start --head --redis-pasword x9"])
def test_a_misspelling_is_not_known_and_the_nearest_is_named(what: str) -> None:
    found, text = tell(what)
    assert not found.known
    assert "Did you mean" in text
    assert "redis-password" in text


def test_words_and_text_are_explained_alike() -> None:
    words = ["ray", "start", "--head", "--redis-password", "two words"]
    assert explain(words, NOW) == explain("ray start --head --redis-password 'two words'", NOW)


def test_a_kind_can_be_forced() -> None:
    assert explain("ray status", NOW, Kind.ERROR).kind is Kind.ERROR
    assert not explain("not python (", NOW, Kind.CALL).known


@pytest.mark.parametrize("width", [60, 80, 100])
def test_all_but_what_is_to_be_copied_fits_the_screen(width: int) -> None:
    found = explain("ray start --head --redis-password=x9 --redis-port=6379 --redis-max-memory=5", NOW)
    copied = ("    shim", "    RAY_", "  https://")
    lines = [line for line in map(click.unstyle, write(found, width)) if not line.startswith(copied)]
    assert max(map(len, lines)) <= width


def test_the_gap_of_2_52_is_named() -> None:
    _, text = tell("RAY_AUTH_MODE=token ray start --head", "2.52.1")
    assert "52365" in text
