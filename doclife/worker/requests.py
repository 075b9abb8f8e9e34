"""What a worker that runs a job can be asked for: to stop the job, or to say where it is."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from doclife.core.log import get_logger
from doclife.outbox.workers import Liveness
from doclife.worker.timeout import JobCancelled, TimeLimit

CANCEL_ASKED = "job_cancel_asked"

#: the file whose frames, and those before them, are the worker's own
_RUNNER = str(Path(__file__).with_name("run.py"))

log = get_logger(__name__)


def look(liveness: Liveness, worker: str, limit: TimeLimit) -> None:
    """Does what the worker is asked for, if anything.

    Args:
        liveness: of the site's workers.
        worker: name of this one.
        limit: of the job that it runs.
    Order: about once a second while a job runs, in another thread than the job's.
    """
    request = liveness.asked(worker)
    if request is None:
        return
    if "stack" in request:
        liveness.answer(worker, _stack(request["stack"], limit))
    elif (request.get("cancel"), request.get("fence")) == (limit.job, limit.fence) and limit.interrupt(
        JobCancelled("was cancelled")
    ):
        if limit.raised is None:
            log.info(CANCEL_ASKED, worker=worker, job=limit.job)
        # Put back, until the job has ended: who finds this worker dead then knows that the job is not to run again.
        liveness.ask(worker, request)


def _stack(job: str, limit: TimeLimit) -> str:
    frame = sys._current_frames().get(limit.thread)
    if job != limit.job or frame is None:
        return f"job {job} does not run here (any more)"
    frames = traceback.extract_stack(frame)
    own = [position for position, each in enumerate(frames) if each.filename == _RUNNER]
    return "".join(traceback.format_list(frames[own[-1] + 1 :] if own else frames)).rstrip()
