"""What a worker does beside its jobs, in a thread: signs of life, the watchdog, looks at its parent and at requests."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

from doclife.core import clock
from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable, DoclifeError
from doclife.core.log import get_logger
from doclife.outbox.workers import DEAD_AFTER_S, HEARTBEAT_S, Liveness
from doclife.queue.protocol import Broker, State
from doclife.worker import requests
from doclife.worker.stopping import StopFlag
from doclife.worker.timeout import JobGivenBack, TimeLimit

HEARTBEAT_FAILED = "worker_heartbeat_failed"
KILLS_ITSELF = "worker_kills_itself"
ROUND_FAILED = "worker_pulse_failed"
PARENT_GONE = "worker_parent_gone"

LOOK_FAILED = "worker_look_at_requests_failed"

#: seconds between two beats
BEAT_S = 1.0
#: seconds in which a job may end that is given back, before the worker kills itself
GIVE_BACK_S = 4.0

log = get_logger(__name__)


class Pulse:
    """A worker's side thread."""

    def __init__(
        self,
        worker: str,
        broker: Broker | None,
        beat: Callable[[], object] | None,
        *,
        parent: int,
        stop: StopFlag,
        grace_s: float = 25.0,
        liveness: Liveness | None = None,
    ) -> None:
        """Prepares the thread.

        Args:
            worker: name of the worker.
            broker: it is registered with; None: somebody else tells it that the worker lives.
            beat: renews the heartbeat in the worker's row; None: the same.
            parent: process id of the supervisor, without which the worker ends; 0: none.
            stop: is set when the worker is to end.
            grace_s: seconds after which the running job is given back then.
            liveness: by which the worker is asked to cancel its job or to show its stack; None: it is not.
        """
        self._worker, self._broker, self._beat, self._parent, self._stop = worker, broker, beat, parent, stop
        self._grace_s, self._liveness = grace_s, liveness
        self.state: State = "idle"
        self._limit: TimeLimit | None = None
        #: of `monotonic`, when the next round is due, and the next heartbeat in the row
        self._round_at, self._row_at = 0.0, monotonic() + HEARTBEAT_S
        #: when the last heartbeat was; the clock of `monotonic` stands still with the machine
        self._beaten = clock.utc_now()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Pulse:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def watch(self, limit: TimeLimit | None) -> None:
        """Watches over the time limit of the job that runs, or of none."""
        self._limit = limit
        self.state = "idle" if limit is None else "busy"

    def _run(self) -> None:
        while not self._ended.wait(BEAT_S):
            try:
                self._round()
            except Exception as error:  # the watchdog must go on
                log.error(ROUND_FAILED, worker=self._worker, exc_info=error)

    def round(self) -> None:
        """Does what the thread does, if that is due: for workers that have no other thread."""
        if monotonic() >= self._round_at:
            self._round_at = monotonic() + BEAT_S
            self._round()

    def _round(self) -> None:
        self._watchdog()
        if self._parent and os.getppid() != self._parent and not self._stop.is_set():
            log.warning(PARENT_GONE, worker=self._worker)
            self._stop.set()
        self._give_back()
        self._look()
        try:
            if monotonic() >= self._row_at:
                self._beat_row()
            if self._broker is not None:
                self._broker.heartbeat(self._worker, self.state)
        except BrokerUnavailable:  # it registers the worker again when it is back
            return
        except DoclifeError as error:
            log.debug(HEARTBEAT_FAILED, worker=self._worker, reason=str(error))

    def catch_up(self) -> None:
        """Beats at once if that was due long ago: this process or its machine was stopped, and taken for dead.

        Raises:
            DoclifeError: the database does not let it.
        Order: before a claim, which would be rescued from a worker that nobody knows.
        """
        if clock.utc_now() - self._beaten > timedelta(seconds=DEAD_AFTER_S / 2):
            self._beat_row()

    def _beat_row(self) -> None:
        self._row_at, self._beaten = monotonic() + HEARTBEAT_S, clock.utc_now()
        if self._beat is not None:
            self._beat()

    def _watchdog(self) -> None:
        limit = self._limit
        if limit is not None and monotonic() > limit.kill_at:
            log.error(KILLS_ITSELF, worker=self._worker, seconds=limit.seconds)
            os.kill(os.getpid(), signal.SIGKILL)

    def _give_back(self) -> None:
        """Has the job end whose worker is told to end and has waited for it long enough."""
        limit, stop = self._limit, self._stop
        if limit is None or not stop.is_set():
            return
        if stop.at_once or monotonic() >= stop.since + self._grace_s:
            limit.interrupt(JobGivenBack("its worker ends before it did"), grace_s=GIVE_BACK_S)

    def _look(self) -> None:
        limit = self._limit
        if limit is None or self._liveness is None:
            return
        try:
            requests.look(self._liveness, self._worker, limit)
        except (DoclifeError, OSError) as error:  # the database or the disk is busy: in a second it looks again
            log.debug(LOOK_FAILED, worker=self._worker, reason=str(error))
