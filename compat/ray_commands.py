"""The ``ray`` commands beside ``start`` that a legacy password, or a legacy address, was given to.

Read from ``ray/scripts/scripts.py`` of the wheels named in ``ray_start.CHECKED``. What a command hands on to
another host or to a script (``submit``, ``exec``, ``job``, …) is not ours to read: those are not here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from .argv import Takes
from .version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

_V, _F, _C = Takes.VALUE, Takes.FLAG, Takes.COUNT

# Options of `ray` itself, before the command.
GLOBAL: Mapping[str, Takes] = MappingProxyType({"--logging-level": _V, "--logging-format": _V})

OPTIONS: Mapping[str, Mapping[str, Takes]] = MappingProxyType(
    {
        "memory": dict.fromkeys(("--address", "--group-by", "--sort-by", "--units", "--num-entries", "--n"), _V)
        | dict.fromkeys(("--no-format", "--stats-only"), _F),
        "status": {"--address": _V, "-v": _C, "--verbose": _F},
        "health-check": {"--address": _V, "--component": _V, "--skip-version-check": _F},
        "timeline": {"--address": _V, "--redis-address": _V},
        "global-gc": {"--address": _V},
        "debug": {"--address": _V, "-v": _C, "--verbose": _F},
        "stop": dict.fromkeys(("-g", "--grace-period", "--log-style", "--log-color"), _V)
        | {"-f": _F, "--force": _F, "-v": _C, "--verbose": _F},
        "kuberay-autoscaler": dict.fromkeys(("--cluster-name", "--cluster-namespace", "--gcs-address"), _V),
    }
)

# Commands that had --redis_password or --redis-password.
TOOK_PASSWORD = frozenset({"memory", "status", "health-check", "kuberay-autoscaler"})

# Old name of a command -> its name today, and the first release with that.
RENAMED: Mapping[str, tuple[str, Version]] = MappingProxyType(
    {
        "globalgc": ("global-gc", Version(1, 0, 0)),
        "create_or_update": ("up", Version(0, 8, 7)),
        "create-or-update": ("up", Version(0, 8, 7)),
        "teardown": ("down", Version(0, 8, 7)),
        "exec_cmd": ("exec", Version(0, 8, 7)),
        "exec-cmd": ("exec", Version(0, 8, 7)),
    }
)
