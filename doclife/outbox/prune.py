"""Pruning: rows of jobs that ended long ago are removed, in batches, and those of locks that nobody has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Delete, Select, Table, delete, select

from doclife.core import clock
from doclife.database.link import Database
from doclife.outbox import holders
from doclife.schema.tables import background_job, scheduled_job_log, scheduled_job_run

#: days for which a job's row is kept after its end, by status
KEEP_DAYS = {"finished": 1, "cancelled": 30, "failed": 30}
#: days for which it is known that a scheduled run happened
KEEP_RUNS_DAYS = 90
#: days for which the log of a scheduled run is kept
KEEP_LOGS_DAYS = 90
#: rows in one transaction
BATCH = 1000
#: transactions in one call
BATCHES = 10

_job = background_job.c
_run = scheduled_job_run.c
_log = scheduled_job_log.c


def prune(database: Database) -> int:
    """Removes rows whose time is over and returns how many; some 10,000 of a kind at most in one call."""
    now = clock.utc_now()
    removed = 0
    for status, days in KEEP_DAYS.items():
        removed += _remove(database, background_job, _job.status == status, _job.ended_at < now - timedelta(days=days))
    # Site time, some hours off: it is there for every run, whether or not its job has ever begun.
    removed += _remove(
        database, scheduled_job_log, _log.creation < (now - timedelta(days=KEEP_LOGS_DAYS)).replace(tzinfo=None)
    )
    removed += _remove_runs(database, now - timedelta(days=KEEP_RUNS_DAYS))
    with database.reading() as connection:
        useless = holders.has_useless(connection, database.dialect)
    if useless:
        with database.transaction() as connection:
            removed += holders.prune(connection, database.dialect)
    return removed


def _remove(database: Database, table: Table, *conditions: ColumnElement[bool]) -> int:
    """Removes rows of a table of documents in batches, and returns how many."""
    found = select(table.c.name).where(*conditions)
    return _in_batches(database, found, lambda names: delete(table).where(table.c.name.in_(names), *conditions))


def _remove_runs(database: Database, before: datetime) -> int:
    """Removes rows of runs, the oldest first, in batches, and returns how many."""
    # Runs of one moment go together, so a batch has a few rows more. To name each by its key, of two columns, took
    # PostgreSQL ten times as long.
    oldest = select(_run.due).where(_run.due < before).order_by(_run.due)
    return _in_batches(database, oldest, lambda dues: delete(scheduled_job_run).where(_run.due <= dues[-1]))


def _in_batches(database: Database, found: Select[Any], removal: Callable[[list[Any]], Delete]) -> int:
    """Removes rows, each batch in a transaction of its own, and returns how many.

    Args:
        database: the site's.
        found: by one column, which rows there are.
        removal: the statement that removes a batch, from what was found of it.
    """
    removed = 0
    for _ in range(BATCHES):
        with database.reading() as connection:
            batch = list(connection.execute(found.limit(BATCH)).scalars())
        if not batch:
            break
        with database.transaction() as connection:
            removed += connection.execute(removal(batch)).rowcount
    return removed
