"""How a run that did not finish is written: failed, queued again, cancelled, given back."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from doclife.core.log import get_logger
from doclife.core.storable import storable, text_of
from doclife.doctypes import error_log
from doclife.jobs import missing
from doclife.jobs.missing import MethodMissing
from doclife.jobs.retry import DEFAULT_MAX, RetryJob, from_row
from doclife.outbox import complete
from doclife.outbox.claim import ClaimedJob
from doclife.outbox.followup import follow_up
from doclife.outbox.release import release, ticket
from doclife.outbox.staging import StagedJob, insert_jobs
from doclife.queue.protocol import Outcome
from doclife.site.runtime import Site
from doclife.worker.patience import is_passing, patiently
from doclife.worker.timeout import JobCancelled, JobGivenBack, JobTimedOut

JOB_CANCELLED = "job_cancelled"
JOB_FAILED = "job_failed"
JOB_GIVEN_BACK = "job_given_back"
JOB_LOST = "job_lost"
JOB_QUEUED_AGAIN = "job_queued_again"
METHOD_MISSING = "job_waits_for_its_method"

#: a job that lost so often against others waits before it tries again
CONFLICTS_AT_ONCE = 2

log = get_logger(__name__)


class Ending:
    """Writes the end of one run, in a transaction of its own, if the job still is that run's."""

    def __init__(self, site: Site, claimed: ClaimedJob) -> None:
        """Writes nothing yet.

        Args:
            site: whose job it is.
            claimed: as claimed.
        """
        self.site, self.claimed = site, claimed

    def record(self, error: BaseException, reason: BaseException) -> Outcome:
        """Writes how the run ended.

        Args:
            error: what came out of it; the text that is kept.
            reason: what counts.
        Returns:
            "failed"; "" when the job is queued again or cancelled, or was not this run's any more.
        Order: after the run's own transaction has ended.
        """
        if isinstance(reason, JobGivenBack):
            return self._give_back()
        if isinstance(reason, JobCancelled):
            return self._cancelled(error)
        if isinstance(reason, MethodMissing):
            return self._wait_for_method(reason)
        return self._failed(error, reason)

    def _failed(self, error: BaseException, reason: BaseException) -> Outcome:
        """Records a failure and decides whether there is another run."""
        claimed = self.claimed
        text = error_log.describe(error)
        after_s, counters = next_run(claimed, reason)
        if after_s is not None:
            return self._queue_again(after_s, counters, text)
        follow_ups: list[StagedJob] = []

        def record(connection: Connection) -> bool:
            if not complete.fail(connection, claimed, text, **counters):
                return False
            record_failure(connection, self.site, claimed, f"{claimed.method}: {_first_line(reason)}", text, follow_ups)
            return True

        if not self._in_transaction(record):
            log.warning(JOB_LOST, job=claimed.id, reason="it had ended, or belongs to another worker", error=text)
            return ""
        log.error(JOB_FAILED, job=claimed.id, method=claimed.method, user=claimed.run_as, error=_first_line(reason))
        if follow_ups:
            self.site.release(follow_ups)
        return "failed"

    def _cancelled(self, error: BaseException) -> Outcome:
        text = error_log.describe(error)
        if self._in_transaction(lambda connection: complete.cancel(connection, self.claimed, error=text)):
            log.warning(JOB_CANCELLED, job=self.claimed.id, method=self.claimed.method)
        return ""

    def _wait_for_method(self, error: MethodMissing) -> Outcome:
        claimed, after_s = self.claimed, missing.wait_for(self.claimed.attempt)
        text = storable(missing.note_of(error))
        if self._in_transaction(lambda c: complete.requeue(c, claimed, error=text, after_s=after_s)):
            log.warning(METHOD_MISSING, job=claimed.id, method=claimed.method, after_s=after_s, reason=text_of(error))
        return ""

    def _queue_again(self, after_s: float, counters: dict[str, int], text: str) -> Outcome:
        claimed = self.claimed
        if self._in_transaction(lambda c: complete.requeue(c, claimed, error=text, after_s=after_s, **counters)):
            log.info(JOB_QUEUED_AGAIN, job=claimed.id, method=claimed.method, after_s=after_s, **counters)
            if after_s == 0:
                release(self.site.broker, [ticket(claimed)])
        return ""

    def _give_back(self) -> Outcome:
        if self._in_transaction(lambda connection: complete.give_back(connection, self.claimed)):
            log.info(JOB_GIVEN_BACK, job=self.claimed.id, method=self.claimed.method)
            release(self.site.broker, [ticket(self.claimed)])
        return ""

    def _in_transaction(self, write: Callable[[Connection], bool]) -> bool:
        def work() -> bool:
            with self.site.database.transaction() as connection:
                return write(connection)

        return patiently(work, again=is_passing)  # each of them asks the row first


def next_run(claimed: ClaimedJob, error: BaseException) -> tuple[float | None, dict[str, int]]:
    """Returns the seconds until the next run, or None for none, and the counters that this run changes.

    Args:
        claimed: the job as it was claimed for the run that ended.
        error: by which it ended.
    """
    policy = from_row(claimed.retry)
    if is_passing(error):
        counters = {"conflicts": claimed.conflicts + 1}
        if claimed.conflicts >= DEFAULT_MAX:
            return None, counters
        return (0.0 if claimed.conflicts < CONFLICTS_AT_ONCE else 2.0**claimed.conflicts), counters
    counters = {"exceptions": claimed.exceptions + 1}
    if isinstance(error, RetryJob):
        allowed = policy.max if policy is not None else DEFAULT_MAX
        return (max(error.after, 0.0) if claimed.exceptions < allowed else None), counters
    if policy is None or claimed.exceptions >= policy.max or not isinstance(error, (Exception, JobTimedOut)):
        return None, counters
    return policy.delay(claimed.exceptions + 1), counters


def record_failure(
    connection: Connection, site: Site, job: ClaimedJob, title: str, text: str, follow_ups: list[StagedJob]
) -> None:
    """Writes what belongs to a job that has failed for good: its Error Log, and its `on_failure` job.

    Args:
        connection: in the transaction that fails the job.
        site: whose job it is.
        job: as claimed.
        title: one line.
        text: the whole story.
        follow_ups: gets the job that is to be released after the commit.
    """
    zone = site.settings.time_zone
    values = error_log.entry(job.run_as, title, text, time_zone=zone, job=job.id)
    connection.execute(error_log.ErrorLog.__table__.insert().values(values))
    follow_ups.clear()
    if job.on_failure is not None:
        follow_ups.append(follow_up(job.on_failure, job, error=text))
        insert_jobs(connection, follow_ups, time_zone=zone)


def _first_line(error: BaseException) -> str:
    text = text_of(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
