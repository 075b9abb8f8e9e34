"""Looking at jobs: lists, one job, and figures per queue; for the command line and whoever watches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, select

from doclife.core import clock, json
from doclife.core.context import current_or_none
from doclife.core.errors import JobNotFound
from doclife.database.link import Database
from doclife.jobs.selection import SCHEDULED, Selection
from doclife.schema.tables import background_job

_job = background_job.c


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A job as a list shows it; times are naive, in the site's zone inside a context, else UTC."""

    id: str
    method: str
    queue: str
    status: str
    label: str | None
    run_as: str
    attempt: int
    #: seconds
    timeout: int
    worker: str | None
    run_at: datetime
    enqueued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long its last run took, or None: it has not ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (to_utc(self.ended_at) - to_utc(self.started_at)).total_seconds()

    @property
    def state(self) -> str:
        """Its status as people see it: a queued job whose time has not come is "scheduled"."""
        return SCHEDULED if self.status == "queued" and to_utc(self.run_at) > clock.utc_now() else self.status


class JobDetail(JobRow, frozen=True, kw_only=True):
    """Everything about one job."""

    #: as JSON shows them: documents and special types with their tags
    kwargs: Any
    dedup_key: str | None
    #: what its key was, of a job that has ended
    ended_key: str | None
    at_front: int
    #: when its id was last given to the broker; None: not yet
    released_at: datetime | None
    fence: int
    max_attempts: int
    exceptions: int
    conflicts: int
    kills: int
    retry: dict[str, Any] | None
    progress: Any
    #: how far its steps are, by step
    cursor: Any
    #: dotted paths of what follows its end
    on_success: str | None
    on_failure: str | None
    result: Any
    error: str | None


class QueueStats(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one queue."""

    queue: str
    #: due and waiting for a worker
    queued: int
    #: for later
    scheduled: int
    started: int
    finished: int
    failed: int
    cancelled: int
    #: seconds that the oldest due job has been waiting, or None
    oldest_s: float | None


def list_jobs(
    database: Database,
    selection: Selection | None = None,
    *,
    status: str | Sequence[str] | None = None,
    queue: str | None = None,
    method: str | None = None,
    start: int = 0,
    limit: int = 20,
) -> list[JobRow]:
    """Returns jobs, the newest first.

    Args:
        database: the site's.
        selection: which; None: what the next three say.
        status: one or several of STATUSES, or "scheduled"; None: all.
        queue: of this queue alone.
        method: dotted path, or the beginning of one that ends with `*`.
        start: leave out so many.
        limit: at most so many.
    Raises:
        ValidationError: there is no such status.
    """
    if selection is None:
        statuses = () if status is None else (status,) if isinstance(status, str) else tuple(status)
        selection = Selection(status=statuses, queue=queue, method=method)
    query = (
        select(*_columns(JobRow))
        .where(*selection.conditions())
        .order_by(_job.name.desc())  # ids grow with time
        .offset(start)
        .limit(limit)
    )
    with database.reading() as connection:
        return [JobRow(**dict(zip(JobRow.__struct_fields__, row, strict=True))) for row in connection.execute(query)]


def count_jobs(database: Database, selection: Selection) -> int:
    """Returns how many jobs a selection means."""
    query = select(func.count()).select_from(background_job).where(*selection.conditions())
    with database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def show_job(database: Database, job_id: str) -> JobDetail:
    """Returns one job by its id, or by its key: the open one, else the newest that has ended.

    Raises:
        JobNotFound: there is none.
    """
    names = JobDetail.__struct_fields__
    row = None
    with database.reading() as connection:
        for condition in (_job.name == job_id, _job.dedup_key == job_id, Selection(key=job_id).conditions()[0]):
            query = select(*_columns(JobDetail)).where(condition).order_by(_job.name.desc()).limit(1)
            row = connection.execute(query).first()
            if row is not None:
                break
    if row is None:
        raise JobNotFound(f"there is no job {job_id!r}; finished jobs are kept for a day, failed ones for 30 days")
    values = dict(zip(names, row, strict=True))
    for name in ("kwargs", "result"):
        values[name] = None if values[name] is None else json.loads(values[name])
    for name in ("on_success", "on_failure"):
        values[name] = None if values[name] is None else json.loads(values[name])["method"]
    return JobDetail(**values)


def queue_stats(database: Database) -> list[QueueStats]:
    """Returns the figures of every queue that has jobs, by name."""
    now = clock.utc_now()
    counts = select(_job.queue, _job.status, func.count()).group_by(_job.queue, _job.status)
    due = (
        select(_job.queue, func.count(), func.min(_job.run_at))
        .where(_job.status == "queued", _job.run_at <= now)
        .group_by(_job.queue)
    )
    found: dict[str, dict[str, int]] = {}
    with database.reading() as connection:
        for queue, status, count in connection.execute(counts):
            found.setdefault(queue, {})[status] = count
        waiting = {queue: (count, oldest) for queue, count, oldest in connection.execute(due)}
    result = []
    for queue, by_status in sorted(found.items()):
        count, oldest = waiting.get(queue, (0, None))
        result.append(
            QueueStats(
                queue=queue,
                queued=count,
                scheduled=by_status.get("queued", 0) - count,
                started=by_status.get("started", 0),
                finished=by_status.get("finished", 0),
                failed=by_status.get("failed", 0),
                cancelled=by_status.get("cancelled", 0),
                oldest_s=None if oldest is None else max((now - to_utc(oldest)).total_seconds(), 0.0),
            )
        )
    return result


def to_utc(moment: datetime) -> datetime:
    """Returns a time of a row as an aware one in UTC.

    Only so is the time between two right: on a day on which the clocks are changed, naive ones are an hour off.
    """
    return clock.to_utc(moment, zone_of_rows())


def zone_of_rows() -> str:
    """Returns the zone in which the times of rows are here and now: the site's in a context, else UTC."""
    context = current_or_none()
    return "UTC" if context is None else str(context.site.settings.time_zone)


def _columns(kind: type[JobRow]) -> list[ColumnElement[Any]]:
    return [_job["name" if name == "id" else name] for name in kind.__struct_fields__]
