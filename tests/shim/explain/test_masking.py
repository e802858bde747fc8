"""No secret of what is pasted comes out again."""

from __future__ import annotations

import ast
import json
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compat.messages import MESSAGES
from compat.version import Version
from shim.explain import Kind, explain
from shim.explain.masking import mask_call, mask_text, mask_words
from shim.report.explain import write
from shim.report.explain_record import record

NOW = Version(2, 60, 0)
SECRET = "Zq7vN0pe"
PLACES = [
    "ray start --head --redis-password={}",
    "ray start --head --redis-password {} --redis-port 1",
    "ray start --head --redis_password '{}'",
    "ray start --address=redis://joe:{}@h:6379 --head",
    "ray start --head --redis-pasword {}",
    "ray start --head --unknown {}",
    "ray start --head {}",
    "ray status --redis_password {} -v",
    "ray status --address h:6379 --redis-password={}",
    "ray submit c.yaml --redis-password {}",
    "ray job submit --address http://h -- python t.py --token {}",
    "PW={} ray start --head --redis-password=$PW",
    "RAY_REDIS_PASSWORD={} RAY_REDIS_ADDRESS=rediss://:{}@h ray start --head",
    "RAY_AUTH_TOKEN={} ray status",
    "--head --redis-password {}",
    "ray.init(redis_password='{}')",
    "ray.init(address='redis://u:{}@h:6379', _redis_password='{}', num_cpus=2)",
    "ray.init(runtime_env={{'env_vars': {{'RAY_AUTH_TOKEN': '{}'}}}})",
    "ray.init(redis_passwordd='{}')",
    "ray.init(_redis_password=f'{}' + x, **{{'redis_password': '{}'}})",
    "ray.util.connect('h:1', redis_password='{}')",
    "ray.client('h:1').connect(redis_password='{}')",
    "RAY_AUTH_TOKEN={}",
    "RAY_TOKEN={}",
    "REDIS_PASSWORD={}",
    "RAY_REDIS_ADDRESS=redis://u:{}@h:1",
    "-Dray.redis.password={}",
    "redis_password={}",
    "rayStartParams.redis-password={}",
    "WRONGPASS invalid username-password pair for {}",
    "redis.exceptions.ConnectionError: redis://u:{}@h:6379 NOAUTH",
    "RuntimeError: Unknown keyword argument(s): redis_password {}",
    "Error: No such option: --redis-password {}",
    "Authorization: Bearer {}\nForbidden: Invalid authentication token",
    "{}",
    "nothing known here, but {}",
]


def all_output(text: str, kind: Kind | None) -> str:
    found = explain(text, NOW, kind)
    return "\n".join([*write(found, 100), json.dumps(record(found)), repr(found)])


@pytest.mark.parametrize("place", PLACES[:-2])
def test_a_password_is_never_shown(place: str) -> None:
    assert SECRET not in all_output(place.replace("{}", SECRET).replace("{{", "{").replace("}}", "}"), None)


@pytest.mark.parametrize("kind", [Kind.COMMAND, Kind.ERROR])
@pytest.mark.parametrize("place", PLACES)
def test_nor_when_the_kind_is_forced(place: str, kind: Kind) -> None:
    assert SECRET not in all_output(place.replace("{}", SECRET).replace("{{", "{").replace("}}", "}"), kind)


@given(
    st.sampled_from(PLACES[:15]),
    st.text(string.ascii_letters + string.digits, min_size=6, max_size=40),
)
@example("ray start --head --redis-password {}", "--head0")
def test_nor_is_any_other(place: str, secret: str) -> None:
    text = place.replace("{}", f"~{secret}~")
    assert f"~{secret}~" not in all_output(text, None)


@given(st.text())
@example("ray start '")
@example("ray start --head --redis-password")
@example("ray.init(")
@example("ray.init(*a, **{**b})")
@example("ray.init(redis_password=None)")
@example("ray.init(redis_password=3)")
@example("\x00")
@example("RAY_AUTH_MODE=")
def test_any_text_is_explained(text: str) -> None:
    all_output(text, None)


@given(st.sampled_from(Kind), st.text(), st.sampled_from([row.samples[0] for row in MESSAGES]))
def test_any_text_is_explained_as_anything(kind: Kind, text: str, sample: str) -> None:
    all_output(text, kind)
    all_output(f"{text} {sample}", kind)


@given(
    st.lists(st.sampled_from(["--head", "--redis-password", "--port=1", "x", "--redis-password=a", "-v", "--", "'"]))
)
def test_any_words_are_explained(words: list[str]) -> None:
    found = explain(["ray", "start", *words], NOW)
    list(write(found, 80))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://joe:pw@h:1", "redis://***@h:1"),
        ("requirepass: abc", "requirepass: ***"),
        ('"token": "abc"', '"token": ***'),
        ("RAY_AUTH_TOKEN_PATH=/a/b", "RAY_AUTH_TOKEN_PATH=/a/b"),
        ("--port=6379", "--port=6379"),
        ("0123456789abcdef0123", "***"),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "***"),
    ],
)
def test_text_is_masked(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_what_is_harmless_stays_readable() -> None:
    words = ["--head", "--port=6379", "--num-cpus", "4", "--block"]
    assert mask_words(words) == words
    call = ast.parse("ray.init('auto', num_cpus=4, namespace='prod')").body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert mask_call(call.value) == "ray.init('auto', num_cpus=4, namespace='prod')"
