"""Staged jobs: what a unit of work holds until its commit writes them, all with one INSERT."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, bindparam, insert, select

from doclife.core import clock, ids
from doclife.core.context import current_or_none
from doclife.database.link import Link
from doclife.schema.hot import HotStatement
from doclife.schema.tables import background_job

#: ids that one statement looks up: databases count the parameters of a statement in 16 bits
LOOK_UP = 10_000

_job = background_job.c


class StagedJob(msgspec.Struct, kw_only=True):
    """A job before its row: the columns of `tabBackground Job` that the call decides."""

    id: str = msgspec.field(default_factory=lambda: str(ids.uuid7()))
    queue: str
    method: str
    #: packed JSON
    kwargs: str
    run_as: str
    #: seconds
    timeout: int
    label: str | None = None
    dedup_key: str | None = None
    #: naive site time; None: as soon as it is committed
    run_at: datetime | None = None
    at_front: bool = False
    max_attempts: int = 3
    retry: dict[str, Any] | None = None
    on_success: str | None = None
    on_failure: str | None = None
    #: staged, then queued or dropped
    state: str = "staged"


# fmt: off
_COLUMNS = [
    "name", "owner", "modified_by", "creation", "modified", "docstatus", "idx", "queue", "method", "kwargs", "run_as",
    "status", "run_at", "released_at", "max_attempts", "timeout", "enqueued_at",
]
# fmt: on
#: of few jobs; a driver in Python spends a microsecond on each that a thousand jobs leave empty
_RARE_COLUMNS = ["label", "at_front", "retry", "on_success", "on_failure"]


def _insert_of(columns: Sequence[str]) -> HotStatement:
    return HotStatement(insert(background_job).values({name: bindparam(name) for name in columns}))


_insert_plain = _insert_of(_COLUMNS)
_insert_all = _insert_of([*_COLUMNS, *_RARE_COLUMNS])


def insert_staged(link: Link, jobs: Sequence[StagedJob]) -> None:
    """Writes the rows of staged jobs and sets each job's state to queued or dropped.

    A job whose key is held by another queued or started job is dropped. Rows go in by key order,
    so that two transactions with the same keys in opposite orders do not deadlock.

    Order: in the transaction that commits them, as its last statements but the fence.
    """
    _insert(link, jobs, None)


def insert_jobs(connection: Connection, jobs: Sequence[StagedJob], *, time_zone: str) -> None:
    """Does what `insert_staged` does, for who writes jobs outside a unit of work.

    Args:
        connection: in a write transaction.
        jobs: without `run_at`.
        time_zone: the site's.
    """
    _insert(connection, jobs, time_zone)


def _insert(on: Link | Connection, jobs: Sequence[StagedJob], time_zone: str | None) -> None:
    now = clock.utc_now()
    zone = time_zone or _site_zone()
    site_now = clock.to_site(now, zone)
    ordered = sorted(jobs, key=lambda job: job.dedup_key or "")
    rows = [_row(job, now, site_now, is_due(job, now, zone)) for job in ordered]
    keyed = [job for job in ordered if job.dedup_key is not None]
    if not keyed:
        plain = not any(job.label or job.at_front or job.retry or job.on_success or job.on_failure for job in jobs)
        (_insert_plain if plain else _insert_all).run_many(on, rows)
    else:
        dialect = on.dialect if isinstance(on, Link) else on.dialect.name
        if dialect in ("mysql", "mariadb"):
            # There an INSERT locks the row that it meets. One that meets the keys of jobs that are
            # just ending, one after the other, deadlocks with their ends.
            taken = _found(on, _job.dedup_key, [str(job.dedup_key) for job in keyed])
            rows = [row for row in rows if row["dedup_key"] not in taken]
        if rows:
            on.execute(_ignoring_taken_keys(dialect), rows)
        written = _found(on, _job.name, [job.id for job in keyed])
        for job in keyed:
            if job.id not in written:
                job.state = "dropped"
    for job in jobs:
        if job.state == "staged":
            job.state = "queued"


def _found(on: Link | Connection, column: Column[Any], values: Sequence[str]) -> set[str]:
    """Returns those of the values that the column of some job has."""
    if len(values) == 1:  # a list of parameters costs more than the look-up
        return set(on.execute(select(column).where(column == values[0])).scalars())
    found: set[str] = set()
    for start in range(0, len(values), LOOK_UP):
        found.update(on.execute(select(column).where(column.in_(values[start : start + LOOK_UP]))).scalars())
    return found


def _ignoring_taken_keys(dialect: str) -> Any:
    """Returns the INSERT that skips rows whose dedup key is taken, and refuses every other conflict."""
    if dialect in ("mysql", "mariadb"):
        from sqlalchemy.dialects.mysql import insert as mysql_insert

        # INSERT IGNORE would also swallow values that do not fit; this touches nothing.
        return mysql_insert(background_job).on_duplicate_key_update(name=_job.name)
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgres_insert

        return postgres_insert(background_job).on_conflict_do_nothing(index_elements=["dedup_key"])
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(background_job).on_conflict_do_nothing(index_elements=["dedup_key"])


def is_due(job: StagedJob, now: datetime, time_zone: str) -> bool:
    """Tells whether a job may run.

    Args:
        job: as staged.
        now: aware.
        time_zone: of the site, in which the job's `run_at` is.
    """
    # In UTC: on the day on which a zone's clock is set back, the site's times do not say which of two is earlier.
    return job.run_at is None or clock.to_utc(job.run_at, time_zone) <= now


def _row(job: StagedJob, now: datetime, site_now: datetime, due: bool) -> dict[str, Any]:
    return {
        "name": job.id,
        "owner": job.run_as,
        "modified_by": job.run_as,
        "creation": site_now,
        "modified": site_now,
        "docstatus": 0,
        "idx": 0,
        "queue": job.queue,
        "method": job.method,
        "kwargs": job.kwargs,
        "run_as": job.run_as,
        "label": job.label,
        "status": "queued",
        "dedup_key": job.dedup_key,
        "run_at": job.run_at if job.run_at is not None else now,
        # Written as released although the release follows the commit: the relay compares old
        # ones with what the broker holds, so a release that never came is found, and the usual
        # case needs no second write.
        "released_at": now if due else None,
        "at_front": int(job.at_front),
        "max_attempts": job.max_attempts,
        "retry": job.retry,
        "on_success": job.on_success,
        "on_failure": job.on_failure,
        "timeout": job.timeout,
        "enqueued_at": now,
    }


def _site_zone() -> str:
    context = current_or_none()
    return "UTC" if context is None else str(context.site.settings.time_zone)
