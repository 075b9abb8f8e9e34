"""Keeping the books of jobs although others hold the database's locks for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from doclife.core.errors import DatabaseUnavailable
from doclife.uow.retry import is_conflict

#: tries in all; the pauses between them sum to about 20 s
TRIES = 12
LONGEST_PAUSE_S = 3.0

Result = TypeVar("Result")


def is_passing(error: BaseException) -> bool:
    """Tells whether a job, or what is written about one, may succeed when it is run again.

    Beside conflicts, a connection to the database that was lost: nobody knows then whether a COMMIT
    was done, but whoever runs a job again asks its row first.
    """
    if isinstance(error, DBAPIError) and error.connection_invalidated:  # of a session
        return True
    return isinstance(error, DatabaseUnavailable) or is_conflict(error)


def patiently(work: Callable[[], Result], *, again: Callable[[BaseException], bool] = is_conflict) -> Result:
    """Runs a short transaction, again after a pause while it loses against others.

    Args:
        work: opens and ends its own transaction.
        again: tells after which errors; `is_passing` where it does no harm to do the same work twice.
    Raises:
        TransactionError: it lost to the last. The caller gives up the job; its rescue decides.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return work()
        except Exception as error:
            if attempt == TRIES or not again(error):
                raise
            time.sleep(min(0.02 * 2**attempt, LONGEST_PAUSE_S))
    raise AssertionError("unreachable: the last try returns or raises")
