"""Release: giving the ids of committed jobs to the broker."""

from __future__ import annotations

from collections.abc import Sequence

from doclife.core import clock
from doclife.core.errors import BrokerUnavailable
from doclife.core.log import get_logger
from doclife.outbox.staging import StagedJob
from doclife.queue.protocol import Broker, Ticket

RELEASE_FAILED = "release_failed"

log = get_logger(__name__)


def release_staged(broker: Broker, jobs: Sequence[StagedJob], *, time_zone: str) -> None:
    """Pushes the jobs that are due; a broker that is down is no error, the relay delivers later.

    Args:
        broker: the site's.
        jobs: as committed.
        time_zone: in which their `run_at` is.
    """
    now = clock.now(time_zone)
    tickets = [
        Ticket(job.id, job.queue, job.at_front, job.method, job.timeout)
        for job in jobs
        if job.run_at is None or job.run_at <= now
    ]
    if not tickets:
        return
    try:
        broker.release(tickets)
    except BrokerUnavailable as error:
        log.warning(RELEASE_FAILED, jobs=len(tickets), reason=str(error))
