"""Release: giving the ids of committed jobs to the broker."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from doclife.core import clock
from doclife.core.errors import BrokerUnavailable
from doclife.core.log import get_logger
from doclife.outbox.claim import ClaimedJob
from doclife.outbox.staging import StagedJob, is_due
from doclife.queue.protocol import Broker, Ticket

RELEASE_FAILED = "release_failed"

log = get_logger(__name__)


#: tickets a process keeps for its next release when the broker takes none; the relay has the rest
BACKLOG = 1000


def release_staged(
    broker: Broker, jobs: Sequence[StagedJob], *, time_zone: str, backlog: deque[Ticket] | None = None
) -> None:
    """Pushes the jobs that are due; a broker that is down is no error, the relay delivers later.

    Args:
        broker: the site's.
        jobs: as committed.
        time_zone: in which their `run_at` is.
        backlog: see `release`.
    """
    now = clock.utc_now()
    release(broker, [ticket(job) for job in jobs if is_due(job, now, time_zone)], backlog=backlog)


def release(broker: Broker, tickets: Sequence[Ticket], *, backlog: deque[Ticket] | None = None) -> bool:
    """Pushes tickets and returns whether the broker took them; what it did not take the relay delivers later.

    Args:
        broker: the site's.
        tickets: of queued jobs.
        backlog: what it did not take before goes with them, and what it does not take now stays
            there: a process that goes on working delivers sooner than the relay, which waits out
            its grace. An id that has run meanwhile does no harm, its claim fails.
    """
    if not tickets:
        return True
    waiting = list(backlog or ())
    try:
        broker.release([*waiting, *tickets])
    except BrokerUnavailable as error:  # the breaker has said so once, for all calls while it is down
        log.debug(RELEASE_FAILED, jobs=len(tickets), reason=str(error))
        if backlog is not None:
            backlog.extend(tickets)
        return False
    if backlog is not None:
        backlog.clear()
    return True


def ticket(job: StagedJob | ClaimedJob) -> Ticket:
    """Returns the ticket of a job that is queued now, or queued again."""
    return Ticket(job.id, job.queue, bool(job.at_front), job.method, job.timeout)
