"""Fetch the join record from a head, waiting for one that is not there yet.

The legacy password is never sent: only the ``join`` user's password, which is derived from it.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from shim.join.credential import encode
from shim.join.derivation import Derivation
from shim.join.failure import Head, NotYetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shim.join.record import JoinRecord
    from shim.secret import Secret

FIRST_PAUSE, LONGEST_PAUSE = (
    0.2,
    2.0,
)  # seconds between tries; a whole Slurm job asks at once, hence the jitter


def fetch(
    host: str,
    port: int,
    password: Secret,
    *,
    timeout: float,
    gcs_port: int,
    wait: float,
    progress: Callable[[str], None] | None = None,
) -> JoinRecord:
    """Return the join record of the cluster whose head is at ``host``.

    Args:
        host: Name or address of the head.
        port: Its join port.
        password: The legacy password.
        timeout: Seconds for one connection and for each reply.
        gcs_port: Its GCS port, only knocked at: to tell a closed join from a head that is not there.
        wait: Seconds to go on trying while the head is not there yet; 0 tries once.
        progress: Told once per reason why we wait.

    Raises:
        WrongPasswordError: The join service refuses the password.
        RecordError: The record is forged, damaged, of another protocol, or from our future.
        JoinError: The join is closed or filtered, or something else listens there; `NotYetError` when the
            head did not come within ``wait`` seconds.
        ShimError: The password is no text that can be one.
    """
    encode(password)
    head, key = Head(host, port, gcs_port), Derivation(password)

    from shim.join.conversation import ask
    from shim.join.record import open_record

    data = _persist(lambda: ask(head, key.result, timeout), wait=wait, progress=progress)
    return open_record(data, key.result(), now=time.time())


def _persist(ask: Callable[[], bytes], *, wait: float, progress: Callable[[str], None] | None) -> bytes:
    """Ask until there is an answer, the reason is final, or patience (``wait``, or the reason's own) ends."""
    start, pause, told = time.monotonic(), FIRST_PAUSE, ""
    since = start
    while True:
        try:
            return ask()
        except NotYetError as error:
            now = time.monotonic()
            if error.what != told:
                told, since = error.what, now
                if progress is not None and wait > 0:
                    progress(f"Waiting: {error.what}")
            left = min(start + wait, since + error.patience) - now
            if left <= 0:
                raise
            time.sleep(min(pause * random.uniform(0.5, 1), left))  # noqa: S311 - spreads load, keeps no secret
            pause = min(pause * 1.5, LONGEST_PAUSE)
