"""Claiming: the conditional UPDATE that decides who runs a job, however often its id was delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, or_, select, update

from doclife.core import clock
from doclife.database.link import Database, Link
from doclife.database.types import UtcDateTime
from doclife.outbox import runs
from doclife.schema.hot import HotStatement
from doclife.schema.tables import background_job

_job = background_job.c


class ClaimedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that a worker may run: its row as claimed."""

    id: str
    queue: str
    method: str
    #: packed JSON
    kwargs: str
    run_as: str
    label: str | None
    #: seconds
    timeout: int
    #: the number of this claim; the row's must still be the same at every commit
    fence: int
    attempt: int
    max_attempts: int
    exceptions: int
    conflicts: int
    kills: int
    retry: dict[str, Any] | None
    #: packed JSON, see `doclife.outbox.followup`
    on_success: str | None
    on_failure: str | None
    at_front: int


_FIELDS = ClaimedJob.__struct_fields__
#: columns in the order of ClaimedJob's fields
COLUMNS = [_job["name" if name == "id" else name] for name in _FIELDS]

_NOW = bindparam("now", type_=UtcDateTime())
_CLAIM = (
    update(background_job)
    .where(
        _job.name == bindparam("job_id"),
        _job.status == "queued",
        # Who released it found that it is due, by a clock that may be a little ahead of this host's.
        or_(_job.released_at.is_not(None), _job.run_at <= _NOW),
    )
    .values(
        status="started", fence=_job.fence + 1, attempt=_job.attempt + 1, worker=bindparam("claimer"), started_at=_NOW
    )
)
#: databases that have no RETURNING for an UPDATE
_WITHOUT_RETURNING = ("mysql", "mariadb")
_claim_here = HotStatement(_CLAIM)
_claim_returning = HotStatement(_CLAIM.returning(*COLUMNS), COLUMNS)
_read = HotStatement(select(*COLUMNS).where(_job.name == bindparam("job_id")), COLUMNS)


def claimed_job(row: Sequence[Any]) -> ClaimedJob:
    """Returns the job of a row that was selected by `COLUMNS`."""
    return ClaimedJob(**dict(zip(_FIELDS, row, strict=True)))


def claim(database: Database, job_id: str, worker: str) -> ClaimedJob | None:
    """Claims a queued job that is due, in a transaction of its own.

    Returns:
        The job, or None: it is not queued any more, not due yet, or does not exist.
    """
    now = clock.utc_now()
    link = database.link()
    try:
        link.begin_write()
        claimed = _claim(link, job_id, worker, now)
        link.commit()
    finally:
        link.close()
    return claimed


def claim_next(database: Database, queues: Sequence[str], worker: str) -> ClaimedJob | None:
    """Claims the next due job of the first of `queues` that has one, without asking a broker.

    For workers while the broker is down. Jobs at the front of a queue come first, then the oldest.
    """
    now = clock.utc_now()
    for queue in queues:
        for at_front in (1, 0):
            # Each is one look into the index (status, queue, at_front, run_at), without any lock.
            due = (
                select(_job.name)
                .where(_job.status == "queued", _job.queue == queue, _job.at_front == at_front, _job.run_at <= now)
                .order_by(_job.run_at, _job.name)
                .limit(1)
            )
            with database.reading() as connection:
                if connection.execute(due).first() is None:
                    continue
            with database.transaction() as connection:
                found = connection.execute(due.with_for_update(skip_locked=True)).first()
                claimed = None if found is None else _claim(connection, found.name, worker, now)
            if claimed is not None:
                return claimed
    return None


def _claim(on: Link | Connection, job_id: str, worker: str, now: datetime) -> ClaimedJob | None:
    params = {"job_id": job_id, "claimer": worker, "now": now}
    if on.dialect in _WITHOUT_RETURNING if isinstance(on, Link) else on.dialect.name in _WITHOUT_RETURNING:
        if _claim_here.run(on, params) == 0:
            return None
        rows = _read.rows(on, params)
    else:
        rows = _claim_returning.rows(on, params)
    if not rows:
        return None
    claimed = claimed_job(rows[0])
    if runs.is_scheduled(claimed.label):
        runs.started(on, job_id, now)
    return claimed
