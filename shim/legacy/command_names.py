"""The commands of ``ray`` by name: a misspelt one gets "did you mean", before Ray needs two seconds to say no."""

from __future__ import annotations

from compat.note import Note, Sure
from compat.ray_commands import OPTIONS, RENAMED
from compat.ray_start import NEWEST
from compat.spelling import nearest
from compat.version import Version
from shim.errors import UsageError

_MODERN = """
    attach check-open-ports cluster-dump cpp dashboard debug disable-usage-stats down drain-node
    enable-usage-stats exec get get-auth-token get-head-ip get-worker-ips global-gc health-check job kill-actor
    kill-random-node kuberay-autoscaler list local-dump logs memory metrics microbenchmark monitor rsync-down rsync-up
    sanity-check serve stack start status stop submit summary symmetric-run timeline up
"""
NAMES = frozenset(_MODERN.split()) | {name.replace("_", "-") for name in (*OPTIONS, *RENAMED)}
"""Every command of Ray 2.60.0 (ray/scripts/scripts.py, the hidden ones too), and the old names that are translated."""

_CONNECTING = "debug drain-node get global-gc health-check job kill-actor list logs memory status summary timeline"
CONNECTING = frozenset(_CONNECTING.split())
"""Commands that do nothing without a cluster, hence nothing without a token."""

_HYPHENS = Version(0, 8, 0)  # with click 7: `ray get_head_ip` became `ray get-head-ip`


def modern_name(name: str, target: Version, notes: list[Note]) -> str:
    """Return the name as this Ray spells it; a name that nobody knows is left to Ray.

    Raises:
        UsageError: It is a near miss of a name that this Ray may have.
    """
    if name in NAMES or name in RENAMED or not name:
        return name
    hyphens = name.replace("_", "-")
    if hyphens in NAMES:
        notes.append(
            Note("command-hyphens", f"ray {name}", f"ray {hyphens}", _HYPHENS, Sure.CERTAIN, "spells it with hyphens")
        )
        return hyphens
    meant = nearest(name, NAMES) if target.release <= NEWEST else None
    if meant is not None:
        raise UsageError(f"There is no command `ray {name}`.", fix=f"Did you mean `ray {meant}`?")
    return name
