"""Running a unit again when it lost against another one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from doclife.core.errors import (
    DuplicateEntryError,
    QueryDeadlockError,
    QueryTimeoutError,
    TimestampMismatchError,
    TransactionAborted,
    TransactionControlError,
)
from doclife.database.errors import wrap_from_session
from doclife.uow.unit import current_unit

Result = TypeVar("Result")


def is_conflict(error: BaseException) -> bool:
    """Tells whether the same work may succeed when it is run again.

    True for deadlocks, serialisation failures and lock timeouts, and for a TimestampMismatch of a
    document that was loaded in the same transaction: nobody can have edited it in between.
    """
    if isinstance(error, DBAPIError):  # of a session or a connection that was used as it is
        error = wrap_from_session(error)
    if isinstance(error, DuplicateEntryError):
        return bool(error.context.get("conflict"))
    if isinstance(error, TimestampMismatchError):
        return bool(error.context.get("loaded_in_unit"))
    return isinstance(error, (QueryDeadlockError, QueryTimeoutError, TransactionAborted))


def retry_on_conflict(work: Callable[[], Result], *, attempts: int = 5, pause: float = 0.02) -> Result:
    """Runs `work` and commits; on a conflict rolls back and runs it again.

    Args:
        work: takes nothing; must load what it changes itself.
        attempts: runs in all, at least 1.
        pause: seconds before the second run; doubled with jitter each time.
    Raises:
        TransactionControlError: called inside an operation or a savepoint.
    Order: where nothing has been written yet; what was is rolled back too.
    """
    unit = current_unit()
    if unit.in_progress:
        raise TransactionControlError(
            "retry_on_conflict() was called inside a document operation or a savepoint, which it could not run again; "
            "call it around them, in the job or the request"
        )
    for attempt in range(1, attempts + 1):
        try:
            result = work()
            unit.commit()
        except Exception as error:
            unit.rollback()
            if attempt == attempts or not is_conflict(error):
                raise
            # The winner needs a moment to finish; random, so that two losers do not meet again.
            time.sleep(pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311 no secret
        else:
            return result
    raise AssertionError("unreachable: the last attempt returns or raises")
