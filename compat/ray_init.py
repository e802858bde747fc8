"""Every argument that ``ray.init`` ever had: since when, until when, and what became of it.

Read from the signature of ``init`` and its ``kwargs.pop`` calls in ``ray/worker.py`` and
``ray/_private/worker.py`` of the wheels named in ``ray_start.CHECKED``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from .note import Sure
from .ray_start import CHECKED
from .version import Version

_JOB = "takes it from job_config"


@dataclass(frozen=True)
class InitArgument:
    """One keyword argument of ``ray.init``.

    Attributes:
        name: As it is written.
        since: First checked release that has it.
        until: Last checked release that has it; None if the newest does.
        becomes: The modern argument; empty if there is none, or if this one is modern.
        why: What the release after ``until`` did, if not simply remove it.
        sure: Likely: somebody who relied on the argument should look.
        useless_since: First release that accepts it and makes nothing of it.
    """

    name: str
    since: Version
    until: Version | None
    becomes: str
    why: str
    sure: Sure
    useless_since: Version | None

    @property
    def changed(self) -> Version | None:
        """First release in which it is gone or does nothing; None if it is modern."""
        if self.useless_since:
            return self.useless_since
        return None if self.until is None else CHECKED[CHECKED.index(self.until) + 1]


def _row(
    name: str,
    since: str,
    until: str = "",
    becomes: str = "",
    *,
    why: str = "",
    sure: Sure = Sure.CERTAIN,
    useless: str = "",
) -> InitArgument:
    return InitArgument(
        name=name,
        since=Version.parse(since),
        until=Version.parse(until) if until else None,
        becomes=becomes,
        why=why or f"removed {name}",
        sure=sure,
        useless_since=Version.parse(useless) if useless else None,
    )


ARGUMENTS = (
    _row("address", "0.7.4"),
    _row("redis_address", "0.5.0", "0.8.7", "address"),
    _row("redis_port", "0.8.2", "0.8.7"),
    _row("redis_protected_mode", "0.5.2", "0.5.3"),
    _row("redis_password", "0.6.0", "0.8.7"),
    _row("_redis_password", "1.0.0"),
    _row("_redis_username", "2.41.0"),
    _row("num_redis_shards", "0.5.0", "0.8.7"),
    _row("redis_max_clients", "0.5.0", "0.8.7"),
    _row("redis_max_memory", "0.6.1", "0.8.7"),
    _row("_redis_max_memory", "1.0.0", "2.43.0", useless="1.11.0", why="starts no Redis"),
    _row("num_cpus", "0.5.0"),
    _row("num_gpus", "0.5.0"),
    _row("resources", "0.5.0"),
    _row("num_custom_resource", "0.5.0", "0.5.2", sure=Sure.LIKELY),
    _row("num_workers", "0.5.0", "0.6.3", why="starts workers as they are needed"),
    _row("labels", "2.6.0"),
    _row("memory", "0.7.4", "0.8.7", "_memory"),
    _row("_memory", "1.0.0"),
    _row("object_store_memory", "0.5.0"),
    _row("driver_object_store_memory", "0.7.4", "0.8.7", "_driver_object_store_memory"),
    _row("_driver_object_store_memory", "1.0.0"),
    _row("local_mode", "0.5.2"),
    _row("driver_mode", "0.5.0", "0.6.3", sure=Sure.LIKELY, why="has local_mode in its place"),
    _row("ignore_reinit_error", "0.5.2"),
    _row("include_webui", "0.5.0", "0.8.6", "include_dashboard"),
    _row("include_dashboard", "0.8.7"),
    _row("webui_host", "0.7.7", "0.8.6", "dashboard_host"),
    _row("dashboard_host", "0.8.7"),
    _row("dashboard_port", "0.8.7"),
    _row("node_ip_address", "0.5.0", "0.8.7", "_node_ip_address"),
    _row("_node_ip_address", "1.0.0"),
    _row("_node_name", "1.13.0"),
    _row("job_id", "0.7.2", "0.8.7", why="numbers jobs itself"),
    _row("driver_id", "0.6.0", "0.7.1", why="numbers jobs itself"),
    _row("job_config", "1.0.0"),
    _row("namespace", "1.4.0"),
    _row("runtime_env", "1.5.0"),
    _row("configure_logging", "0.5.2"),
    _row("logging_level", "0.5.2"),
    _row("logging_format", "0.5.2"),
    _row("logging_config", "2.31.0"),
    _row("log_to_driver", "0.6.4"),
    _row("redirect_output", "0.5.0", "0.8.7", why="writes output to its log files"),
    _row("redirect_worker_output", "0.5.0", "0.8.7", why="writes output to its log files"),
    _row("object_id_seed", "0.5.0", "0.8.6"),
    _row("object_ref_seed", "0.8.7", "0.8.7"),
    _row("plasma_directory", "0.5.0", "0.8.7", "_plasma_directory"),
    _row("_plasma_directory", "1.0.0"),
    _row("object_spilling_directory", "2.45.0"),
    _row("_object_spilling_config", "1.0.0", "1.0.1", sure=Sure.LIKELY, why="takes it from _system_config"),
    _row("huge_pages", "0.5.0", "0.8.7"),
    _row("plasma_store_socket_name", "0.6.0", "0.8.7"),
    _row("raylet_socket_name", "0.6.0", "0.8.7"),
    _row("temp_dir", "0.6.0", "0.8.7", "_temp_dir"),
    _row("_temp_dir", "1.0.0"),
    _row("storage", "1.12.0", "2.47.1", sure=Sure.LIKELY, why="removed it (Ray Workflows used it)"),
    _row("_internal_config", "0.6.0", "0.8.7", "_system_config", sure=Sure.LIKELY),
    _row("internal_config", "1.5.0", "1.5.2", "_system_config", sure=Sure.LIKELY),
    _row("_system_config", "1.0.0"),
    _row("_metrics_export_port", "1.0.0"),
    _row("_tracing_startup_hook", "1.4.0"),
    _row("_skip_env_hook", "2.0.0"),
    _row("collect_profiling_data", "0.6.1", "0.6.1"),
    _row("use_raylet", "0.5.0", "0.6.3", why="has nothing but raylets"),
    _row("use_pickle", "0.7.7", "0.8.7", why="always uses cloudpickle"),
    _row("include_java", "0.8.2", "0.8.7", why="starts Java workers as they are needed"),
    _row("java_worker_options", "0.8.6", "0.8.7", sure=Sure.LIKELY, why=_JOB),
    _row("_java_worker_options", "1.0.0", "1.2.0", sure=Sure.LIKELY, why=_JOB),
    _row("load_code_from_local", "0.6.4", "0.8.7", sure=Sure.LIKELY, why=_JOB),
    _row("_load_code_from_local", "1.0.0", "1.1.0", sure=Sure.LIKELY, why=_JOB),
    _row("_code_search_path", "1.0.0", "1.1.0", sure=Sure.LIKELY, why=_JOB),
    _row("lru_evict", "0.8.3", "0.8.7"),
    _row("_lru_evict", "1.0.0", "1.7.1"),
    _row("enable_object_reconstruction", "0.8.7", "0.8.7", "_enable_object_reconstruction"),
    _row("_enable_object_reconstruction", "1.0.0"),
    _row("enable_resource_isolation", "2.45.0"),
    _row("system_reserved_cpu", "2.45.0"),
    _row("system_reserved_memory", "2.45.0"),
    _row("_cgroup_path", "2.45.0", "2.53.0", "cgroup_path"),
    _row("cgroup_path", "2.54.0"),
    _row("proxy_server_url", "2.55.1"),
)

KNOWN = MappingProxyType({argument.name: argument for argument in ARGUMENTS})
# To a ray:// address the client takes these too (ray/client_builder.py of 2.60.0).
CLIENT_ARGUMENTS = ("allow_multiple", "_credentials", "_metadata")
