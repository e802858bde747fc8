"""Is the control store well: does it answer Ray's user, take writes, and get them to its disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.probe.answer import from_error
from shim.store.conversation import facts, refusal, speak
from shim.store.transport import context_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.store.conversation import Credential


@dataclass(frozen=True)
class Health:
    """``ok``, and one clause for a person."""

    ok: bool
    detail: str


def check(
    address: int | str,
    credential: Credential,
    *,
    tls_env: Mapping[str, str] | None = None,
    timeout: float = 3.0,
) -> Health:
    """Ask the store how it is, as the user that Ray is (which may INFO); nothing is written.

    Args:
        address: A port of this host, or ``redis://host:port``, ``rediss://host:port``.
        credential: Ray's.
        tls_env: ``RAY_REDIS_*`` variables, as `remote.prepare` returned them.
        timeout: Seconds for each step.
    """
    try:
        tls = context_for(str(address), tls_env or {})
        with speak(address, credential, tls=tls, timeout=timeout) as session:
            refused = refusal(session.call("PING"))
            about = facts(session.call("INFO"))
    except ShimError as error:
        return Health(False, error.what)
    except OSError as error:
        return Health(False, from_error(error).detail)
    return _judge(refused, about)


def _judge(refused: str, about: Mapping[str, str]) -> Health:
    if refused.startswith("LOADING") or about.get("loading") == "1":
        return Health(False, f"it loads its data ({about.get('loading_loaded_perc', '?')} %)")
    if about.get("role", "master") != "master":
        return Health(False, "it is a replica, which takes no writes")
    for name in ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"):
        if about.get(name, "ok") != "ok":
            return Health(False, "it cannot write to its disk: full, or over quota?")
    if refused:  # after the disk: a server that cannot write answers even PING with MISCONF
        return Health(False, f"it answers {refused.partition(' ')[0]}")
    limit, used = int(about.get("maxmemory", "0")), int(about.get("used_memory", "0"))
    if 0 < limit <= used and about.get("maxmemory_policy") == "noeviction":
        return Health(False, "its memory is full, so it takes no writes")
    return Health(True, "answers, takes writes")
