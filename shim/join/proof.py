"""What a start proves about its join service: strangers stay out, and who joins can read one key, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shim.join.credential import KEY, USER
from shim.probe.answer import Verdict, from_error
from shim.probe.resp import connect, stranger
from shim.store.conversation import refusal
from shim.store.proof import Proof

if TYPE_CHECKING:
    from shim.secret import Secret

_BEYOND = (
    ("SET", KEY, "x"),
    ("DEL", KEY),
    ("GET", "another-key"),
    ("KEYS", "*"),
    ("CONFIG", "GET", "dir"),
    ("ACL", "LIST"),
    ("SHUTDOWN", "shim-no-such-mode"),
)


def prove(host: str, port: int, join_password: Secret, *, timeout: float = 3.0) -> list[Proof]:
    """Try the join service as a stranger, then as the ``join`` user within and beyond its right.

    Args:
        host: An address that it listens on.
        port: Its port.
        join_password: `Derived.join_password`.
        timeout: Seconds for each step.
    """
    answer = stranger(host, port, timeout=timeout)
    found = [Proof("stranger-refused", answer.verdict is Verdict.REFUSED, answer.detail)]
    try:
        with connect(host, port, timeout=timeout) as session:
            session.call("AUTH", USER, join_password.reveal())
            record = session.call("GET", KEY)
            allowed = [" ".join(words[:2]) for words in _BEYOND if not refusal(session.call(*words))]
    except OSError as error:
        return [*found, Proof("record-readable", False, from_error(error).detail)]
    found.append(Proof("record-readable", isinstance(record, bytes), "who knows the password gets the sealed record"))
    refused = "everything else is refused" if not allowed else f"it also allows {', '.join(allowed)}"
    return [*found, Proof("nothing-else", not allowed, refused)]
