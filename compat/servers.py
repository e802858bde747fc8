"""Redis and Valkey versions, and what each can do to keep strangers out.

Sources: runs of Redis 6.2.14, 7.0.15 and Valkey 9.1.2; for what else is older than 6.2 or between them, the
projects' release notes. ``MEASURED`` names what was run.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from types import MappingProxyType

from .version import Version


class Product(enum.Enum):
    """Whose server it is. Valkey counts on from Redis 7.2."""

    REDIS = "Redis"
    VALKEY = "Valkey"


class Ability(enum.Enum):
    """What a server can do, or does, that bears on passwords."""

    REQUIREPASS = "one password for everybody"
    PROTECTED_MODE = "refuses strangers while it has no password"
    ACL = "users with commands and keys of their own"
    TLS = "TLS, where the binary was built with it"
    NO_CHANNELS = "a new user may use no pub/sub channel (acl-pubsub-default)"
    SELECTORS = "several rules for one user"
    ACL_DRY_RUN = "asks whether a user might run a command, without running it"
    COMMAND_LOCKS = "locks DEBUG, MODULE and protected settings (enable-*-command)"
    SAFE_PATHS = "dir and dbfilename cannot be set by a client"
    HIDES_DATA = "keeps users' data out of its log (hide-user-data-from-log)"
    LENIENT_RESTORE = "can be told to restore what a newer server dumped (rdb-version-check)"


MEASURED = MappingProxyType(
    {
        Product.REDIS: (Version(6, 2, 14), Version(7, 0, 15)),
        Product.VALKEY: (Version(9, 1, 2),),
    }
)

_SINCE = MappingProxyType(
    {
        Product.REDIS: {
            Ability.REQUIREPASS: Version(1, 0, 0),
            Ability.PROTECTED_MODE: Version(3, 2, 0),
            Ability.ACL: Version(6, 0, 0),
            Ability.TLS: Version(6, 0, 0),
            Ability.NO_CHANNELS: Version(7, 0, 0),
            Ability.SELECTORS: Version(7, 0, 0),
            Ability.ACL_DRY_RUN: Version(7, 0, 0),
            Ability.COMMAND_LOCKS: Version(7, 0, 0),
            Ability.SAFE_PATHS: Version(7, 0, 0),
        },
        Product.VALKEY: {
            **dict.fromkeys(
                (
                    Ability.REQUIREPASS,
                    Ability.PROTECTED_MODE,
                    Ability.ACL,
                    Ability.TLS,
                    Ability.NO_CHANNELS,
                    Ability.SELECTORS,
                    Ability.ACL_DRY_RUN,
                    Ability.COMMAND_LOCKS,
                    Ability.SAFE_PATHS,
                ),
                Version(7, 2, 0),
            ),
            # Seen in 9.1.2; older ones were not checked.
            Ability.HIDES_DATA: Version(9, 1, 0),
            Ability.LENIENT_RESTORE: Version(9, 1, 0),
        },
    }
)

# The version of what DUMP and the snapshot file are written in, newest server first.
_DUMPS = MappingProxyType(
    {
        Product.REDIS: (
            (Version(8, 0, 0), 13),  # 12 or 13, not measured: the higher promises less
            (Version(7, 4, 0), 12),
            (Version(7, 2, 0), 11),
            (Version(7, 0, 0), 10),
            (Version(5, 0, 0), 9),
        ),
        Product.VALKEY: ((Version(9, 0, 0), 80), (Version(7, 2, 0), 11)),
    }
)


@dataclass(frozen=True)
class Server:
    """A Redis-compatible server of one version.

    Attributes:
        product: Whose it is.
        version: The version that ``INFO server`` tells (``valkey_version`` for Valkey).
        abilities: What it can do.
        dump_version: What its DUMP is written in; None if that is not known. It restores this and older.
    """

    product: Product
    version: Version
    abilities: frozenset[Ability]
    dump_version: int | None

    def can(self, *abilities: Ability) -> bool:
        """Tell whether it can do all of these."""
        return self.abilities.issuperset(abilities)


def since(product: Product, ability: Ability) -> Version | None:
    """Return the first version with an ability; None if none has it."""
    return _SINCE[product].get(ability)


def server(product: Product, version: Version) -> Server:
    """Return what a version of a server can do; a release candidate is taken for its release."""
    abilities = frozenset(ability for ability, first in _SINCE[product].items() if version.release >= first)
    written = [dump for first, dump in _DUMPS[product] if version.release >= first]
    return Server(product, version, abilities, written[0] if written else None)
