"""Asking a worker where the job is that it runs."""

from __future__ import annotations

import time
from typing import Any

from doclife.core.clock import monotonic
from doclife.core.errors import JobError
from doclife.jobs.listing import show_job
from doclife.outbox.workers import liveness_of

#: seconds to wait for the answer; a worker looks once a second
WAIT_S = 5.0
LOOK_S = 0.05


def stack_of(site: Any, job_id: str, *, wait_s: float = WAIT_S) -> str:
    """Returns the stack of the thread that runs a job, as text.

    Args:
        site: a loaded `doclife.site.runtime.Site`.
        job_id: id of the job, or its key.
        wait_s: seconds to wait for its worker's answer.
    Raises:
        JobNotFound: there is no such job.
        JobError: it does not run, its worker is dead, or has not answered.
    """
    job = show_job(site.database, job_id)
    if job.status != "started" or job.worker is None:
        raise JobError(f"job {job.id} ({job.method}) is {job.state}: only a job that runs has a stack")
    liveness = liveness_of(site.database, site.folder)
    if liveness.dead([job.worker]) or not liveness.ask(job.worker, {"stack": job.id}):
        raise JobError(
            f"the worker {job.worker} that ran job {job.id} ({job.method}) is dead; the relay of any worker or "
            "scheduler that runs queues the job again within a minute"
        )
    deadline = monotonic() + wait_s
    while monotonic() < deadline:
        answer = liveness.answered(job.worker)
        if answer is not None and answer.startswith(f"job {job.id} "):  # no stack: it has ended in this moment
            raise JobError(answer)
        if answer is not None:
            return answer
        time.sleep(LOOK_S)
    status = show_job(site.database, job.id).state
    raise JobError(
        f"the worker {job.worker} has not answered within {wait_s:g} s"
        + (f"; job {job.id} is {status} by now" if status != "started" else "; is its process stopped, or in C code?")
    )
