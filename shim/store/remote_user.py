"""Ray's own user on a store of yours: one for each start, so that no session in use is touched."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from shim.errors import ShimError
from shim.secret import Secret
from shim.store.acl import Profile, ray_rules, user_rules, without_channels
from shim.store.conversation import Credential, refusal
from shim.store.replies import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shim.probe.resp import Session

OWN = "shim-ray-"
"""What the names of our users start with; then come the namespace and eight random characters."""

_LIVE = 5  # seconds; a GCS pings its store every 0.1 s, so that a session quiet for longer has lost its GCS


def create_user(
    session: Session, address: str, namespace: str, profile: Profile
) -> tuple[Credential | None, tuple[str, ...]]:
    """Make a user for a cluster, and remove what earlier starts of the same cluster left.

    Returns:
        The user, or None where the server does not let us make one, and what is reduced by that.

    Raises:
        ShimError: A cluster with this namespace is running on the store.
    """
    _clear_old(session, address, namespace)
    name, password = f"{OWN}{namespace}-{secrets.token_hex(4)}", Secret.generate()
    reply = ""
    for rules in _forms(namespace, profile):
        reply = refusal(session.call("ACL", "SETUSER", name, *user_rules(name, password, rules)))
        if not reply:
            return Credential(name, password), ()
        if not reply.startswith("ERR Error in ACL SETUSER"):
            break
        session.call("ACL", "DELUSER", name)
    why = {
        "NOPERM": "that user may not (ACL SETUSER)",
        "ERR": "the server does not do it (no ACLs before Redis 6.0; managed ones have a console for it)",
    }.get(reply.partition(" ")[0], "the server refused")
    return None, (f"Ray logs in as the user that you named and may do all that it may: shim made none, since {why}.",)


def remove_user(session: Session, address: str, name: str) -> bool:
    """Remove a user of ours; the server ends its sessions. Returns whether there was one."""
    reply = session.call("ACL", "DELUSER", name)
    if refusal(reply):
        raise refused(address, refusal(reply), "remove the user that shim made")
    return reply == 1


def _forms(namespace: str, profile: Profile) -> Iterator[tuple[str, ...]]:
    """Yield the rules for Redis 7.0 and later, for 6.2, for 6.0: the first that the server takes is best."""
    yield ray_rules(namespace, profile, selectors=True)
    older = ray_rules(namespace, profile, selectors=False)
    yield older
    yield tuple(without_channels(" ".join(older)).split())


def _clear_old(session: Session, address: str, namespace: str) -> None:
    """Remove users of earlier starts that no GCS uses any more; where we may not look, nothing is removed."""
    users, sessions = session.call("ACL", "USERS"), session.call("CLIENT", "LIST")
    if not isinstance(users, list) or not isinstance(sessions, bytes):
        return
    ours = re.compile(re.escape(f"{OWN}{namespace}-") + r"[0-9a-f]{8}")
    for line in sessions.decode(errors="replace").splitlines():
        client = dict(word.partition("=")[::2] for word in line.split())
        if ours.fullmatch(client.get("user", "")) and int(client.get("idle", "0")) < _LIVE:
            raise ShimError(
                f"A cluster with the namespace {namespace!r} is using the store {address} "
                f"(from {client.get('addr', '?')}).",
                fix="Stop it first, or give this one another name: --name NAME",
            )
    for user in users:
        name = user.decode(errors="replace") if isinstance(user, bytes) else ""
        if ours.fullmatch(name):
            session.call("ACL", "DELUSER", name)
