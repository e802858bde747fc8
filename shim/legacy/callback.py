"""How a driver calls shim back: its own Python and its own modules, whatever the driver has of the same names."""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def own_command() -> tuple[str, ...]:
    """Return the words before shim's arguments.

    Not ``python -m shim``, and not with the driver's PYTHONPATH: both would find a ``shim.py`` of the driver's.
    """
    code = f"import sys; sys.path.append({str(_ROOT)!r}); from ray_redis_shim import main; main()"
    return (sys.executable, "-EP", "-c", code)
