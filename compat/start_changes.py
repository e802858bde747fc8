"""What became of the ``ray start`` options that are gone or mean nothing any more.

Sources: ``ray/scripts/scripts.py`` of the releases in ``ray_start.CHECKED``. The passwords are not here:
``start_credentials.py`` takes them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from . import start_notes as notes
from .argv import Part
from .errors import LegacyError
from .note import Sure
from .ray_start import KNOWN
from .version import Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .note import Note

_REDIS_GONE = "starts no Redis"
_REMOVED = "removed it"


@dataclass(frozen=True)
class Change:
    """One option that a newer Ray calls differently or has no use for.

    Attributes:
        option: The legacy option.
        becomes: The modern option; empty if there is none.
        value: A value to give to ``becomes`` in place of the option's own.
        since: First Ray in which the legacy option is gone or does nothing.
        why: What that release did.
        sure: Likely: somebody who relied on the option should look.
        head_only: ``becomes`` exists for heads only; on a worker the option is dropped.
    """

    option: str
    becomes: str
    since: Version
    why: str
    value: str | None = None
    sure: Sure = Sure.CERTAIN
    head_only: bool = False


def _renamed(option: str, becomes: str, since: str, *, sure: Sure = Sure.CERTAIN) -> Change:
    return Change(option, becomes, Version.parse(since), f"removed {option}", sure=sure)


def _dropped(option: str, since: str, why: str = _REMOVED, *, sure: Sure = Sure.CERTAIN) -> Change:
    return Change(option, "", Version.parse(since), why, sure=sure)


CHANGES = (
    _renamed("--redis-port", "--port", "1.0.0"),
    _renamed("--redis-address", "--address", "1.0.0"),
    _renamed("--webui-host", "--dashboard-host", "1.0.0"),
    _renamed("--internal-config", "--system-config", "1.0.0", sure=Sure.LIKELY),  # its keys changed over time
    Change("--include-webui", "--include-dashboard", Version(1, 0, 0), "renamed it", "true", head_only=True),
    Change("--no-ui", "--include-dashboard", Version(0, 6, 4), "renamed it", "false", head_only=True),
    # Redis: 1.11.0 (PR #21232) starts none, so nothing reads these; 2.60 refuses the first on a worker.
    _dropped("--redis-shard-ports", "1.11.0", _REDIS_GONE),
    _dropped("--num-redis-shards", "1.0.0"),
    _dropped("--redis-max-clients", "1.0.0"),
    _dropped("--redis-max-memory", "1.11.0", _REDIS_GONE),
    # 1.11.0 to 2.47: "is deprecated and ignored. Use --port to specify GCS server port on head node".
    _dropped("--gcs-server-port", "1.11.0", "lets the GCS listen on --port and ignores it"),
    _dropped("--dashboard-grpc-port", "2.48.0"),
    _dropped("--num-workers", "0.6.4", "starts workers as they are needed"),
    _dropped("--use-raylet", "0.6.0", "has nothing but raylets"),
    _dropped(
        "--logging-level",
        "0.5.3",
        "takes it before the command: ray --logging-level=… start",
        sure=Sure.LIKELY,
    ),
    _dropped(
        "--logging-format",
        "0.5.3",
        "takes it before the command: ray --logging-format=… start",
        sure=Sure.LIKELY,
    ),
    _dropped("--collect-profiling-data", "0.6.2"),
    _dropped("--use-pickle", "0.8.3", "always uses cloudpickle"),
    _dropped("--no-use-pickle", "0.8.3", "always uses cloudpickle", sure=Sure.LIKELY),
    _dropped("--huge-pages", "1.0.0"),
    _dropped("--include-java", "1.0.0", "starts Java workers as they are needed"),
    _dropped("--java-worker-options", "1.3.0", "takes them from the job's configuration", sure=Sure.LIKELY),
    _dropped("--load-code-from-local", "1.2.0", "takes it from the job's configuration", sure=Sure.LIKELY),
    _dropped("--code-search-path", "1.2.0", "takes it from the job's configuration", sure=Sure.LIKELY),
    _dropped("--worker-setup-hook", "1.7.0", "takes it from the runtime environment", sure=Sure.LIKELY),
    _dropped("--runtime-env-setup-hook", "1.7.0", "takes it from the runtime environment", sure=Sure.LIKELY),
    _dropped("--lru-evict", "1.8.0"),
    _dropped("--no-redirect-worker-output", "1.11.0"),
    _dropped("--plasma-store-socket-name", "2.48.0"),
    _dropped("--raylet-socket-name", "2.48.0"),
    _dropped("--storage", "2.48.0", "removed it (Ray Workflows used it)", sure=Sure.LIKELY),
)

CHANGE_OF = MappingProxyType({change.option: change for change in CHANGES})


def apply_changes(parts: Sequence[Part], target: Version, said: list[Note], *, on_head: bool) -> list[Part]:
    """Return the command line with every option as the target calls it; each change is told in ``said``.

    Raises:
        LegacyError: the old and the new name of one option disagree.
    """
    kept: list[Part] = []
    for part in parts:
        change = CHANGE_OF.get(part.name or "")
        if change is None or target.release < change.since:
            kept.append(part)
            continue
        changed = _change(part, change, on_head=on_head)
        said.append(notes.changed(part, changed, change))
        if changed is not None and not _already_given(changed, parts, part):
            kept.append(changed)
    return kept


def _change(part: Part, change: Change, *, on_head: bool) -> Part | None:
    if not change.becomes or (change.head_only and not on_head):
        return None
    takes = KNOWN[change.becomes].takes
    if part.value is None:
        return Part(change.becomes, change.value, (f"{change.becomes}={change.value}",), takes)
    return part.renamed(change.becomes, takes)


def _already_given(changed: Part, parts: Sequence[Part], part: Part) -> bool:
    modern = [other.value for other in parts if other.name == changed.name]
    if modern and modern[-1] != changed.value:
        raise LegacyError(
            f"{part.name} and {changed.name} are two names of one option, and disagree.",
            fix=f"Keep {changed.name} only.",
        )
    return bool(modern)
