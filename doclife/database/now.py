"""What time the database has it: one clock for processes on any number of hosts.

Who lives and who leads is decided by comparing a time that one process wrote with the time that
another one has. Were each to ask its own host, a host whose clock is a minute ahead would take every
worker of the others for dead.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Interval, func, literal, text, type_coerce

from doclife.core import clock
from doclife.database.types import UtcDateTime


def database_now(dialect: str, shift_s: float = 0.0) -> ColumnElement[datetime]:
    """Returns an expression: the time at which the database begins the statement, and some seconds.

    On SQLite it is this process's, since all of them are on one host. A clock that tests have moved
    is moved here too.

    Args:
        dialect: of the database.
        shift_s: seconds to add, negative for the past.
    """
    shift, moved = timedelta(seconds=shift_s), clock.moved()
    if dialect == "sqlite" or moved is None:
        return literal(clock.utc_now() + shift, UtcDateTime())
    shift += moved
    if dialect == "postgresql":
        # not clock_timestamp(), which may differ from row to row, so that no index could be asked
        now = func.timezone("UTC", func.statement_timestamp())
        return type_coerce(now + literal(shift, Interval()), UtcDateTime())
    microseconds = shift // timedelta(microseconds=1)
    return type_coerce(func.timestampadd(text("MICROSECOND"), microseconds, func.utc_timestamp(6)), UtcDateTime())
