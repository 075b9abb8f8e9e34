"""The `fork` worker: each job in a process of its own, the horse, forked from a worker that has loaded everything.

What a job leaves behind in its process (memory, threads, settings of the interpreter) ends with
it, and a job that kills its process takes no worker with it. It costs some milliseconds a job.

The worker claims, so that it knows what to rescue when its horse dies without a word; the horse
runs the claimed job as an `inproc` worker would. The worker has one thread: a lock that another
one held at the fork would stay locked in the horse for ever. So its relay is a process too.
"""

from __future__ import annotations

import gc
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.outbox import complete
from doclife.outbox.claim import ClaimedJob
from doclife.queue.protocol import Outcome, State
from doclife.queue.rq_backend import RqBroker
from doclife.worker.forking import end, ended, fork, kill_group
from doclife.worker.loop import Isolation, WorkerLoop
from doclife.worker.patience import patiently
from doclife.worker.presence import beat, liveness
from doclife.worker.pulse import GIVE_BACK_S, Pulse
from doclife.worker.relaying import relay_of, run_relay
from doclife.worker.run import run_claimed
from doclife.worker.signals import signals_held
from doclife.worker.stopping import StopFlag
from doclife.worker.timeout import GRACE_S, LATER_S

if TYPE_CHECKING:
    from doclife.worker.control import RqWorker

HORSE_DIED = "horse_died"
HORSE_KILLED = "horse_killed"
NOT_WARM = "worker_not_warm"
RELAY_DIED = "relay_died"

#: seconds between two looks at commands and clock while a horse runs
LOOK_S = 0.2
#: seconds by which the worker kills later than the horse itself should have ended
LAST_S = 5.0
#: seconds until a relay that has died is started again
RELAY_PAUSE_S = 5.0
#: seconds that a relay has to give its lease back
RELAY_END_S = 5.0

log = get_logger(__name__)


