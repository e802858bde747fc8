"""A program named ``ray`` for old scripts: seen by every shell and script, private, and gone without a trace."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shim.cluster.ray import without_wrappers
from shim.errors import ShimError, UsageError
from shim.legacy.shellenv import install_wrapper, shell_kind, words_off, words_on
from tests import real
from tests.shim.legacy.stage import Stage, add_standin, set_stage, told

if TYPE_CHECKING:
    import subprocess

PASSWORD = "a5e0c7f2-legacy"
POSIX = ("sh", "bash", "zsh")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = set_stage(tmp_path)
    made.give_token()
    return made


def turn_on(stage: Stage) -> str:
    """Return the words that put the wrapper on PATH."""
    return f'eval "$({shlex.join(stage.shim)} shellenv --shell sh)"'


def turn_off(stage: Stage) -> str:
    return f'eval "$({shlex.join(stage.shim)} shellenv --shell sh --off)"'


def run_sh(stage: Stage, script: str, shell: str = "sh", **environ: str) -> subprocess.CompletedProcess[str]:
    done = stage.run(str(real.program(shell)), "-c", script, **environ)
    assert done.stderr == "" or "shim:" in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("shell", POSIX)
def test_scripts_run_by_a_shell_see_it(stage: Stage, shell: str) -> None:
    (stage.home / "job.sh").write_text('ray status --address="$1" --redis_password="$2"\n')
    done = run_sh(stage, f"{turn_on(stage)}; {real.program(shell)} job.sh h:1 {PASSWORD}", shell)
    seen = told(done)
    assert seen["argv"][1:] == ["status", "--address=h:1"]
    assert seen["environ"]["RAY_AUTH_TOKEN_PATH"] == str(stage.token)
    assert "shim: --redis_password became" in done.stderr


@pytest.mark.parametrize("shell", POSIX)
def test_off_leaves_path_exactly_as_it_was(stage: Stage, shell: str) -> None:
    path = f"/odd folder:{stage.ray.parent}:/usr/bin:/bin:/usr/bin::/it's $HOME:."
    script = f'{turn_on(stage)}; {turn_on(stage)}; {turn_off(stage)}; {turn_off(stage)}; printf "%s" "$PATH"'
    assert run_sh(stage, script, shell, PATH=path).stdout == path


def test_twice_on_is_once_on(stage: Stage) -> None:
    script = f'{turn_on(stage)}; one=$PATH; {turn_on(stage)}; [ "$one" = "$PATH" ] && echo same'
    assert run_sh(stage, script).stdout == "same\n"


def test_it_comes_first_again_when_something_got_before_it(stage: Stage, tmp_path: Path) -> None:
    other = add_standin(tmp_path / "other", "2.58.1").parent
    script = f'{turn_on(stage)}; PATH={other}:$PATH; {turn_on(stage)}; command -v ray; {turn_off(stage)}; echo "$PATH"'
    first, path = run_sh(stage, script).stdout.splitlines()
    assert "/shim/bin/" in first
    assert path == f"{other}:{stage.environ()['PATH']}"


def test_command_v_shows_which_ray_it_is(stage: Stage) -> None:
    on, off = run_sh(stage, f"{turn_on(stage)}; command -v ray; {turn_off(stage)}; command -v ray").stdout.splitlines()
    assert on.startswith(str(stage.home / ".local/state/shim/bin"))
    assert off == str(stage.ray)


@pytest.mark.parametrize("word", ["off", "no", "0", "false"])
def test_the_switch_runs_the_real_ray_untouched(stage: Stage, word: str) -> None:
    done = run_sh(stage, f"{turn_on(stage)}; SHIM_WRAPPER={word} ray status --redis_password=x 'a b' h:1 '' '*'")
    seen = told(done)
    assert seen["argv"][1:] == ["status", "--redis_password=x", "a b", "h:1", "", "*"]
    assert "RAY_AUTH_MODE" not in seen["environ"]


def test_the_switch_says_when_there_is_no_other_ray(stage: Stage) -> None:
    script = f"{turn_on(stage)}; SHIM_WRAPPER=off ray status"
    done = stage.run("sh", "-c", script, PATH="/usr/bin:/bin")
    assert done.returncode == 127
    assert "no other ray on PATH" in done.stderr


def test_a_ray_that_runs_ray_does_not_meet_the_wrapper(stage: Stage) -> None:
    done = run_sh(stage, f"{turn_on(stage)}; ray status ray")
    outer, inner = done.stdout.splitlines()
    assert '"RAY_AUTH_MODE": "token"' in inner
    assert str(stage.ray) in inner
    assert "/shim/bin/" not in inner
    assert outer != inner


def test_two_wrappers_on_path_do_not_run_each_other(stage: Stage, tmp_path: Path) -> None:
    second = tmp_path / "second"
    script = f"{turn_on(stage)}; export SHIM_STATE_DIR={second}; {turn_on(stage)}; ray status; SHIM_WRAPPER=off ray up"
    first_line, second_line = run_sh(stage, script).stdout.splitlines()
    assert '"status"]' in first_line
    assert '"up"]' in second_line


def test_a_link_to_the_wrapper_is_passed_over_too(stage: Stage, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    script = f'{turn_on(stage)}; ln -s "$(command -v ray)" {links}/ray; PATH={links}:$PATH; ray status'
    assert told(run_sh(stage, script))["argv"][1:] == ["status"]


def test_exit_code_and_standard_input_pass_through_the_wrapper(stage: Stage) -> None:
    assert run_sh(stage, f"{turn_on(stage)}; ray status exit-77").returncode == 77
    assert "hello\n" in run_sh(stage, f"{turn_on(stage)}; echo hello | ray status cat").stdout


def test_words_reach_ray_as_they_are(stage: Stage) -> None:
    words = ["a b", "", "$HOME", "*", "'", '"', "\\", "ü", "--"]
    done = run_sh(stage, f"{turn_on(stage)}; ray exec c.yaml {shlex.join(words)}")
    assert told(done)["argv"][3:] == words


@pytest.mark.parametrize("name", ["shim", "compat", "click"])
def test_modules_of_the_persons_own_do_not_stand_in_the_way(stage: Stage, name: str) -> None:
    theirs = stage.home / "lib"
    theirs.mkdir()
    for folder in (stage.home, theirs):
        (folder / f"{name}.py").write_text("raise SystemExit('theirs')")
    done = run_sh(stage, f"{turn_on(stage)}; PYTHONPATH={theirs} ray status")
    assert told(done)["environ"]["PYTHONPATH"] == str(theirs)


def test_a_shim_that_python_finds_by_pythonpath_alone_works(tmp_path: Path) -> None:
    stage = set_stage(tmp_path)
    stage.give_token()
    [pth] = stage.python.parents[1].glob("lib/python3*/site-packages/tests.pth")
    places = os.pathsep.join(pth.read_text().split("\n")).strip(os.pathsep)
    pth.unlink()
    assert told(run_sh(stage, f"export PYTHONPATH={places}; {turn_on(stage)}; ray status"))["argv"][1:] == ["status"]


@pytest.mark.parametrize("name", ["a b", "it's", 'say "hi"', "$HOME", "ü", "back\\slash", "(x)*"])
def test_state_folders_with_odd_names(stage: Stage, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    named = f"export SHIM_STATE_DIR={shlex.quote(str(folder))}"
    script = f'{named}; {turn_on(stage)}; ray status; {turn_off(stage)}; echo "$PATH"'
    line, path = run_sh(stage, script).stdout.splitlines()
    assert '"status"]' in line
    assert path == stage.environ()["PATH"]
    assert (folder / "bin").is_dir()


def test_a_colon_cannot_be_in_a_path(tmp_path: Path) -> None:
    with pytest.raises(ShimError, match="colon"):
        install_wrapper({"SHIM_STATE_DIR": str(tmp_path / "a:b")}, tmp_path)


def test_the_wrapper_is_private_and_holds_no_secret(stage: Stage) -> None:
    run_sh(stage, f"umask 000; {turn_on(stage)}", RAY_AUTH_TOKEN="the-token", RAY_REDIS_PASSWORD=PASSWORD)
    [wrapper] = (stage.home / ".local/state/shim/bin").glob("*/ray")
    for place in (wrapper, wrapper.parent, wrapper.parent.parent):
        assert place.stat().st_mode & 0o777 == 0o700
    assert "the-token" not in wrapper.read_text()
    assert PASSWORD not in wrapper.read_text()


def test_a_wrapper_that_others_could_have_changed_is_made_anew(tmp_path: Path) -> None:
    folder = install_wrapper({}, tmp_path)
    good = (folder / "ray").read_bytes()
    (folder / "ray").write_text("#!/bin/sh\necho theirs\n")
    (folder / "ray").chmod(0o777)
    folder.chmod(0o777)
    install_wrapper({}, tmp_path)
    assert (folder / "ray").read_bytes() == good
    assert ((folder / "ray").stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o700, 0o700)


def test_a_wrapper_that_others_can_write_is_made_private_again(tmp_path: Path) -> None:
    ray = install_wrapper({}, tmp_path) / "ray"
    ray.chmod(0o777)
    install_wrapper({}, tmp_path)
    assert ray.stat().st_mode & 0o777 == 0o700


def test_an_unchanged_wrapper_is_not_written_again(tmp_path: Path) -> None:
    ray = install_wrapper({}, tmp_path) / "ray"
    before = ray.stat()
    install_wrapper({}, tmp_path)
    assert (ray.stat().st_ino, ray.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_folder_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "state/bin").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ShimError, match="symbolic link"):
        install_wrapper({"SHIM_STATE_DIR": str(tmp_path / "state")}, tmp_path)


def test_the_wrappers_folder_is_not_taken_for_a_node(tmp_path: Path) -> None:
    from shim.state import known_nodes

    install_wrapper({}, tmp_path)
    assert known_nodes({}, tmp_path) == []


def test_when_shim_is_gone_the_wrapper_says_so(stage: Stage, tmp_path: Path) -> None:
    script = f"{turn_on(stage)}; mv {tmp_path}/shim {tmp_path}/gone; ray status"
    done = stage.run("sh", "-c", script)
    assert done.returncode == 127
    assert "shim is gone" in done.stderr
    assert "rm " in done.stderr


def test_off_works_when_the_wrapper_was_deleted(stage: Stage) -> None:
    script = f'{turn_on(stage)}; rm "$(command -v ray)"; {turn_off(stage)}; echo "$PATH"'
    assert run_sh(stage, script).stdout.strip() == stage.environ()["PATH"]


def test_start_does_not_take_the_wrapper_for_ray(tmp_path: Path) -> None:
    stage = set_stage(tmp_path, beside=True)
    (stage.python.parent / "ray").rename(tmp_path / "ray")
    done = stage.run("sh", "-c", f"{turn_on(stage)}; ray start --head --dry-run", PATH="/usr/bin:/bin")
    assert "No Ray is installed" in done.stderr


@pytest.mark.parametrize(
    ("named", "shell", "kind"),
    [(None, "/bin/bash", "sh"), (None, "/usr/bin/fish", "fish"), (None, "", "sh"), ("zsh", "/bin/tcsh", "sh"),
     ("fish", "/bin/sh", "fish")],
)  # fmt: skip
def test_the_shell_is_named_or_taken_from_the_environment(named: str | None, shell: str, kind: str) -> None:
    assert shell_kind(named, {"SHELL": shell}) == kind


def test_an_unknown_shell_is_an_error_with_the_names() -> None:
    with pytest.raises(UsageError) as caught:
        shell_kind(None, {"SHELL": "/bin/tcsh"})
    assert "bash, zsh, fish" in caught.value.fix


def test_nothing_but_the_words_is_on_standard_output(stage: Stage) -> None:
    done = stage.run(*stage.shim, "shellenv", SHELL="/bin/tcsh")
    assert (done.returncode, done.stdout) == (2, "")
    assert stage.run(*stage.shim, "shellenv", "--shell", "bash").stdout.count("\n") == 1


def test_words_for_fish() -> None:
    assert words_on("fish", Path("/a/it's")) == "test \"$PATH[1]\" = '/a/it\\'s'; or set -gx PATH '/a/it\\'s' $PATH"
    assert words_off("fish", "/x:/a:/b b", Path("/a")) == "set -gx PATH '/x' '/b b'"


@pytest.mark.parametrize("name", ["plain", "it's", "a b", "$HOME", "back\\slash"])
def test_fish(stage: Stage, tmp_path: Path, name: str) -> None:
    folder = shlex.quote(str(tmp_path / name))
    shim = shlex.join(stage.shim)
    (tmp_path / "try.fish").write_text(
        f"{shim} shellenv --shell fish | source\n{shim} shellenv --shell fish | source\nray status\n"
        f"{shim} shellenv --shell fish --off | source\nstring join : $PATH\n"
    )
    fish = str(real.program("fish"))
    done = stage.run("sh", "-c", f"export SHIM_STATE_DIR={folder}; exec {fish} {tmp_path}/try.fish")
    assert told(done)["argv"][1:] == ["status"]
    assert done.stdout.splitlines()[-1] == stage.environ()["PATH"]


def test_without_wrappers_keeps_everything_else(tmp_path: Path) -> None:
    folder = install_wrapper({}, tmp_path)
    assert without_wrappers(f"{folder}:/a:/a::.:{folder}") == "/a:/a::."
    assert without_wrappers("") == ""
    assert shutil.which("ray", path=str(folder)) == f"{folder}/ray"
    assert sys.executable in (folder / "ray").read_text()
