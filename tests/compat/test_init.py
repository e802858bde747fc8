"""The translation of legacy ray.init calls."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.errors import LegacyError
from compat.init import Given, InitCall, translate_connect, translate_init
from compat.ray_init import ARGUMENTS, KNOWN
from compat.ray_start import NEWEST
from compat.version import Version
from tests.real import need

RAY = Version(2, 60, 0)
SECRET = "s3cr3t-Ünï $'\"cödé"


def translate(**kwargs: Any) -> InitCall:
    return translate_init(kwargs, RAY)


def lines(call: InitCall) -> list[str]:
    return [str(note) for note in call.notes]


def test_modern_call_is_untouched() -> None:
    kwargs = {"address": "head:6379", "num_cpus": 2, "namespace": "x", "_temp_dir": "/tmp/r", "runtime_env": {}}
    call = translate_init(kwargs, RAY)
    assert call == InitCall(kwargs, (), None, ())


@pytest.mark.parametrize("name", ["redis_password", "_redis_password"])
def test_password_is_taken_out(name: str) -> None:
    call = translate(address="auto", **{name: "pw-1"})
    assert call.kwargs == {"address": "auto"}
    assert call.passwords == (Given(name, "pw-1"),)
    assert lines(call) == [f"{name}= became RAY_AUTH_MODE=token (Ray 1.11.0 stopped checking it)"]
    assert "pw-1" not in repr(call)


@pytest.mark.parametrize("nothing", [None, ""])
def test_empty_password_counts_as_not_given(nothing: object) -> None:
    call = translate(redis_password=nothing)
    assert (call.kwargs, call.passwords) == ({}, ())


def test_password_of_an_external_redis_stays() -> None:
    call = translate_init({"redis_password": "pw-1"}, RAY, {"RAY_REDIS_ADDRESS": "redis:6379"})
    assert call.kwargs == {"_redis_password": "pw-1"}
    assert call.external_redis == "redis:6379"
    assert "still checks it" in lines(call)[0]
    assert "pw-1" not in repr(call)


def test_external_redis_is_nothing_to_a_driver_that_joins() -> None:
    call = translate_init({"address": "h:1", "_redis_password": "p"}, RAY, {"RAY_REDIS_ADDRESS": "redis:6379"})
    assert (call.kwargs, call.external_redis) == ({"address": "h:1"}, None)


def test_passwords_that_disagree_are_refused_without_showing_them() -> None:
    with pytest.raises(LegacyError, match="redis_password and _redis_password") as caught:
        translate(redis_password="pw-1", _redis_password="pw-2")
    assert "pw-" not in caught.value.what + caught.value.fix


@pytest.mark.parametrize("value", [123456, b"pw-1", ["pw-1"]])
def test_password_of_a_wrong_type_is_refused(value: object) -> None:
    with pytest.raises(LegacyError, match="redis_password is of type") as caught:
        translate(redis_password=value)
    assert str(value) not in caught.value.what


def test_redis_address_becomes_address() -> None:
    call = translate(redis_address="head:6379", num_cpus=1)
    assert call.kwargs == {"address": "head:6379", "num_cpus": 1}
    assert lines(call) == ["redis_address= became address= (Ray 1.0.0 removed redis_address)"]


@pytest.mark.parametrize("order", [1, -1])
def test_old_name_fills_a_new_one_that_is_none(order: int) -> None:
    kwargs = dict(list({"address": None, "redis_address": "head:6379"}.items())[::order])
    assert translate_init(kwargs, RAY).kwargs == {"address": "head:6379"}


def test_two_names_that_disagree_are_refused() -> None:
    with pytest.raises(LegacyError, match="redis_address and address"):
        translate(redis_address="a:1", address="b:1")


def test_arguments_of_a_redis_that_ray_no_longer_starts_are_dropped() -> None:
    call = translate(
        redis_port=6379,
        num_redis_shards=2,
        redis_max_clients=9,
        redis_max_memory=1,
        _redis_max_memory=1,
        redis_protected_mode=True,
        _redis_username="",
    )
    assert call.kwargs == {}
    assert len(call.notes) == 7


def test_private_arguments_get_their_underscore() -> None:
    call = translate(temp_dir="/tmp/r", memory=1, node_ip_address="10.0.0.1", include_webui=False)
    assert call.kwargs == {
        "_temp_dir": "/tmp/r",
        "_memory": 1,
        "_node_ip_address": "10.0.0.1",
        "include_dashboard": False,
    }


def test_json_text_of_the_old_configuration_becomes_a_dict() -> None:
    assert translate(_internal_config='{"a": 1}').kwargs == {"_system_config": {"a": 1}}
    with pytest.raises(LegacyError, match="_internal_config is not JSON"):
        translate(_internal_config="{")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("redis_pasword", "redis_password"),
        ("adress", "address"),
        ("password", "redis_password"),
        ("num_cpu", "num_cpus"),
    ],
)
def test_misspelt_argument_gets_did_you_mean(name: str, meant: str) -> None:
    with pytest.raises(LegacyError) as caught:
        translate(**{name: "pw-1"})
    assert caught.value.fix == f"Did you mean {meant}?"
    assert "pw-1" not in caught.value.what


def test_unknown_argument_is_left_to_ray() -> None:
    assert translate(something_of_a_fork=1).kwargs == {"something_of_a_fork": 1}
    assert translate_init({"adress": 1}, Version(2, 61, 0)).kwargs == {"adress": 1}


def test_connect_gives_up_a_password_wherever_it_is() -> None:
    call = translate_connect({"conn_str": "h:10001", "ray_init_kwargs": {"_redis_password": SECRET, "x": 1}}, RAY)
    assert call.kwargs == {"conn_str": "h:10001", "ray_init_kwargs": {"x": 1}}
    assert call.passwords == (Given("_redis_password", SECRET),)
    with pytest.raises(LegacyError, match="different passwords"):
        translate_connect({"redis_password": "a", "ray_init_kwargs": {"_redis_password": "b"}}, RAY)


VALUES = st.none() | st.integers() | st.text() | st.booleans()
CALLS = st.dictionaries(
    st.sampled_from([one.name for one in ARGUMENTS if "password" not in one.name and "config" not in one.name]),
    st.just("same"),
) | st.dictionaries(
    st.sampled_from([one.name for one in ARGUMENTS if not one.becomes and "password" not in one.name]), VALUES
)


@given(CALLS, st.sampled_from([None, "redis_password", "_redis_password"]))
def test_translation_is_idempotent_and_loses_nothing(kwargs: dict[str, Any], name: str | None) -> None:
    given_kwargs = kwargs | ({name: SECRET} if name else {})
    once = translate_init(given_kwargs, RAY)
    twice = translate_init(once.kwargs, RAY)
    assert (twice.kwargs, twice.notes) == (once.kwargs, ())
    told = {note.was.rstrip("=") for note in once.notes}
    assert set(given_kwargs) <= set(once.kwargs) | told
    assert all(value == given_kwargs[key] for key, value in once.kwargs.items() if key in given_kwargs)
    assert SECRET not in repr(once) + "".join(lines(once)) + repr(once.kwargs)


def test_every_successor_is_an_argument_of_the_newest_ray() -> None:
    for argument in ARGUMENTS:
        assert not argument.becomes or KNOWN[argument.becomes].until is None
        assert argument.until is None or argument.changed is not None


def test_table_agrees_with_the_installed_ray() -> None:
    spec = importlib.util.find_spec("ray")
    need(spec and spec.origin, "Ray beside these tests", "sh setup.sh --dev")
    assert spec and spec.origin  # noqa: PT018
    if Version.parse(importlib.metadata.version("ray")) != NEWEST:
        pytest.skip(f"the table's newest Ray is {NEWEST}")
    tree = ast.parse((Path(spec.origin).parent / "_private" / "worker.py").read_text())
    init = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "init")
    real = {one.arg for one in init.args.args + init.args.kwonlyargs}
    for call in ast.walk(init):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "kwargs.pop":
            real.add(ast.literal_eval(call.args[0]))
    assert real == {argument.name for argument in ARGUMENTS if argument.until is None}
