"""What each module of the project imports, read from its source without running it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    When: TypeAlias = Literal["at once", "in a call", "for types"]

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"(shim|compat)(\.\w+)*$")


@dataclass(frozen=True)
class Import:
    """One import: the module that holds it, its line, the module it names, and when it is carried out."""

    importer: str
    line: int
    module: str
    when: When = "at once"

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.module}"


def modules() -> dict[str, Path]:
    """Return every module of the project by its dotted name; a package by the name of its folder."""
    found = {}
    for path in sorted([*(ROOT / "shim").rglob("*.py"), *(ROOT / "compat").rglob("*.py")]):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[dotted.removesuffix(".__init__")] = path
    return found


def imports_of(name: str, path: Path) -> list[Import]:
    """Return all imports of a module, those inside functions and ``import_module("...")`` included."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = []
    for node, when in _walk(ast.parse(path.read_bytes()), "at once"):
        found += [Import(name, node.lineno, module, when) for module in _named(node, package)]
    return found


def _walk(tree: ast.AST, when: When) -> Iterator[tuple[ast.stmt | ast.expr, When]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt | ast.expr):
            yield node, when
        inner = when
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = "in a call"
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            inner = "for types"
        yield from _walk(node, inner)


def _named(node: ast.stmt | ast.expr, package: str) -> list[str]:
    """Return the modules that one node imports; ``from shim import process`` names shim.process."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        source = ".".join([*above, *(node.module or "").split(".")]).strip(".")
        known = modules() if source.split(".")[0] in ("shim", "compat") else {}
        return [f"{source}.{alias.name}" if f"{source}.{alias.name}" in known else source for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        return [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return []


def layers(page: str) -> dict[str, int]:
    """Read the first block of docs/architecture.md: each unit's height, 0 at the bottom."""
    block = page.split("```")[1].strip().splitlines()
    return {unit: height for height, line in enumerate(reversed(block)) for unit in _leading(line.split())}


def _leading(words: list[str]) -> list[str]:
    """Return the module names that a line starts with."""
    count = next((at for at, word in enumerate(words) if not NAME.match(word)), len(words))
    return words[:count]


def unit(module: str) -> str:
    """Return the part of the project a module belongs to: compat, or shim and the next name."""
    parts = module.split(".")
    if module == "shim.__main__":
        return "shim.cli"  # `python -m shim`
    return "compat" if parts[0] == "compat" else ".".join(parts[:2])
