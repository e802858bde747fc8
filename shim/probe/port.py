"""Whether something listens at all: connect, and hang up."""

from __future__ import annotations

from shim.probe.answer import Verdict, from_error
from shim.probe.wire import dial


def is_open(host: str, port: int, timeout: float = 1.0) -> Verdict:
    """Return OPEN (something accepts), ABSENT (nothing listens), SILENT (filtered?) or OTHER."""
    try:
        dial(host, port, timeout).close()
    except OSError as error:
        return from_error(error).verdict
    return Verdict.OPEN