class ForkLoop(WorkerLoop):
    """One worker in this process, whose jobs run in processes of their own."""

    isolation: ClassVar[Isolation] = "fork"

    #: process ids; 0: none
    _horse = _relay = 0
    _relay_at = 0.0
    _control: RqWorker | None = None

    @property
    def _grace_s(self) -> float:
        return self.site.settings.worker_grace

    def stop(self) -> None:
        """Has the worker end when its job has ended; the horse gives it back when that takes too long."""
        super().stop()
        if self._horse:
            with suppress(ProcessLookupError):
                os.kill(self._horse, signal.SIGTERM)

    @contextmanager
    def _beside(self) -> Iterator[None]:
        site, worker = self.site, self._worker
        self._rescuer = relay_of(site, worker).rescuer
        keep = partial(beat, site, worker, queues=self.queues, isolation=self.isolation)
        self._pulse = Pulse(worker, site.broker, keep, parent=self._parent, stop=self.stopping)
        if isinstance(site.broker, RqBroker):
            from doclife.worker.control import RqWorker  # imports all of RQ

            self._control = RqWorker(worker, site.broker.url)
        self._warm_up()
        gc.collect()
        gc.freeze()  # what is loaded now is not looked at again, so horses share it with their worker
        try:
            yield
        finally:
            gc.unfreeze()
            self._end_relay()
            if self._control is not None:
                self._control.leave()

    def _warm_up(self) -> None:
        """Does once, in vain, what every job ends with: each horse would have to compile it again."""
        nobody = ClaimedJob(
            id="", queue="", method="", kwargs="", run_as="", label=None, timeout=0, fence=0, attempt=0, max_attempts=0,
            exceptions=0, conflicts=0, kills=0, retry=None, on_success=None, on_failure=None, at_front=0,
        )  # fmt: skip
        try:
            with self.site.work() as context, suppress(complete.LeaseLost):
                complete.finish(context.unit.link, nobody, None)
        except DoclifeError as error:  # the database is busy
            log.debug(NOT_WARM, worker=self._worker, reason=str(error))

    def _next(self) -> ClaimedJob | None:
        self._look("idle")
        if not isinstance(self.site.broker, RqBroker):
            self._compare_at = 0.0  # what horses and the relay release goes to their own copies of such a broker
        return super()._next()

    def _idle(self, state: State, seconds: float) -> None:
        self._look(state)
        super()._idle(state, seconds)

    def _run(self, claimed: ClaimedJob) -> Outcome:
        if isinstance(self.site.broker, RqBroker):
            self.site.broker.rest()
        read, write = os.pipe()
        with signals_held():
            stop = StopFlag()
            if self.stopping.is_set():
                stop.set()
            horse = self._horse = fork(partial(self._in_horse, claimed, stop, write), stop=stop.set)
        os.close(write)
        if self._control is not None:
            self._control.begin(horse, claimed.id)
        try:
            outcome = self._watch(claimed, read)
        finally:
            os.close(read)
            if self._control is not None:
                self._control.end()
        return self._without_a_word(claimed, horse) if outcome is None else outcome

    def _in_horse(self, claimed: ClaimedJob, stop: StopFlag, write: int) -> None:
        """Is the horse: runs the job, tells the worker how it ended."""
        site = self.site
        with Pulse(
            self._worker,
            None,
            None,
            parent=os.getppid(),
            stop=stop,
            grace_s=self._grace_s,
            liveness=liveness(site),
        ) as pulse:
            outcome = run_claimed(site, claimed, watch=pulse.watch, stop=stop)
        site.close()  # what the job has published is on its way, and servers note connections that end without a word
        os.write(write, f"{outcome}\n".encode())

    def _watch(self, claimed: ClaimedJob, read: int) -> Outcome | None:
        """Waits for the horse to end; returns how its job ended, or None when it did not say."""
        end_s = self._grace_s + GIVE_BACK_S + LAST_S
        kill_at = monotonic() + claimed.timeout + GRACE_S + LATER_S + LAST_S
        said, open_ends = b"", [read]
        while True:
            if select.select(open_ends, [], [], LOOK_S)[0]:
                if more := os.read(read, 100):
                    said += more
                else:
                    open_ends = []  # it has ended, or closed what it has inherited; waiting goes on without it
            with signals_held():
                if ended(self._horse, wait=said.endswith(b"\n")) is not None:
                    self._horse = 0
            if not self._horse:
                return cast(Outcome, said.decode().strip()) if said.endswith(b"\n") else None
            self._look("busy")
            if self.stopping.is_set():
                kill_at = min(kill_at, self.stopping.since + end_s)
            if monotonic() >= kill_at:
                log.error(HORSE_KILLED, worker=self._worker, job=claimed.id, horse=self._horse)
                kill_group(self._horse)

    def _without_a_word(self, claimed: ClaimedJob, horse: int) -> Outcome:
        """Decides about a job whose horse is gone and did not say how it ended."""
        kill_group(horse)  # what the horse has started and left
        log.warning(HORSE_DIED, worker=self._worker, job=claimed.id, method=claimed.method)
        if self._control is not None and self._control.was_stopped(claimed.id):
            patiently(lambda: self._cancel(claimed))
            return ""
        stopping = self.stopping
        had_to = stopping.is_set() and (stopping.at_once or monotonic() >= stopping.since + self._grace_s)
        patiently(lambda: self._rescuer.rescue(claimed, self._worker, counted=not had_to))
        return ""

    def _cancel(self, claimed: ClaimedJob) -> bool:
        with self.site.database.transaction() as connection:
            return complete.cancel(connection, claimed, error="it was stopped by a command of RQ's tools")

    def _look(self, state: State) -> None:
        """Does what has to be done beside the jobs, where `inproc` workers have threads."""
        self._pulse.state = state
        self._pulse.round()
        if self._control is not None:
            self._control.look()
        if self._relay and (code := ended(self._relay)) is not None:
            log.warning(RELAY_DIED, worker=self._worker, code=code)
            self._relay = 0
        if not self._relay and not self._horse and monotonic() >= self._relay_at:
            self._relay_at = monotonic() + RELAY_PAUSE_S
            if isinstance(self.site.broker, RqBroker):
                self.site.broker.rest()  # from now on the relay sees to it that the embedded one runs
            with signals_held():
                stop = StopFlag()
                self._relay = fork(partial(run_relay, self.site, self._worker, stop), stop=stop.set)

    def _end_relay(self) -> None:
        if self._relay:
            end(self._relay, RELAY_END_S)
            self._relay = 0
