"""Whether a store of yours is fit for Ray: not a replica, not sharded, durable; and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.network import is_loopback
from shim.store.conversation import facts
from shim.store.replies import refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shim.probe.resp import Session
    from shim.store.url import RemoteUrl


def refuse_unfit(address: str, about: Mapping[str, str], session: Session) -> None:
    """Raise when Ray could not work on this store; ``about`` is its INFO, empty when that is not allowed."""
    if about.get("loading") == "1":
        raise refused(address, "LOADING", "look")
    if about.get("role") == "slave":
        master = f"{about.get('master_host', '?')}:{about.get('master_port', '?')}"
        raise ShimError(f"The store {address} is a replica, which takes no writes.", fix=f"Name its master: {master}")
    mode = about.get("redis_mode") or about.get("server_mode")
    if mode == "sentinel":
        raise ShimError(
            f"{address} is a Sentinel, which holds no data.",
            fix="Name the master that it watches: redis-cli SENTINEL get-master-addr-by-name NAME",
        )
    if mode == "cluster" and facts(session.call("CLUSTER", "INFO")).get("cluster_size") != "1":
        raise ShimError(
            f"The store {address} is a Redis Cluster with several shards; Ray's keys need one.",
            fix="Use a store that is not sharded (cluster mode off, or one shard).",
        )


def lacks(target: RemoteUrl, about: Mapping[str, str]) -> tuple[str, ...]:
    """Say what this store lacks that one of ours has."""
    found = []
    if not target.tls and not is_loopback(target.host):
        found.append("No TLS: the store's password and all it holds cross the network in clear.")
    if not about:
        return (*found, "INFO is not allowed: whether the store is durable could not be looked at.")
    if about.get("aof_enabled") == "0":
        found.append("No append-only file: a restart of the store may lose the cluster's state.")
    if about.get("maxmemory", "0") != "0" and about.get("maxmemory_policy", "noeviction") != "noeviction":
        found.append(f"maxmemory-policy {about['maxmemory_policy']}: the store may drop keys that Ray needs.")
    if about.get("connected_slaves", "0") != "0":
        found.append("Replicas do not get the user that shim makes: after a failover, run shim start again.")
    return tuple(found)
