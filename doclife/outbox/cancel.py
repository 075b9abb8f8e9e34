"""Cancelling a job: one that waits by its row alone, one that runs with the help of its worker."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select, update

from doclife.core import clock
from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable, JobNotFound
from doclife.core.log import get_logger
from doclife.database.link import Database
from doclife.outbox import runs
from doclife.outbox.complete import GIVE_UP_KEY
from doclife.outbox.workers import Liveness
from doclife.queue.protocol import Broker
from doclife.schema.tables import background_job

JOB_CANCELLED = "job_cancelled"
FORGETTING_FAILED = "cancelled_job_is_in_its_queue_still"

#: seconds between two looks at a job that is to stop, and between two times its worker is asked
LOOK_S = 0.1
ASK_S = 2.0

_job = background_job.c

log = get_logger(__name__)


def cancel(database: Database, broker: Broker, liveness: Liveness, job_id: str, *, wait_s: float = 10) -> str:
    """Cancels a job that has not ended.

    One that waits never runs. One that runs is interrupted where it stands (by a BaseException in
    it, see `doclife.worker.timeout`): its transaction is rolled back; what it has committed before
    stays. Neither its on_failure nor another attempt follows, and its key is free.

    Args:
        database: the site's.
        broker: the site's; it may be down.
        liveness: how the site's workers are asked.
        job_id: of the job.
        wait_s: seconds to wait for a running job to stop.
    Returns:
        Its status now: cancelled; finished or failed when it had ended before; started when it has
        not stopped yet. Then its worker goes on stopping it, and kills itself in the end.
    Raises:
        JobNotFound: there is no such job.
    Order: outside a transaction that has locked the row.
    """
    deadline, ask_at = monotonic() + wait_s, 0.0
    while True:
        row = _look(database, job_id)
        if row.status == "queued":
            if _end(database, row):
                _forget(broker, job_id)
                return "cancelled"
            continue  # it was claimed in this moment
        if row.status != "started":
            return str(row.status)
        if row.worker is None or row.worker in liveness.dead([row.worker]):
            _end(database, row)
            continue
        if monotonic() >= ask_at:
            # Again and again: a worker has room for one question, another one may have replaced this.
            liveness.ask(row.worker, {"cancel": job_id, "fence": row.fence})
            ask_at = monotonic() + ASK_S
        if monotonic() >= deadline:
            return "started"
        time.sleep(LOOK_S)


def _look(database: Database, job_id: str) -> Any:
    query = select(_job.name, _job.status, _job.fence, _job.worker, _job.label).where(_job.name == job_id)
    with database.reading() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise JobNotFound(f"there is no job {job_id}; finished jobs are kept for a day, failed ones for 30 days")
    return row


def _end(database: Database, row: Any) -> bool:
    """Ends a job that nobody runs; returns whether it still was as it was seen."""
    statement = (
        update(background_job)
        .where(_job.name == row.name, _job.status == row.status, _job.fence == row.fence)
        .values(status="cancelled", ended_at=clock.utc_now(), **GIVE_UP_KEY)
    )
    with database.transaction() as connection:
        done = connection.execute(statement).rowcount == 1
        if done and runs.is_scheduled(row.label):
            runs.ended(connection, row.name, "cancelled")
    if done:
        log.info(JOB_CANCELLED, job=row.name)
    return done


def _forget(broker: Broker, job_id: str) -> None:
    try:
        broker.forget([job_id])
    except BrokerUnavailable as error:  # whoever gets it finds nothing to claim
        log.debug(FORGETTING_FAILED, job=job_id, reason=str(error))
