"""Release: giving the ids of committed jobs to the broker."""

from __future__ import annotations

from collections.abc import Sequence

from doclife.core import clock
from doclife.core.errors import BrokerUnavailable
from doclife.core.log import get_logger
from doclife.outbox.claim import ClaimedJob
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
    release(broker, [ticket(job) for job in jobs if job.run_at is None or job.run_at <= now])


def release(broker: Broker, tickets: Sequence[Ticket]) -> bool:
    """Pushes tickets and returns whether the broker took them; what it did not take the relay delivers later."""
    if not tickets:
        return True
    try:
        broker.release(tickets)
    except BrokerUnavailable as error:  # the breaker has said so once, for all calls while it is down
        log.debug(RELEASE_FAILED, jobs=len(tickets), reason=str(error))
        return False
    return True


def ticket(job: StagedJob | ClaimedJob) -> Ticket:
    """Returns the ticket of a job that is queued now, or queued again."""
    return Ticket(job.id, job.queue, bool(job.at_front), job.method, job.timeout)
