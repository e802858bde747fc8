"""Which options and arguments each release knows, and what it says to the others."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from compat import ray_init, ray_start
from compat.options import OPTIONS, Effect, LegacyOption, Where

if TYPE_CHECKING:
    from compat.releases import Release
    from compat.version import Version
    from tests.releases.machine import Machine

NOT_KNOWN = 2  # click's exit code for every command line that it does not understand
REFUSAL = re.compile(r"Error: [Nn]o such (?P<what>option|command):? '?(?P<name>[\w-]+)")
REAL_OPTION = re.compile(r"--[\w-]+")


def on_command_lines() -> list[LegacyOption]:
    """Return the entries of options of `ray` commands."""
    return [one for one in OPTIONS if one.where is Where.CLI and one.command and REAL_OPTION.match(one.names[0])]


@pytest.fixture(scope="module")
def seen(legacy_head: Machine, ray: Version) -> dict[str, Any]:
    """Let the release say what it takes."""
    asked = [[*one.command.split()[1:], f"{one.names[0]}=1"] for one in on_command_lines()]
    [answer] = legacy_head.look("options", json.dumps(asked))
    return answer


def test_ray_start_has_exactly_the_options_of_the_table(seen: dict[str, Any], ray: Version) -> None:
    hidden = {
        one.name: bool(one.hidden and one.hidden[0] <= ray <= one.hidden[1])
        for one in ray_start.OPTIONS
        if one.known_to(ray)
    }
    assert seen["start"] == hidden


def test_ray_init_has_exactly_the_arguments_of_the_table(seen: dict[str, Any], ray: Version) -> None:
    known = {one.name for one in ray_init.ARGUMENTS if one.since <= ray and (one.until is None or ray <= one.until)}
    assert set(seen["init"]) == known


def test_redis_username_is_an_option_where_the_table_says_so(seen: dict[str, Any], said: Release) -> None:
    assert ("--redis-username" in seen["start"]) is said.redis_username
    assert ("_redis_username" in seen["init"]) is said.redis_username


def test_commands_refuse_exactly_what_the_table_says_they_do_not_know(seen: dict[str, Any], ray: Version) -> None:
    wrong = []
    for option, (code, message) in zip(on_command_lines(), seen["parsed"], strict=True):
        era = option.era_at(ray)
        known = option.since is not None and option.since <= ray and (option.until is None or ray <= option.until)
        known = known or (era is not None and era.effect is Effect.NOT_READ)  # it is handed on to a script
        refusal = REFUSAL.match(message)
        if known is (refusal is not None and code == NOT_KNOWN):
            wrong.append(f"{option.id}: {code} {message}")
        elif era and refusal and "Error: " in era.what and not re.search(told(refusal), era.what):
            wrong.append(f"{option.id}: {era.what}, but: {message}")
    assert wrong == []


def told(refusal: re.Match[str]) -> str:
    """Write click's refusal as any of its releases does: the table has one of the forms."""
    return rf"(?i)no such {refusal['what']}:? '?{re.escape(refusal['name'])}'?(?![\w-])"


def test_ray_init_answers_what_the_table_says(legacy_head: Machine, ray: Version) -> None:
    refusals = {}
    for option in OPTIONS:
        era = option.era_at(ray)
        if (
            option.command == "ray.init"
            and era
            and era.effect is Effect.REFUSED
            and option.id != "system-config-auth-mode"
        ):
            refusals[option.names[0]] = era.what
    answers = legacy_head.look("refused", legacy_head.address, *refusals)
    assert [answer["name"] for answer in answers] == [*refusals]
    assert [answer for answer in answers if not refusals[answer["name"]].startswith(answer["error"] or "?")] == []
