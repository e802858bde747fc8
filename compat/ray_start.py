"""Every option that ``ray start`` ever had: what it takes, since when, until when.

Read from ``ray/scripts/scripts.py`` of the wheels named in ``CHECKED`` (the click decorators of ``start``).
``since`` is the first of these releases that has the option, ``until`` the last; the bounds are exact
wherever the neighbouring release was checked too.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from .argv import Takes
from .version import Version

VALUE, FLAG, COUNT, MAYBE = Takes.VALUE, Takes.FLAG, Takes.COUNT, Takes.MAYBE

_CHECKED = """
0.5.0 0.5.2 0.5.3 0.6.0 0.6.1 0.6.2 0.6.3 0.6.4 0.6.5 0.6.6 0.7.0 0.7.1 0.7.2 0.7.3 0.7.4 0.7.5
0.7.6 0.7.7 0.8.0 0.8.1 0.8.2 0.8.3 0.8.4 0.8.5 0.8.6 0.8.7 1.0.0 1.0.1 1.1.0 1.2.0 1.3.0 1.4.0
1.4.1 1.5.0 1.5.1 1.5.2 1.6.0 1.7.0 1.7.1 1.8.0 1.9.0 1.9.1 1.9.2 1.10.0 1.11.0 1.11.1 1.12.0
1.12.1 1.13.0 2.0.0 2.0.1 2.1.0 2.2.0 2.3.0 2.3.1 2.4.0 2.5.0 2.5.1 2.6.0 2.6.3 2.7.0 2.7.1
2.7.2 2.9.3 2.12.0 2.20.0 2.31.0 2.36.1 2.40.0 2.41.0 2.42.1 2.43.0 2.44.0 2.44.1 2.45.0 2.46.0
2.47.0 2.47.1 2.48.0 2.49.2 2.50.0 2.51.2 2.52.0 2.52.1 2.53.0 2.54.0 2.54.1 2.55.1 2.56.0
2.56.1 2.58.1 2.59.0 2.60.0
"""
CHECKED = tuple(map(Version.parse, _CHECKED.split()))
NEWEST = CHECKED[-1]


@dataclass(frozen=True)
class StartOption:
    """One option of ``ray start``.

    Attributes:
        name: As it is typed, with its dashes.
        takes: What follows it.
        since: First checked release that has it (0.5.0: that one or earlier).
        until: Last checked release that has it; None if the newest does.
        hidden: First and last checked release whose ``--help`` leaves it out; None if there is none.
    """

    name: str
    takes: Takes
    since: Version
    until: Version | None
    hidden: tuple[Version, Version] | None

    @property
    def gone(self) -> Version | None:
        """First checked release without it; None if the newest still has it."""
        return None if self.until is None else CHECKED[CHECKED.index(self.until) + 1]

    def too_new_for(self, ray: Version) -> bool:
        """Tell whether this Ray was released before the option; False where nobody looked."""
        place = CHECKED.index(self.since)
        return place > 0 and ray.release <= CHECKED[place - 1]

    def known_to(self, ray: Version) -> bool:
        """Tell whether this Ray has the option."""
        return self.since <= ray.release and (self.gone is None or ray.release < self.gone)


def _row(name: str, takes: Takes, since: str, *, until: str = "", hidden: str = "") -> StartOption:
    first = Version.parse(since)
    last = Version.parse(until) if until else None
    unseen = None
    if hidden:
        start, _, end = hidden.partition("..")
        unseen = (Version.parse(start), Version.parse(end) if end else last or NEWEST)
    return StartOption(name, takes, first, last, unseen)


OPTIONS = (
    _row("--node-ip-address", VALUE, "0.5.0"),
    _row("--redis-address", VALUE, "0.5.0", until="0.8.7"),
    _row("--redis-port", VALUE, "0.5.0", until="0.8.7"),
    _row("--num-redis-shards", VALUE, "0.5.0", until="0.8.7"),
    _row("--redis-max-clients", VALUE, "0.5.0", until="0.8.7"),
    _row("--redis-shard-ports", VALUE, "0.5.0", hidden="1.3.0"),
    _row("--object-manager-port", VALUE, "0.5.0"),
    _row("--object-store-memory", VALUE, "0.5.0"),
    _row("--num-workers", VALUE, "0.5.0", until="0.6.3"),
    _row("--num-cpus", VALUE, "0.5.0"),
    _row("--num-gpus", VALUE, "0.5.0"),
    _row("--resources", VALUE, "0.5.0"),
    _row("--head", FLAG, "0.5.0"),
    _row("--no-ui", FLAG, "0.5.0", until="0.6.3"),
    _row("--block", FLAG, "0.5.0"),
    _row("--plasma-directory", VALUE, "0.5.0"),
    _row("--huge-pages", FLAG, "0.5.0", until="0.8.7"),
    _row("--autoscaling-config", VALUE, "0.5.0"),
    _row("--use-raylet", FLAG, "0.5.0", until="0.5.3"),
    _row("--no-redirect-worker-output", FLAG, "0.5.2", until="1.10.0"),
    _row("--no-redirect-output", FLAG, "0.5.2"),
    _row("--logging-level", VALUE, "0.5.2", until="0.5.2"),
    _row("--logging-format", VALUE, "0.5.2", until="0.5.2"),
    _row("--redis-password", VALUE, "0.6.0", hidden="1.0.0"),
    _row("--node-manager-port", VALUE, "0.6.0"),
    _row("--plasma-store-socket-name", VALUE, "0.6.0", until="2.47.1"),
    _row("--raylet-socket-name", VALUE, "0.6.0", until="2.47.1"),
    _row("--temp-dir", VALUE, "0.6.0", hidden="1.0.0..2.2.0"),
    _row("--internal-config", VALUE, "0.6.0", until="0.8.7"),
    _row("--redis-max-memory", VALUE, "0.6.1", until="2.43.0", hidden="1.0.0"),
    _row("--collect-profiling-data", VALUE, "0.6.1", until="0.6.1"),
    _row("--include-java", FLAG, "0.6.3", until="0.8.7"),
    _row("--java-worker-options", VALUE, "0.6.3", until="1.2.0", hidden="1.0.0"),
    _row("--include-webui", MAYBE, "0.6.4", until="0.8.7"),  # a flag until 0.8.1, true or false from 0.8.2
    _row("--load-code-from-local", FLAG, "0.6.4", until="1.1.0"),
    _row("--address", VALUE, "0.7.4"),
    _row("--memory", VALUE, "0.7.4", hidden="1.0.0"),
    _row("--webui-host", VALUE, "0.7.7", until="0.8.7"),
    _row("--use-pickle", FLAG, "0.7.7", until="0.8.2"),
    _row("--no-use-pickle", FLAG, "0.7.7", until="0.8.2"),
    _row("--port", VALUE, "0.8.6"),
    _row("--min-worker-port", VALUE, "0.8.6"),
    _row("--max-worker-port", VALUE, "0.8.6"),
    _row("--gcs-server-port", VALUE, "0.8.7", until="2.47.1"),
    _row("--include-dashboard", VALUE, "0.8.7"),
    _row("--dashboard-host", VALUE, "0.8.7"),
    _row("--dashboard-port", VALUE, "0.8.7"),
    _row("--lru-evict", FLAG, "0.8.7", until="1.7.1", hidden="1.0.0"),
    _row("--enable-object-reconstruction", FLAG, "0.8.7", hidden="1.0.0"),
    _row("--code-search-path", VALUE, "1.0.0", until="1.1.0", hidden="1.0.0"),
    _row("--system-config", VALUE, "1.0.0", hidden="1.0.0"),
    _row("--metrics-export-port", VALUE, "1.0.0", hidden="1.0.0..1.13.0"),
    _row("--log-style", VALUE, "1.0.0"),
    _row("--log-color", VALUE, "1.0.0"),
    _row("-v", COUNT, "1.0.0"),
    _row("--verbose", COUNT, "1.0.0"),
    _row("--worker-port-list", VALUE, "1.0.1"),
    _row("--ray-client-server-port", VALUE, "1.2.0"),
    _row("--no-monitor", FLAG, "1.2.0", hidden="1.2.0"),
    _row("--tracing-startup-hook", VALUE, "1.4.0", hidden="1.4.0"),
    _row("--worker-setup-hook", VALUE, "1.4.0", until="1.6.0", hidden="1.4.0"),
    _row("--runtime-env-setup-hook", VALUE, "1.5.0", until="1.6.0", hidden="1.5.0"),
    _row("--dashboard-agent-listen-port", VALUE, "1.6.0", hidden="1.6.0..1.13.0"),
    _row("--ray-debugger-external", FLAG, "1.6.0"),
    _row("--dashboard-agent-grpc-port", VALUE, "1.10.0", hidden="1.10.0..1.13.0"),
    _row("--storage", VALUE, "1.12.0", until="2.47.1"),
    _row("--node-name", VALUE, "1.13.0", hidden="1.13.0"),
    _row("--disable-usage-stats", FLAG, "1.13.0"),
    _row("--dashboard-grpc-port", VALUE, "2.5.0", until="2.47.1"),
    _row("--labels", VALUE, "2.6.0", hidden="2.6.0"),
    _row("--runtime-env-agent-port", VALUE, "2.7.1"),
    _row("--redis-username", VALUE, "2.41.0", hidden="2.41.0"),
    _row("--include-log-monitor", VALUE, "2.41.0"),
    _row("--object-spilling-directory", VALUE, "2.45.0"),
    _row("--labels-file", VALUE, "2.45.0", hidden="2.45.0"),
    _row("--enable-resource-isolation", FLAG, "2.45.0"),
    _row("--system-reserved-cpu", VALUE, "2.45.0"),
    _row("--system-reserved-memory", VALUE, "2.45.0"),
    _row("--cgroup-path", VALUE, "2.45.0", hidden="2.45.0..2.53.0"),
    _row("--proxy-server-url", VALUE, "2.55.1"),
)

KNOWN = MappingProxyType({option.name: option for option in OPTIONS})
TAKES = MappingProxyType({option.name: option.takes for option in OPTIONS})
