"""Keeping the books of jobs although others hold the database's locks for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from doclife.uow.retry import is_conflict

#: tries in all; the pauses between them sum to about 20 s
TRIES = 12
LONGEST_PAUSE_S = 3.0

Result = TypeVar("Result")


def patiently(work: Callable[[], Result]) -> Result:
    """Runs a short transaction, again after a pause while it loses against others.

    Args:
        work: opens and ends its own transaction.
    Raises:
        TransactionError: it lost to the last. The caller gives up the job; its rescue decides.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return work()
        except Exception as error:
            if attempt == TRIES or not is_conflict(error):
                raise
            time.sleep(min(0.02 * 2**attempt, LONGEST_PAUSE_S))
    raise AssertionError("unreachable: the last try returns or raises")
