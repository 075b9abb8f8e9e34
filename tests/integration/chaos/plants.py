"""Defects that are planted into the processes of a run, to see that the suite finds them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from doclife.outbox import claim, complete
from doclife.outbox.rescue import Rescuer
from doclife.schema.tables import background_job
from doclife.uow.unit import UnitOfWork

_job = background_job.c


def no_rescue() -> None:
    """Jobs of dead workers stay started for ever: they are lost."""
    Rescuer.bury = lambda self, dead, *rest: 0  # type: ignore[method-assign,assignment,misc]


def keeps_undone() -> None:
    """A savepoint that is undone does not undo its jobs, as in Frappe: they are ghosts."""
    undo = UnitOfWork.roll_back

    def roll_back(self: UnitOfWork, frame: Any) -> None:
        jobs = [job for each in self.frames[self.frames.index(frame) :] for job in each.jobs or ()]
        undo(self, frame)
        for job in jobs:
            job.state = "staged"
            self.stage(job)

    UnitOfWork.roll_back = roll_back  # type: ignore[method-assign]


def no_fence() -> None:
    """Who was taken for dead and wakes commits all the same: doubles."""
    finish = complete.finish

    def take_back(link: Any, job: Any, *given: Any, **more: Any) -> None:
        link.execute(update(background_job).where(_job.name == job.id).values(fence=job.fence, status="started"))
        finish(link, job, *given, **more)

    complete.verify = lambda *given, **more: None
    complete.finish = take_back


def claims_anything() -> None:
    """Whatever id comes out of the broker is run, whether or not it has run: doubles."""
    claimed = claim._claim

    def again(connection: Any, job_id: str, worker: str, now: Any) -> Any:
        connection.execute(
            update(background_job)
            .where(_job.name == job_id, _job.status == "finished")
            .values(status="queued", released_at=now)
        )
        return claimed(connection, job_id, worker, now)

    claim._claim = again
