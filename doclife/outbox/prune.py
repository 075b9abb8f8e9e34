"""Pruning: rows of jobs that ended long ago are removed, in batches, and those of locks that nobody has."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from doclife.core import clock
from doclife.database.link import Database
from doclife.outbox import holders
from doclife.schema.tables import background_job, scheduled_job_run

#: days for which a job's row is kept after its end, by status
KEEP_DAYS = {"finished": 1, "cancelled": 30, "failed": 30}
#: days for which it is known that a scheduled run happened
KEEP_RUNS_DAYS = 90
#: rows in one transaction
BATCH = 1000
#: transactions in one call
BATCHES = 10

_job = background_job.c
_run = scheduled_job_run.c


def prune(database: Database) -> int:
    """Removes rows whose time is over and returns how many; at most 10,000 of a status in one call."""
    now = clock.utc_now()
    removed = 0
    for status, days in KEEP_DAYS.items():
        ended = select(_job.name).where(_job.status == status, _job.ended_at < now - timedelta(days=days)).limit(BATCH)
        for _ in range(BATCHES):
            with database.reading() as connection:
                names = list(connection.execute(ended).scalars())
            if not names:
                break
            with database.transaction() as connection:
                connection.execute(delete(background_job).where(_job.name.in_(names), _job.status == status))
            removed += len(names)
    oldest = now - timedelta(days=KEEP_RUNS_DAYS)
    with database.reading() as connection:
        old_runs = connection.execute(select(_run.schedule).where(_run.due < oldest).limit(1)).first()
    if old_runs is not None:
        with database.transaction() as connection:
            removed += connection.execute(delete(scheduled_job_run).where(_run.due < oldest)).rowcount
    with database.reading() as connection:
        useless = holders.has_useless(connection, database.dialect)
    if useless:
        with database.transaction() as connection:
            removed += holders.prune(connection, database.dialect)
    return removed
