"""Import this project's modules under names that are nobody's: ``_shim_hook`` and ``_shim_compat``.

A project may have a ``compat.py`` or a ``shim.py`` of its own; neither that nor ours gets into the other's way
(docs/decisions/names.md). The modules come from files, or, in a worker on a host without shim, as text.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Source = Union[str, "Mapping[str, str]"]
"""A package's folder, or the text of each of its modules by its last name (``""``: the package itself)."""


class TextLoader:
    """Loads a module whose source is at hand as text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def create_module(self, _spec: ModuleSpec) -> None:
        """Leave it to Python to make the module."""

    def exec_module(self, module: Any) -> None:
        """Run the module."""
        exec(compile(self.text, f"<{module.__name__}>", "exec"), module.__dict__)  # noqa: S102 - it is our own


class PrivateFinder:
    """Finds the private packages; asked last, since nobody else has these names."""

    def __init__(self, packages: Mapping[str, Source]) -> None:
        self.packages = dict(packages)

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: object = None) -> ModuleSpec | None:
        """Return where a private module is; None for every other name."""
        source = self.packages.get(name.partition(".")[0])
        if source is None:
            return None
        if not isinstance(source, str):
            return text_spec(name, source)
        if "." in name:
            return None  # Python finds it in the package's folder
        path = f"{source}/__init__.py"
        found = ModuleSpec(name, SourceFileLoader(name, path), origin=path, is_package=True)
        found.has_location = True
        found.submodule_search_locations = [source]
        return found


def text_spec(name: str, texts: Mapping[str, str]) -> ModuleSpec | None:
    """Return the spec of a module that is at hand as text; None if it is not."""
    last = name.partition(".")[2]
    if last not in texts:
        return None
    return ModuleSpec(name, TextLoader(texts[last]), is_package=not last)  # type: ignore[arg-type]


def add(packages: Mapping[str, Source]) -> None:
    """Make the packages importable in this process; twice is fine."""
    if not any(type(finder).__name__ == PrivateFinder.__name__ for finder in sys.meta_path):
        sys.meta_path.append(PrivateFinder(packages))


def folders(hook: str) -> dict[str, Source]:
    """Return where both packages are, given the hook's folder."""
    ours = hook.rsplit("/", 2)[0]
    return {"_shim_hook": hook, "_shim_compat": f"{ours.rsplit('/', 1)[0]}/compat"}


def read(package: str, module: str) -> str:
    """Return the source of a module of a private package that comes from files (``""``: the package itself)."""
    finder = next(finder for finder in sys.meta_path if type(finder).__name__ == PrivateFinder.__name__)
    folder = finder.packages[package]  # type: ignore[attr-defined]
    with open(f"{folder}/{module or '__init__'}.py", encoding="utf-8") as file:  # noqa: PTH123
        return file.read()


arrived: dict[str, bytes] = {}
"""In a worker: what the modules came from, for the functions that its tasks send on."""


def arrive(private: bytes, texts: bytes) -> None:
    """Put the translation in place in a worker. Whatever goes wrong, the function that was sent along still runs."""
    import json
    import zlib
    from importlib import import_module

    try:
        arrived.update(private=private, texts=texts)
        sys.modules["_shim_private"] = as_module()
        add(json.loads(zlib.decompress(texts)))
        run = import_module("_shim_hook.run")
        run.current.quiet = True  # the driver has said it
        import_module("_shim_hook.patch").install(sys.modules["ray"])
    except Exception as error:  # noqa: BLE001
        sys.stderr.write(f"shim: legacy calls of Ray are not translated in this worker: {error!r}\n")


def as_module() -> Any:
    """Return this module, which `arrive` was executed in without one."""
    module = type(sys)("_shim_private")
    vars(module).update(globals())
    return module
