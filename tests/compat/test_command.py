"""The translation of legacy ray commands other than ray start."""

from __future__ import annotations

import pytest

from compat.command import Command, Given, translate_command
from compat.errors import LegacyError
from compat.version import Version

RAY = Version(2, 60, 0)


def translate(line: str) -> Command:
    return translate_command(line.split(), RAY)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--help",
        "--logging-level debug status -v --address=h:1",
        "status",
        "stop --force -g 5",
        "memory --units MB",
        "submit c.yaml train.py --redis_password=pw-1",
        "submit c.yaml train.py -- --redis-password pw-1",
        "exec c.yaml ray_start",
        "job submit --address http://h:8265 -- python x.py --redis_pasword=pw-1",
        "get-auth-token --generate",
        "a-command-of-tomorrow --redis-password=pw-1",
    ],
)
def test_what_is_modern_or_not_rays_is_untouched(line: str) -> None:
    assert translate(line).ray_args == tuple(line.split())
    assert translate(line).notes == ()


@pytest.mark.parametrize("command", ["memory", "status", "health-check"])
@pytest.mark.parametrize("option", ["--redis_password=pw-1", "--redis_password pw-1", "--redis-password=pw-1"])
def test_password_is_taken_out(command: str, option: str) -> None:
    translated = translate(f"{command} {option} --address h:1")
    assert translated.ray_args == (command, "--address", "h:1")
    assert translated.passwords == (Given(option.replace("=", " ").split()[0], "pw-1"),)
    assert [note.id for note in translated.notes] == [f"command-{command}-redis-password"]
    assert "pw-1" not in repr(translated)


def test_password_that_a_command_never_took_is_taken_out_too() -> None:
    translated = translate("timeline --redis-password=pw-1")
    assert translated.ray_args == ("timeline",)
    assert str(translated.notes[0]) == "--redis-password was dropped (no Ray has it in `ray timeline`)"


def test_redis_address_of_timeline_becomes_address() -> None:
    assert translate("timeline --redis-address h:1").ray_args == ("timeline", "--address", "h:1")


@pytest.mark.parametrize(
    ("old", "new"), [("teardown", "down"), ("create_or_update", "up"), ("exec_cmd", "exec"), ("globalgc", "global-gc")]
)
def test_renamed_command_gets_its_new_name(old: str, new: str) -> None:
    assert translate(f"{old} c.yaml -y").ray_args == (new, "c.yaml", "-y")


def test_passwords_that_disagree_are_refused_without_showing_them() -> None:
    with pytest.raises(LegacyError, match="different passwords") as caught:
        translate("status --redis_password=pw-1 --redis-password=pw-2")
    assert "pw-" not in caught.value.what


def test_misspelt_password_option_gets_did_you_mean() -> None:
    with pytest.raises(LegacyError) as caught:
        translate("status --redis_pasword=pw-1")
    assert caught.value.fix == "Did you mean --redis_password?"
    assert "pw-1" not in caught.value.what


def test_missing_value_names_the_option() -> None:
    with pytest.raises(LegacyError, match="--redis_password has no value"):
        translate("memory --redis_password")


def test_start_has_a_translator_of_its_own() -> None:
    with pytest.raises(ValueError, match="translate_start"):
        translate("start --head")
