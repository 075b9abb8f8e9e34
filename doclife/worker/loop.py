"""What a worker does: it takes one job after the other and runs each to its end.

It is registered as an RQ worker, but takes its jobs by a thin loop of its own: RQ's costs twenty
round trips a job. While the broker is down it takes them from the table. The loop here runs them
in its own process (`inproc`); `doclife.worker.fork` has the other kind.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import ClassVar, Literal

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable, DoclifeError, UnknownQueueError, nearest
from doclife.core.log import get_logger
from doclife.outbox.claim import ClaimedJob, claim, claim_next
from doclife.outbox.delivery import Reconciler, release_again
from doclife.queue.protocol import Outcome, State
from doclife.site.runtime import Site
from doclife.worker.patience import is_passing, patiently
from doclife.worker.presence import beat, liveness, present
from doclife.worker.pulse import Pulse
from doclife.worker.relaying import relay_of
from doclife.worker.run import run_claimed
from doclife.worker.starting import tell_broker_problems
from doclife.worker.stopping import StopFlag

WORKER_STARTED = "worker_started"
WORKER_ENDED = "worker_ended"
WORKER_SUSPENDED = "worker_suspended"
WORKER_RESUMED = "worker_resumed"
POLLING = "worker_polls_the_table"
NO_DATABASE = "worker_waits_for_the_database"
FOUND_MISSING = "worker_found_missing_jobs"
GIVING_BACK_FAILED = "worker_giving_back_failed"

#: where jobs run: in the worker's own process, or each in a process of its own
Isolation = Literal["inproc", "fork"]

#: seconds of one wait for a job; a worker that is told to end notices within it
WAIT_S = 1.0
#: seconds between two looks into the table while the broker is down
POLL_S = 1.0
#: seconds between two looks into the table while the queues are empty
LOOK_S = 5.0
#: seconds between two looks whether workers are suspended
SUSPENDED_S = 1.0
#: seconds after the broker has come back until the queues are compared with the table once more:
#: other processes went on for a moment without asking it
AGAIN_S = 5.0

log = get_logger(__name__)


def check_queues(site: Site, queues: Sequence[str]) -> tuple[str, ...]:
    """Returns the queues to serve, highest priority first; all of the site for none.

    Raises:
        UnknownQueueError: the site has no such queue.
    """
    known = site.settings.queues()
    for queue in queues:
        if queue not in known:
            raise UnknownQueueError(
                f"site {site.name} has no queue {queue!r}.{nearest(queue, known)} Queues: {', '.join(known)}"
            )
    return tuple(queues) or tuple(known)


class WorkerLoop:
    """One worker in this process, in which its jobs run too."""

    isolation: ClassVar[Isolation] = "inproc"

    def __init__(
        self,
        site: Site,
        queues: Sequence[str] = (),
        *,
        burst: bool = False,
        max_jobs: int = 0,
        name: str | None = None,
        parent: int = 0,
    ) -> None:
        """Prepares a worker; it is known to nobody yet.

        Args:
            site: whose jobs it runs.
            queues: highest priority first; none: all.
            burst: end when nothing due is left.
            max_jobs: end after so many; 0: never.
            name: chosen by its supervisor; None: a new one.
            parent: process id of its supervisor, without which it ends; 0: none.
        Raises:
            UnknownQueueError: the site has no such queue.
        """
        self.site = site
        self.queues = check_queues(site, queues)
        self._burst, self._max_jobs, self._name, self._parent = burst, max_jobs, name, parent
        self.stopping = StopFlag()
        self._worker = ""
        #: when the queues are to be compared with the table, by `monotonic`; None: they hold what is due
        self._compare_at: float | None = 0.0
        self._broker_was_down = self._database_was_down = False
        #: the last claim whose job was begun: id and fence
        self._begun = ("", 0)
        #: when to look into the table although the broker is up, by `monotonic`
        self._table_at = monotonic() + LOOK_S
        #: whether `rq suspend` holds, and when to look again, by `monotonic`
        self._suspended, self._ask_at = False, 0.0

    def stop(self) -> None:
        """Has the worker end when the job that it runs has ended; may be called by a signal's handler."""
        self.stopping.set()

    def run(self) -> int:
        """Runs jobs until it is told to stop, or is done; returns how many it ran."""
        stop = None if self._burst else self.stopping
        with present(self.site, queues=self.queues, isolation=self.isolation, name=self._name, stop=stop) as worker:
            self._worker = worker
            self._register()
            log.info(WORKER_STARTED, worker=worker, queues=self.queues, isolation=self.isolation)
            tell_broker_problems(self.site)
            try:
                with self._beside():
                    ran = self._work()
            finally:
                self._leave()
        log.info(WORKER_ENDED, worker=worker, jobs=ran)
        return ran

    @contextmanager
    def _beside(self) -> Iterator[None]:
        """Does for the block what a worker does beside its jobs: signs of life, and the relay if nobody else leads."""
        site, worker = self.site, self._worker
        relay = relay_of(site, worker)
        self._rescuer = relay.rescuer
        relay_stop = threading.Event()
        thread = threading.Thread(target=relay.run, args=(relay_stop,), name="relay", daemon=True)
        keep = partial(beat, site, worker, queues=self.queues, isolation=self.isolation)
        try:
            with Pulse(
                worker,
                site.broker,
                keep,
                parent=self._parent,
                stop=self.stopping,
                grace_s=site.settings.worker_grace,
                liveness=liveness(site),
            ) as self._pulse:
                thread.start()
                yield
        finally:
            relay_stop.set()
            if thread.ident is not None:
                thread.join()

    def _work(self) -> int:
        ran = 0
        while not self.stopping.is_set() and (not self._max_jobs or ran < self._max_jobs):
            if self._is_suspended():
                if self._burst:
                    break
                self._idle("suspended", SUSPENDED_S)
                continue
            try:
                if self._database_was_down:
                    self._put_straight()
                claimed = self._next()
                if claimed is None and self._burst and (claimed := self._from_table()) is None:
                    break
                if claimed is None:
                    continue
                ran, self._begun = ran + 1, (claimed.id, claimed.fence)
                outcome = self._run(claimed)
            except Exception as error:
                # On SQLite a job that writes for long keeps all others from writing, however patient they are.
                if self._burst or not is_passing(error):
                    raise
                self._note_database_down(error)
                continue
            self._done(claimed.id, outcome)
        return ran

    def _run(self, claimed: ClaimedJob) -> Outcome:
        return run_claimed(self.site, claimed, watch=self._pulse.watch, stop=self.stopping)

    def _next(self) -> ClaimedJob | None:
        """Returns the next job, or None when there was none for a moment."""
        self._pulse.catch_up()
        while True:
            try:
                if self._compare_at is not None and monotonic() >= self._compare_at:
                    self._compare()
                id = self.site.broker.pop(self.queues, self._worker, timeout=0 if self._burst else WAIT_S)
            except BrokerUnavailable as error:
                self._note_broker_down(error)
                claimed = self._from_table()
                if claimed is None and not self._burst:
                    self._idle("idle", POLL_S * random.uniform(0.7, 1.3))  # noqa: S311 no secret
                return claimed
            if id is None:
                return self._look_into_table()
            claimed = patiently(partial(claim, self.site.database, id, self._worker))
            if claimed is not None:
                return claimed
            self._done(id, "")  # delivered twice, cancelled, or gone
            if not self._burst:
                return None

    def _look_into_table(self) -> ClaimedJob | None:
        """Looks now and then, while the queues are empty, for what never came into them.

        A broker that was away for a moment while this worker ran a job is not noticed by it, and
        what others have released in vain would wait out the grace of the relay.
        """
        if self._burst or monotonic() < self._table_at:
            return None
        self._table_at = monotonic() + LOOK_S * random.uniform(0.7, 1.3)  # noqa: S311 no secret
        claimed = self._from_table()
        if claimed is not None:
            self._compare_at = 0.0  # where one is missing there may be more
        return claimed

    def _from_table(self) -> ClaimedJob | None:
        return patiently(lambda: claim_next(self.site.database, self.queues, self._worker))

    def _is_suspended(self) -> bool:
        """Looks once a second whether somebody has suspended all workers (`rq suspend`)."""
        if monotonic() >= self._ask_at:
            self._ask_at = monotonic() + SUSPENDED_S
            try:
                suspended = self.site.broker.suspended()
            except BrokerUnavailable:  # nobody can say so now
                suspended = False
            if suspended != self._suspended:
                log.info(WORKER_SUSPENDED if suspended else WORKER_RESUMED, worker=self._worker)
                self._suspended, self._pulse.state = suspended, "suspended" if suspended else "idle"
        return self._suspended

    def _idle(self, state: State, seconds: float) -> None:
        """Waits until it is told to stop, or so long."""
        self.stopping.wait(seconds)

    def _register(self) -> None:
        try:
            self.site.broker.register_worker(self._worker, self.queues)
        except BrokerUnavailable as error:
            self._note_broker_down(error)

    def _note_broker_down(self, error: BrokerUnavailable) -> None:
        if not self._broker_was_down:
            log.warning(POLLING, worker=self._worker, reason=str(error))
        self._broker_was_down, self._compare_at = True, 0.0

    def _put_straight(self) -> None:
        """Sees to what stands as started by this worker, which runs nothing.

        These are claims whose COMMIT was done although the connection was lost, and a job whose end could not be
        written.
        """
        for job in self._rescuer.started_by(self._worker):
            self._rescuer.rescue(job, self._worker, counted=(job.id, job.fence) == self._begun)
        self._database_was_down = False

    def _note_database_down(self, error: Exception) -> None:
        """Waits a moment. What was popped meanwhile is in no queue, so the queues are compared when it is back.

        Args:
            error: the database is away, or others hold its locks.
        """
        if not self._database_was_down:
            log.warning(NO_DATABASE, worker=self._worker, reason=str(error))
        self._database_was_down, self._compare_at = True, 0.0
        self._idle("idle", POLL_S * random.uniform(0.7, 1.3))  # noqa: S311 no secret

    def _compare(self) -> None:
        """Queues what was released in vain, sooner than the relay, which waits out its grace.

        Raises:
            BrokerUnavailable: it is not back yet.
        """
        missing = Reconciler(self.site.database, self.site.broker, grace_s=0).run(every_page=True)
        if missing:
            log.info(FOUND_MISSING, worker=self._worker, jobs=missing)
        self._compare_at = monotonic() + AGAIN_S if self._broker_was_down else None
        self._broker_was_down = False

    def _done(self, id: str, outcome: Outcome) -> None:
        try:
            self.site.broker.done(id, self._worker, outcome)
        except BrokerUnavailable as error:
            # The id stays in this worker's list until it leaves; whoever gets it again finds it claimed.
            self._note_broker_down(error)

    def _leave(self) -> None:
        broker = self.site.broker
        try:
            release_again(self.site.database, broker, broker.unregister_worker(self._worker))
        except DoclifeError as error:  # the relay does it when it finds this worker gone
            log.warning(GIVING_BACK_FAILED, worker=self._worker, reason=str(error))
