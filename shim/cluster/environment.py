"""The environment that Ray's processes get: token mode said aloud, and no secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.process import MARKER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRETS = ("RAY_AUTH_TOKEN", "RAY_REDIS_PASSWORD", "RAY_REDIS_ADDRESS", "REDIS_PASSWORD", "FLAGS_redis_password")
"""What people may have exported (the address as a URL with a password); every worker and job would inherit it."""

PATIENCE = {"RAY_raylet_start_wait_time_s": "150", "RAY_gcs_rpc_server_reconnect_timeout_s": "600"}
"""Ray's own waits, where the person set none: a busy machine, and workers that ride out a restart of the head
(KubeRay sets the second likewise)."""


def token_environment(environ: Mapping[str, str], token_path: Path) -> dict[str, str]:
    """Return ``environ`` for a Ray program that is to use this token.

    ``RAY_AUTH_MODE`` is always explicit: left unset, head and workers of Ray 2.59+ disagree, and any misspelt
    mode silently means disabled. ``RAY_AUTH_TOKEN`` would win over the path (loader.cc, 2.60), so it goes.
    """
    kept = {name: value for name, value in environ.items() if name not in SECRETS and not name.startswith("SHIM_")}
    return {**kept, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token_path)}


def node_environment(environ: Mapping[str, str], token_path: Path, folder: Path) -> dict[str, str]:
    """Return the environment of a node's processes: with the mark by which `stop` finds them."""
    return {**PATIENCE, **token_environment(environ, token_path), MARKER: str(folder)}
