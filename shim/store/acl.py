"""Who may do what on a control store: users as lines of an ACL file, passwords as SHA-256 only.

The lists of commands were measured with MONITOR under Ray 2.60 (tasks, actors, placement groups, jobs,
Ray Client, kill -9 of the GCS): under them the whole scenario runs and ACL LOG stays empty.
"""

from __future__ import annotations

import enum
import hashlib
import re
from typing import TYPE_CHECKING

from shim.errors import ShimError

if TYPE_CHECKING:
    from shim.secret import Secret

DEFAULT_OFF = "user default off resetpass resetkeys resetchannels -@all"
"""The user that a connection has before it logs in: nobody, and without rights should someone turn it on."""

ADMIN_RULES = ("resetchannels", "~*", "&*", "+@all")
"""Everything, for the one password that stays in the state folder."""

_GCS = ("+ping", "+info", "+hset", "+hsetnx", "+hget", "+hmget", "+hscan", "+hdel", "+hexists", "+incrby")
_PLAIN = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
_USER = re.compile(r"[A-Za-z0-9._:-]{1,160}")


class Profile(enum.Enum):
    """How much of its own namespace a `ray` user may do."""

    TIGHT = "tight"
    """What the GCS uses. Ray's own cleanup of a namespace is not possible with it."""
    KUBERAY = "kuberay"
    """Also SCAN and DEL: KubeRay's cleanup job needs them, else a RayCluster stays in Terminating.
    SCAN shows the names of other namespaces' keys."""


def ray_rules(namespace: str, profile: Profile, selectors: bool) -> tuple[str, ...]:
    """Return the rules of a user that may do on ``namespace`` what Ray's GCS does, and nothing else.

    Args:
        namespace: ``RAY_external_storage_namespace`` of the cluster.
        profile: Tight, or what KubeRay needs.
        selectors: Whether the server knows selectors (Redis 7.0, every Valkey). Without them the user
            may also DEL keys of its own namespace: the GCS deletes a key called DUMMY when it
            starts (``redis_context.cc``), and a permission to delete cannot be tied to one key.

    Raises:
        ShimError: The namespace has characters that mean something in a pattern of keys.
    """
    check_namespace(namespace)
    rules: tuple[str, ...] = ("resetchannels", f"~RAY{namespace}@*", "-@all", *_GCS)
    if profile is Profile.KUBERAY:
        rules += ("+del", "+scan")
    if selectors:
        return (*rules, "(+del ~DUMMY)")
    return (*rules, "~DUMMY", *(() if "+del" in rules else ("+del",)))


def check_namespace(namespace: str) -> None:
    r"""Refuse a namespace that would widen a pattern of keys.

    An ``@`` would let the user of ``a`` reach the keys of ``a@b``; ``*?[]\`` are wildcards.

    Raises:
        ShimError: With the characters that are allowed.
    """
    if not _PLAIN.fullmatch(namespace):
        raise ShimError(
            f"{namespace!r} cannot be a namespace on a control store.",
            fix="Use 1 to 128 letters, digits and . _ : / - only.",
        )


def user_line(name: str, password: Secret, rules: tuple[str, ...]) -> str:
    """Write one line of an ACL file; the password goes in as its SHA-256 (ours have 256 random bits)."""
    return " ".join(("user", name, *user_rules(name, password, rules)))


def user_rules(name: str, password: Secret, rules: tuple[str, ...]) -> tuple[str, ...]:
    """Return what follows ``ACL SETUSER name``: on, the password's SHA-256, the rules.

    Raises:
        ValueError: The name has characters that an ACL file would read as something else.
    """
    if not _USER.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of an ACL user")
    return ("on", "#" + hashlib.sha256(password.reveal().encode()).hexdigest(), *rules)


def without_channels(line: str) -> str:
    """Rewrite a line for Redis 6.0, which has no permissions for channels (they came with 6.2)."""
    return " ".join(word for word in line.split() if word != "resetchannels" and not word.startswith("&"))
