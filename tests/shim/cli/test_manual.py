"""Every command is documented, alike everywhere it is named; the reference is what `--help` says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest

from shim.cli import manual
from shim.cli.lazy import LazyGroup
from shim.cli.quick import HELP
from tests.imports import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.shim.cli.conftest import Said

COMMANDS = dict(manual.commands())
PAGE = ROOT / "docs" / "cli.md"
every_command = pytest.mark.parametrize("name", COMMANDS)


def own_options(name: str) -> list[click.Option]:
    return [option for option in COMMANDS[name].command.params if isinstance(option, click.Option)]


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == manual.write(), "python -m shim.cli.manual > docs/cli.md"


def test_the_quick_help_is_clicks_own() -> None:
    assert HELP.read_text() == manual.write_quick(), "python -m shim.cli.manual quick > shim/cli/help.txt"


def test_all_commands_are_there() -> None:
    wanted = {"start", "stop", "status", "completion", "token show", "token path", "token generate", "token fetch"}
    wanted |= {"join open", "join close", "join status", "token", "join"}
    assert {f"shim {name}" for name in wanted} <= set(COMMANDS)


@every_command
def test_each_says_what_it_does(name: str) -> None:
    command = COMMANDS[name].command
    assert command.help
    first = command.help.strip().splitlines()[0]
    assert first[0].isupper()
    assert first.endswith((".", ":")) or "." in command.help


@every_command
def test_each_shows_an_example_that_names_it(name: str) -> None:
    epilog = COMMANDS[name].command.epilog or ""
    assert re.search(r"^\s*\x08\nExamples?\b.*:\n", epilog), "an epilog: \\b, Examples:, lines"
    assert f"  {name}" in epilog or f"({name}" in epilog


@every_command
def test_each_example_uses_options_that_exist(name: str) -> None:
    """`shim start` takes Ray's options too; the tables know which."""
    from compat.ray_start import TAKES
    from compat.start_credentials import CREDENTIALS

    for line in (COMMANDS[name].command.epilog or "").splitlines():
        for words in re.findall(r"(shim [a-z]+(?: [a-z]+)?)((?: +(?:-[\w-]+\S*|[A-Z]+))*)", line):
            called = next((each for each in (words[0], words[0].rpartition(" ")[0]) if each in COMMANDS), None)
            if called in (None, "shim ray", "shim run", "shim explain"):  # what Ray, or a script, takes
                continue
            known = {text for option in own_options(called) for text in (*option.opts, *option.secondary_opts)}
            more = {*TAKES, *CREDENTIALS} if called in ("shim start", "shim token fetch", "shim join open") else set()
            for option in re.findall(r"(?<!\S)(--?[\w-]+)", words[1]):
                assert option in known | more | {"-h", "--help"}, f"{called} has no {option}: {line}"


@every_command
def test_each_option_says_what_it_does(name: str) -> None:
    assert [option.opts for option in own_options(name) if not option.help] == []


@every_command
def test_each_has_help_by_both_names(name: str, shim: Callable[..., Said]) -> None:
    words = name.split()[1:]
    short = shim(*words, "-h")
    assert (short.code, short.err) == (0, "")
    assert short.out.startswith(f"Usage: {name} ")
    assert "Example" in short.out
    if name != "shim ray":  # there --help is Ray's own
        assert shim(*words, "--help") == short


@pytest.mark.parametrize("name", [name for name, context in COMMANDS.items() if isinstance(context.command, LazyGroup)])
def test_the_table_of_a_group_says_what_its_commands_say(name: str) -> None:
    """The line stands in the table, because reading it from the module would import every command."""
    group = COMMANDS[name].command
    assert isinstance(group, LazyGroup)
    assert group.commands_from
    for word, (_, line) in group.commands_from.items():
        found = COMMANDS[f"{name} {word}"].command
        assert found.short_help == line
        assert found.name in ("command", word)


@every_command
def test_each_short_help_is_one_line(name: str) -> None:
    line = COMMANDS[name].command.short_help or "top"
    assert "\n" not in line
    assert len(line) <= 70
    assert name == "shim" or line.endswith(".")


@every_command
def test_a_json_option_is_called_alike_everywhere(name: str) -> None:
    for option in own_options(name):
        if "--json" in option.opts:
            assert (option.name, option.is_flag, option.help) == ("as_json", True, "Print the result as JSON.")


def test_the_readme_and_the_docs_name_no_command_that_is_none() -> None:
    known = {name.split()[1] for name in COMMANDS if " " in name}
    planned = {"run", "explain", "store", "migrate", "firewall", "audit"}  # named in the design, built later
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for word in re.findall(r"(?m)(?:^|`|\$ )shim ([a-z]+)\b", page.read_text()):
            assert word in known | planned, f"{page.name}: shim {word}"
