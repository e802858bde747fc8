"""Our options are taken out of a legacy line; Ray's stay, in order, whatever their values look like."""

from __future__ import annotations

import click
import pytest

from compat.errors import LegacyError
from shim.cli.legacy import RAY_WORDS, LegacyCommand
from shim.cli.start import command


def split(*words: str) -> tuple[dict[str, object], list[str]]:
    """Return our options that were given, and Ray's words."""
    context = command.make_context("start", list(words), help_option_names=["-h", "--help"])
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    return given, context.meta[RAY_WORDS]


def test_an_old_line_is_rays_alone() -> None:
    line = ["--head", "--redis-port=6379", "--redis-password", "x y", "--num-cpus", "4", "--block", "-v"]
    assert split(*line) == ({}, line)


def test_ours_are_taken_from_anywhere_between() -> None:
    given, rays = split("--head", "--name", "tests", "--port=1", "--no-join", "--join-port=7", "--block", "--json")
    assert given == {"name": "tests", "no_join": True, "join_port": 7, "as_json": True}
    assert rays == ["--head", "--port=1", "--block"]


def test_a_value_of_rays_is_never_taken_for_an_option_of_ours() -> None:
    line = ["--head", "--resources", "--json", "--redis-password", "--dry-run", "--labels", "--name"]
    assert split(*line) == ({}, line)


def test_a_value_of_ours_is_never_taken_for_an_option_of_rays() -> None:
    assert split("--name", "--head", "--block") == ({"name": "--head"}, ["--block"])


def test_unknown_words_are_left_to_ray() -> None:
    line = ["--head", "--option-of-ray-3", "value", "--another=1"]
    assert split(*line) == ({}, line)


@pytest.mark.parametrize("words", [["--name"], ["--dry-run=yes"], ["--head", "--store"]])
def test_a_missing_or_needless_value_is_an_error(words: list[str]) -> None:
    with pytest.raises(LegacyError):
        split(*words)


def test_every_option_of_ours_is_known_to_the_splitter() -> None:
    assert isinstance(command, LegacyCommand)
    known = command.own_options()
    for option in command.params:
        assert isinstance(option, click.Option)
        for spelling in option.opts:
            assert known[spelling] is not option.is_flag
    assert known["-h"] is known["--help"] is False


def test_no_option_of_ours_has_a_name_of_rays() -> None:
    """It would never reach Ray."""
    from compat.ray_start import TAKES

    assert isinstance(command, LegacyCommand)
    assert set(command.own_options()) & set(TAKES) <= {"-h", "--help"}
