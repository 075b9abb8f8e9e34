"""Signals of a worker's processes: being told to end, and moments in which that must wait."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

#: what tells a process to end
ENDING = (signal.SIGTERM, signal.SIGINT)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Has SIGTERM and SIGINT call `stop`. Order: in the main thread."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    for number in ENDING:
        signal.signal(number, handle)


@contextmanager
def signals_held() -> Iterator[None]:
    """Lets SIGTERM and SIGINT wait until the end of the block, as between a fork and the note of its number."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
