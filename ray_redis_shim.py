"""The program `shim`, started under a name that is nobody else's.

``shim`` and ``compat`` are common words. A project on PYTHONPATH may have a ``shim.py`` or a ``compat.py`` of its own,
which would come before ours; here both names are given to our packages before anything else is imported, in this
process only (docs/decisions/names.md).
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).parent


def main() -> None:
    """Run shim."""
    pin("shim", ROOT / "shim")
    pin("compat", ROOT / "compat")
    from shim.cli.entry import main as run

    run()


def pin(name: str, folder: Path) -> None:
    """Import the package in ``folder`` as ``name``, whatever else of that name is on ``sys.path``."""
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is not there: install ray-redis-shim again")
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


if __name__ == "__main__":
    main()
