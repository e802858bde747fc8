"""The Ray to use is found with the Python that it runs in, whatever wrote its script."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shim.cluster.ray import find
from shim.errors import ShimError

SCRIPTS = {
    "pip": "#!{python}\nimport sys\n",
    "pip with options": "#!{python} -E\n",
    "pip and a long path": "#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''\nimport sys\n",
    "uv and a path with a space": "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n",
    "uv of 2026 and a path with a space": "#!/bin/sh\n'''exec' '{python}' \"$0\" \"$@\"\n' '''\n",
    "env": "#!/usr/bin/env python3\n",
    "env -S": "#!/usr/bin/env -S python3\n",
}


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Make a Python that knows only the version of its Ray."""
    path = tmp_path / "python3"
    path.write_text('#!/bin/sh\n[ "$1" = -c ] && echo 2.55.1\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_every_installers_script_is_read(
    script: str, python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program = tmp_path / "ray"
    program.write_text(script.format(python=python))
    program.chmod(0o755)
    found = find(str(program), {})
    assert (found.program, found.python, str(found.version)) == (program, python, "2.55.1")


def test_a_wrapper_is_refused(tmp_path: Path) -> None:
    """Its Python cannot be known, and shim must start Ray itself to keep the store's password out of argv."""
    program = tmp_path / "ray"
    for content in (b'#!/bin/sh\nexec docker run ray "$@"\n', b"\x7fELF\x02\x01\x01\0\xff\xfe", b""):
        program.write_bytes(content)
        program.chmod(0o755)
        with pytest.raises(ShimError, match="is not Ray's own program but a wrapper") as caught:
            find(str(program), {})
        assert "--ray-bin" in caught.value.fix


def test_the_one_beside_this_python_comes_before_path(ray_bin: Path, tmp_path: Path, python: Path) -> None:
    other = tmp_path / "ray"
    other.write_text(f"#!{python}\n")
    other.chmod(0o755)
    assert find(None, {"PATH": str(tmp_path)}).program == Path(sys.executable).parent / "ray"
    assert find(str(other), {}).program == other
    assert find("ray", {"PATH": str(tmp_path)}).program == other  # a name is looked up where the person would


def test_path_is_searched_when_there_is_none_beside(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    with pytest.raises(ShimError, match="No Ray is installed") as caught:
        find(None, {"PATH": "/nowhere"})
    assert "pip install 'ray[default]" in caught.value.fix
    other = tmp_path / "ray"
    other.write_text(f"#!{python}\n")
    other.chmod(0o755)
    assert find(None, {"PATH": str(tmp_path)}).program == other


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ShimError, match=f"There is no program {tmp_path}/none"):
        find(str(tmp_path / "none"), {})


@pytest.mark.parametrize("said", ["exit 1", "echo", "echo two 3.10.4", "echo 1 2 3"])
def test_a_python_without_ray_is_named(said: str, python: Path, tmp_path: Path) -> None:
    python.write_text(f"#!/bin/sh\n{said}\n")
    program = tmp_path / "ray"
    program.write_text(f"#!{python}\n")
    program.chmod(0o755)
    with pytest.raises(ShimError, match=f"{python}, which runs {program}, has no Ray"):
        find(str(program), {})


def test_a_python_that_is_gone_is_named(tmp_path: Path) -> None:
    """A virtual environment whose Python was upgraded away."""
    program = tmp_path / "ray"
    program.write_text(f"#!{tmp_path}/gone/python3\n")
    program.chmod(0o755)
    with pytest.raises(ShimError, match="gone/python3 cannot be run"):
        find(str(program), {})
