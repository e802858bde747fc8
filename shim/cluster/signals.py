"""Signals that mean "end": heeded while a node is started, so that none leaves half of it behind."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Signalled(BaseException):
    """A signal asked us to end; no ``except Exception`` may swallow that."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def name(self) -> str:
        """The signal's name, as ``kill -l`` has it."""
        return signal.Signals(self.number).name

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as a shell counts."""
        return 128 + self.number


@contextlib.contextmanager
def heeded() -> Iterator[None]:
    """Raise `Signalled` at the first of these signals, and let the rest pass while what it interrupts is undone.

    One that is ignored stays so: ``nohup shim start``, and Ctrl-C for a job in the background.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may: whoever runs us in another has the signals
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    heard = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}

    def stop(number: int, _frame: FrameType | None) -> None:
        for other in heard:
            signal.signal(other, signal.SIG_IGN)
        raise Signalled(number)

    try:
        for number in heard:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
