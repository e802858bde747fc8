"""The table of `ray start` options, against itself and against the Ray that is installed."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
from pathlib import Path

import pytest

from compat.argv import Takes
from compat.ray_start import CHECKED, KNOWN, NEWEST, OPTIONS, StartOption
from compat.start_changes import CHANGE_OF, CHANGES, Change
from compat.version import Version
from tests.real import need

LOGGING = {"--log-style", "--log-color", "-v", "--verbose"}  # added by a decorator of Ray's own


def test_releases_are_in_order() -> None:
    assert list(CHECKED) == sorted(set(CHECKED))
    assert Version(2, 60, 0) == NEWEST


def test_every_option_stands_once() -> None:
    assert len(KNOWN) == len(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_life_of_an_option_is_coherent(option: StartOption) -> None:
    last = option.until or NEWEST
    assert option.since in CHECKED
    assert last in CHECKED
    assert option.since <= last
    assert option.known_to(option.since)
    assert option.known_to(last)
    assert option.gone is None or not option.known_to(option.gone)
    if option.hidden:
        assert option.since <= option.hidden[0] <= option.hidden[1] <= last


@pytest.mark.parametrize("option", [one for one in OPTIONS if one.until], ids=lambda option: option.name)
def test_every_removed_option_has_a_change(option: StartOption) -> None:
    change = CHANGE_OF[option.name]
    assert option.gone is not None
    assert option.since < change.since <= option.gone


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.option)
def test_every_change_leads_to_an_option_of_the_newest_ray(change: Change) -> None:
    assert change.option in KNOWN
    assert not change.becomes or KNOWN[change.becomes].known_to(NEWEST)
    if KNOWN[change.option].takes is not Takes.VALUE:
        assert change.value is not None or not change.becomes


def test_table_agrees_with_the_installed_ray() -> None:
    spec = importlib.util.find_spec("ray")
    need(spec and spec.origin, "Ray beside these tests", "sh setup.sh --dev")
    assert spec and spec.origin  # noqa: PT018
    installed = Version.parse(importlib.metadata.version("ray"))
    real = read_options(Path(spec.origin).parent / "scripts" / "scripts.py")
    expected = {
        option.name: option.takes for option in OPTIONS if option.known_to(installed) and option.name not in LOGGING
    }
    assert real == expected


def read_options(scripts: Path) -> dict[str, Takes]:
    """Read the click decorators of `ray start`."""
    tree = ast.parse(scripts.read_text())
    start = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "start")
    found = {}
    for decorator in start.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "click.option":
            flag = any(word.arg == "is_flag" for word in decorator.keywords)
            found[ast.literal_eval(decorator.args[0])] = Takes.FLAG if flag else Takes.VALUE
    return found
