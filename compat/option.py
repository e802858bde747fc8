"""One legacy spelling and what became of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from .ray_start import CHECKED
from .version import Version

MODERN = (
    "RAY_AUTH_MODE=token and one token on every node and client "
    "(RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token)"
)
EXTERNAL_REDIS = "Only for a Redis of your own: RAY_REDIS_ADDRESS and `ray start --head --redis-password=…`"

_KUBERAY = "0.3.0 0.4.0 0.5.0 0.6.0 1.0.0 1.1.0 1.2.2 1.3.0 1.4.2 1.5.0 1.5.1 1.6.0 1.7.0"
KUBERAY = tuple(map(Version.parse, _KUBERAY.split()))


class Where(enum.Enum):
    """Where a spelling is written."""

    PYTHON = "python"
    CLI = "cli"
    ENV = "env"
    YAML = "yaml"
    JAVA = "java"
    OTHER = "other"


class Effect(enum.Enum):
    """What a spelling did in an era."""

    PROTECTED = "protected"  # really guarded something
    LIVE = "live"  # does what it says, then and now
    IGNORED = "ignored"  # accepted without a word; does nothing
    REFUSED = "refused"  # Ray or KubeRay stops with an error
    OPEN = "open"  # what it named was open to everyone
    MISLEADING = "misleading"  # looks as if it protected, or does something else than it says
    NOT_READ = "not read"  # nothing reads it


class Product(enum.Enum):
    """Whose versions an entry counts."""

    RAY = "Ray"
    KUBERAY = "KubeRay"
    OTHER = "another project"


@dataclass(frozen=True)
class Era:
    """A span of releases in which a spelling did one thing.

    Attributes:
        since: First release; None: every release before ``until``.
        until: Last checked release; None: still so.
        effect: What it did, in one word.
        what: The same in a sentence or two, with the exact error where it is known.
    """

    since: Version | None
    until: Version | None
    effect: Effect
    what: str


@dataclass(frozen=True)
class LegacyOption:
    """One spelling: an argument, an option, a variable, a key.

    Attributes:
        id: Kebab-case, stable.
        spelling: As a person reads it (``ray start --redis-password``).
        names: The words that identify it in a command line, a call or a file.
        where: Where it is written.
        command: The command or call that it belongs to; empty if none.
        since: First release that knows it; None if none ever did, or if its product has no versions here.
        until: Last release that knows it; None if the newest still does, or none ever did.
        default: Its default, by era if it changed; empty if there is none.
        eras: What it did, oldest first, without gaps.
        modern: What to write today.
        sources: Files, issues and runs behind all this.
        of: Whose versions these are.
    """

    id: str
    spelling: str
    names: tuple[str, ...]
    where: Where
    eras: tuple[Era, ...]
    modern: str
    sources: tuple[str, ...]
    command: str = ""
    since: Version | None = None
    until: Version | None = None
    default: str = ""
    of: Product = field(default=Product.RAY)

    def era_at(self, version: Version) -> Era | None:
        """Return what the spelling does in a release; None before it existed."""
        for era in reversed(self.eras):
            if era.since is None or version.release >= era.since:
                return era
        return None


def eras(*rows: tuple[str, Effect, str], of: tuple[Version, ...] = CHECKED) -> tuple[Era, ...]:
    """Build eras from their first releases (empty: always); each ends where the next begins."""
    starts = [Version.parse(since) if since else None for since, _, _ in rows]
    found = []
    for place, (_, effect, what) in enumerate(rows):
        following = starts[place + 1] if place + 1 < len(rows) else None
        until = max((one for one in of if one < following), default=None) if following else None
        found.append(Era(starts[place], until, effect, what))
    return tuple(found)
