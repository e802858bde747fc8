"""What a probe saw: one verdict and one clause for a person."""

from __future__ import annotations

import enum
import errno
from dataclasses import dataclass


class Verdict(enum.Enum):
    """What became of somebody who knocked with the credentials at hand (or with none)."""

    REFUSED = "refused"
    """It asked for credentials, and ours (or their absence) did not do."""
    OPEN = "open"
    """It let us in."""
    ABSENT = "absent"
    """Nothing listens there: the connection was refused."""
    SILENT = "silent"
    """No answer in time: filtered, or hung."""
    OTHER = "other"
    """Could not look: it speaks something else, or broke off. Neither a pass nor a fault."""


@dataclass(frozen=True)
class Answer:
    """A verdict and its reason, one short clause that never holds a secret."""

    verdict: Verdict
    detail: str


class Misspoken(OSError):  # noqa: N818 - a fact about the peer, not a fault of ours
    """The peer answered, but not in the protocol that was expected (HTTP, garbage, a TLS alert)."""


def from_error(error: OSError) -> Answer:
    """Turn a failed conversation into an answer.

    A host that cannot be reached counts as silent: firewalls that reject politely look the same
    (ICMP host-prohibited arrives as EHOSTUNREACH). A name that does not resolve is "could not look".
    """
    if isinstance(error, ConnectionRefusedError):
        return Answer(Verdict.ABSENT, "nothing listens there")
    if isinstance(error, TimeoutError):
        return Answer(Verdict.SILENT, str(error) or "no answer in time")
    if error.errno == errno.EHOSTUNREACH:
        return Answer(Verdict.SILENT, "the host cannot be reached (filtered?)")
    if isinstance(error, Misspoken):
        return Answer(Verdict.OTHER, str(error))
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return Answer(Verdict.OTHER, "it broke the connection off")
    return Answer(Verdict.OTHER, f"could not look: {error.strerror or type(error).__name__}")


def guess(data: bytes) -> str:
    """Name the protocol of a peer by its first bytes."""
    known = {
        b"HTTP/": "HTTP",
        b"\x15\x03": "TLS",
        b"\x16\x03": "TLS",
        b"-": "Redis",
        b"+": "Redis",
        b"SSH-": "SSH",
        b"\x00\x00": "HTTP/2",
    }
    return next((name for start, name in known.items() if data.startswith(start)), "something else")
