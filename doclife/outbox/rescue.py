"""Rescue: jobs whose worker has died run again, or are given up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, select

from doclife.core.errors import BrokerUnavailable
from doclife.core.log import get_logger
from doclife.database.link import Database
from doclife.outbox import complete, workers
from doclife.outbox.claim import COLUMNS, ClaimedJob, claimed_job
from doclife.outbox.delivery import release_again
from doclife.outbox.release import release, ticket
from doclife.outbox.staging import StagedJob
from doclife.outbox.workers import Liveness
from doclife.queue.protocol import Broker
from doclife.schema.tables import background_job

JOB_RESCUED = "job_rescued"
JOB_GIVEN_BACK = "job_given_back"
JOB_DEAD = "job_dead"

_job = background_job.c

#: writes the Error Log of a job that is given up, and its on_failure job, which it returns;
#: takes the connection, the job and the reason
RecordDead = Callable[[Connection, ClaimedJob, str], list[StagedJob]]

log = get_logger(__name__)


class Rescuer:
    """Finds jobs that were started by workers that do not live any more."""

    def __init__(self, database: Database, broker: Broker, liveness: Liveness, record_dead: RecordDead) -> None:
        """Rescues the jobs of one site.

        Args:
            database: the site's.
            broker: the site's.
            liveness: how its workers show that they live.
            record_dead: keeps what is to be known of a job that is given up.
        """
        self._database, self._broker, self._liveness = database, broker, liveness
        self._record_dead = record_dead

    def run(self) -> int:
        """Rescues the jobs of all dead workers and returns how many; the workers' rows are removed."""
        query = select(_job.worker).where(_job.status == "started", _job.worker.is_not(None)).distinct()
        with self._database.reading() as connection:
            with_jobs = set(connection.execute(query).scalars())
        return self.bury(self._liveness.dead(with_jobs.union(workers.registered(self._database))))

    def bury(self, dead: Iterable[str], *, counted: bool = True) -> int:
        """Rescues the jobs of workers that are known to be dead, and removes what is left of these.

        Args:
            dead: their names.
            counted: False gives the jobs back as if they had not been begun: the workers were killed because they
                had to end, not by their jobs.
        Order: after their processes have ended.
        """
        rescued = 0
        for worker in dead:
            rescued += sum(self.rescue(job, worker, counted=counted) for job in self.started_by(worker))
            self._liveness.forget(worker)  # before its row, by which it is found again should this be interrupted
            workers.unregister(self._database, worker)
            try:
                # What it had popped and not claimed is in no queue; without this the reconciliation finds it.
                popped = self._broker.unregister_worker(worker)
                release_again(self._database, self._broker, popped)
                for id in popped:  # of those that it had run the broker keeps nothing
                    self._broker.done(id, worker)
            except BrokerUnavailable as error:
                log.debug(JOB_RESCUED, worker=worker, reason=str(error))
        return rescued

    def started_by(self, worker: str) -> list[ClaimedJob]:
        """Returns the jobs that stand as started by a worker."""
        query = select(*COLUMNS).where(_job.worker == worker, _job.status == "started")
        with self._database.reading() as connection:
            return [claimed_job(row) for row in connection.execute(query)]

    def rescue(self, job: ClaimedJob, worker: str, *, counted: bool = True) -> bool:
        """Queues a job again whose process has died, or gives it up after too many deaths, or because it was cancelled.

        Args:
            job: as claimed.
            worker: that claimed it; it may live on, if the job ran in a process of its own.
            counted: False: the process was killed because it had to end, and the attempt does not count.
        Returns:
            Whether it still was that claim's.
        Order: after its process has ended.
        """
        # A process that could not end a cancelled job has left this behind.
        asked = self._liveness.asked(worker)
        if asked is not None and (asked.get("cancel"), asked.get("fence")) == (job.id, job.fence):
            return self._cancel(job)
        return self._count_kill(job, worker) if counted else self._give_back(job)

    def _cancel(self, job: ClaimedJob) -> bool:
        with self._database.transaction() as connection:
            return complete.cancel(connection, job, error="it was cancelled, and its worker died while it ran")

    def _give_back(self, job: ClaimedJob) -> bool:
        with self._database.transaction() as connection:
            if not complete.give_back(connection, job):
                return False
        release(self._broker, [ticket(job)])
        log.info(JOB_GIVEN_BACK, job=job.id, method=job.method)
        return True

    def _count_kill(self, job: ClaimedJob, worker: str) -> bool:
        kills = job.kills + 1
        if kills < job.max_attempts:
            reason = f"its worker {worker} died while it ran (attempt {job.attempt}); it runs again"
            with self._database.transaction() as connection:
                if not complete.requeue(connection, job, error=reason, kills=kills):
                    return False
            release(self._broker, [ticket(job)])
            log.warning(JOB_RESCUED, job=job.id, method=job.method, worker=worker, kills=kills)
            return True
        reason = (
            f"its worker died while it ran {kills} times, the last was {worker}; it is not run again. Does it "
            f"take more memory than there is, or longer than {job.timeout} s in code that cannot be interrupted?"
        )
        with self._database.transaction() as connection:
            if not complete.fail(connection, job, reason, kills=kills):
                return False
            follow_ups = self._record_dead(connection, job, reason)
        log.error(JOB_DEAD, job=job.id, method=job.method, worker=worker, kills=kills)
        release(self._broker, [ticket(each) for each in follow_ups if each.state == "queued"])
        return True
