"""A job as its enqueuer sees it: id and status."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from doclife.core.context import current
from doclife.core.errors import JobNotFound
from doclife.outbox.staging import StagedJob
from doclife.schema.tables import background_job
from doclife.uow.unit import UnitOfWork, current_unit

_job = background_job.c

#: statuses in which a job is still to end
OPEN = ("queued", "started")


class Job:
    """A job that was enqueued; staged with the transaction until its commit."""

    def __init__(self, id: str, staged: StagedJob | None = None) -> None:
        self.id = id
        self._staged = staged

    def status(self) -> str:
        """Returns staged, dropped, queued, started, finished, failed or cancelled.

        Raises:
            JobNotFound: its row was pruned (finished jobs are kept for a day), or never was.
        """
        if self._staged is not None and self._staged.state != "queued":
            return self._staged.state
        row = current_unit().link.execute(select(_job.status).where(_job.name == self.id)).first()
        if row is None:
            raise JobNotFound(f"there is no job {self.id}; finished jobs are kept for a day, failed ones for 30 days")
        return str(row.status)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<Job {self.id}>"


def key_is_taken(unit: UnitOfWork, key: str) -> bool:
    """Tells whether a job with this key is staged in this unit, queued or started."""
    if any(job.dedup_key == key for job in unit.staged()):
        return True
    return unit.link.execute(select(_job.name).where(_job.dedup_key == key)).first() is not None


def is_job_enqueued(job_id: str) -> bool:
    """Tells whether a job is staged in the open transaction, queued or started.

    Args:
        job_id: as given to `enqueue` (or its job_name), or the `id` of the Job it returned.
    """
    unit: UnitOfWork = current().unit
    if any(job_id in (job.dedup_key, job.id) for job in unit.staged()):
        return True
    either: Any = or_(_job.dedup_key == job_id, _job.name == job_id)
    return unit.link.execute(select(_job.name).where(either, _job.status.in_(OPEN))).first() is not None
