"""What holds for every ``ray start`` command line, whatever its mix, order and spelling of options."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from compat.argv import Takes
from compat.ray_start import NEWEST, OPTIONS, TAKES
from compat.start import Role, split_own, translate_start
from compat.start_changes import CHANGE_OF
from compat.version import Version

SECRET = "s3cr3t-Ünï $'\"cödé"
VALUES = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    ["two words", "a'b", 'a"b', "$HOME", "--odd", "-", "--", "ü", "{}", "6379", "=", "a=b"]
)
ROLE_OPTIONS = ("--head", "--address", "--redis-address")
LEGACY = set(CHANGE_OF) | {"--redis-password", "--redis-username"}


@st.composite
def option(draw: st.DrawFn, *, modern: bool = False, target: Version = NEWEST) -> list[str]:
    """One option as somebody may have typed it."""
    known = [one for one in OPTIONS if one.name not in ROLE_OPTIONS and not one.too_new_for(target)]
    if modern:
        known = [one for one in known if one.known_to(target) and one.name not in LEGACY]
    one = draw(st.sampled_from(known))
    if one.name == "--redis-password":
        return draw(
            st.sampled_from(
                [[one.name, SECRET], [f"{one.name}={SECRET}"], ["--redis_password", SECRET], [f"{one.name}="]]
            )
        )
    if one.takes in (Takes.FLAG, Takes.COUNT):
        return [one.name]
    value = draw(st.sampled_from(["true", "False"]) if one.takes is Takes.MAYBE else VALUES)
    # One value for both names of an option: disagreement is an error of its own.
    if one.name in ("--port", "--redis-port", "--dashboard-host", "--webui-host"):
        value = "6379"
    if one.name in ("--include-dashboard", "--include-webui"):
        value = "false"
    if one.name in ("--system-config", "--internal-config"):
        value = "{}"
    return draw(st.sampled_from([[one.name, value], [f"{one.name}={value}"]]))


ROLES = st.sampled_from([["--head"], ["--address=head:6379"], ["--address", "head:6379"], ["--redis-address=h:1"], []])


@st.composite
def command_line(draw: st.DrawFn, *, modern: bool = False, target: Version = NEWEST) -> list[str]:
    """Any options in any order."""
    groups = draw(st.lists(option(modern=modern, target=target), max_size=8))
    role = draw(ROLES)
    if modern:
        assume(role and role[0] != "--redis-address=h:1")
    return [word for group in draw(st.permutations([*groups, role])) for word in group]


def names(words: list[str]) -> set[str]:
    """Return the options of a command line, read independently of the code under test."""
    found, place = set(), 0
    while place < len(words):
        name, equals, _ = words[place].partition("=")
        found.add(name.replace("_", "-"))
        takes = TAKES[name.replace("_", "-")]
        place += 1
        if not equals and (takes is Takes.VALUE or (takes is Takes.MAYBE and words[place : place + 1] in BOOLS)):
            place += 1
    return found


BOOLS = (["true"], ["False"], ["false"])


@given(st.sampled_from([NEWEST, Version(2, 54, 0), Version(2, 44, 0), Version(1, 11, 0)]), st.data())
def test_translation_is_idempotent(target: Version, data: st.DataObject) -> None:
    once = translate_start(data.draw(command_line(target=target)), target)
    assume(not (once.role is Role.HEAD and once.external_redis))
    twice = translate_start(once.ray_args, target)
    assert (twice.ray_args, twice.notes, twice.passwords) == (once.ray_args, (), ())
    assert (twice.role, twice.values, twice.flags) == (once.role, once.values, once.flags)


@given(command_line(modern=True))
def test_what_is_modern_is_untouched(line: list[str]) -> None:
    command = translate_start(line, NEWEST)
    assume(not command.external_redis)
    assert command.ray_args == tuple(line)
    assert command.notes == ()


@given(command_line())
def test_nothing_is_lost(line: list[str]) -> None:
    command = translate_start(line, NEWEST)
    told = {note.was.partition("=")[0].partition(" ")[0].replace("_", "-") for note in command.notes}
    assert names(line) <= names(list(command.ray_args)) | told


@given(command_line())
def test_password_is_nowhere_in_the_result(line: list[str]) -> None:
    command = translate_start(line, NEWEST, {"RAY_REDIS_PASSWORD": SECRET})
    assert all(given.password == SECRET for given in command.passwords)
    assert SECRET not in repr(command) + str(command) + "".join(map(str, command.notes))
    assert not any(SECRET in word for word in command.ray_args)
    assert "redis-password" not in command.values


@given(command_line())
def test_what_is_kept_keeps_its_order(line: list[str]) -> None:
    kept = [word for word in translate_start(line, NEWEST).ray_args if word in line]
    rest = iter(line)
    assert all(word in rest for word in kept)


@given(
    command_line(),
    st.lists(st.sampled_from([["--store", "x"], ["--store=x"], ["--yes"]]), max_size=3),
    st.data(),
)
def test_own_options_are_split_off_wherever_they_stand(
    line: list[str], own: list[list[str]], data: st.DataObject
) -> None:
    groups = data.draw(st.permutations([*own, line]))
    words = [word for group in groups for word in group]
    ours, theirs = split_own(words, {"--store": True, "--yes": False})
    assert ours == [word for group in groups if group is not line for word in group]
    assert theirs == line
