"""The supervisor: starts processes, replaces the dead, and ends them together."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.site.runtime import Site
from doclife.worker.forking import kill_group
from doclife.worker.loop import Isolation
from doclife.worker.presence import new_name
from doclife.worker.relaying import relay_of
from doclife.worker.stopping import StopFlag

CHILD_STARTED = "child_started"
CHILD_DIED = "child_died"
CHILD_KILLED = "child_killed"
STARTER_GONE = "supervisor_starter_gone"
RESCUE_FAILED = "rescue_failed"

#: seconds between two looks at the children
LOOK_S = 0.1
#: seconds that a process which dies at once waits for its next start; doubled each time up to the longest
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
#: seconds beyond the grace of running jobs in which processes that were told to end may still do so by themselves
KILL_AFTER_S = 15.0
#: seconds until the jobs of a dead worker are rescued again when the database did not let it
BURY_AGAIN_S = 1.0
#: seconds between two times they are told to end at once; a shorter time counts as one and the same
TELL_AGAIN_S = 1.5
#: seconds a process must live for its next start to come at once
STEADY_S = 10.0

log = get_logger(__name__)


@dataclass
class Child:
    """One process to keep running."""

    #: what it is, for logs
    label: str
    #: returns the command of its next process, given the name that process shall have
    command: Callable[[str], Sequence[str]]
    #: whether its jobs are to be rescued when it dies
    is_worker: bool = False
    #: whether it has done its work when it ends by itself without an error
    may_end: bool = False
    name: str = ""
    process: subprocess.Popen[bytes] | None = None
    #: how its last process ended: exit code, negative for a signal
    code: int | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    start_at: float = field(default_factory=monotonic)


class Supervisor:
    """Keeps processes of one site running until it is stopped."""

    def __init__(self, site: Site, children: Sequence[Child], *, parent: int = 0) -> None:
        """Prepares the processes; none is started yet.

        Args:
            site: whose jobs are rescued when a worker dies.
            children: the processes.
            parent: id of the process without which this one ends; 0: none.
        """
        self._site, self._children, self._parent = site, list(children), parent
        self._rescuer = relay_of(site, new_name()).rescuer
        self._stopping = StopFlag()
        #: workers that have died and whose jobs are not rescued yet; whether that counts as a kill
        self._dead: dict[str, bool] = {}
        self._bury_at = 0.0

    def stop(self) -> None:
        """Has all processes end: each finishes the job that it runs, or gives it back when that takes too long.

        Called again, at once. May be called by a signal's handler.
        """
        self._stopping.set()

    def run(self) -> None:
        """Runs until `stop`, or until every process has done its work."""
        try:
            while self._children and not self._stopping.is_set():
                for child in list(self._children):
                    self._look_after(child)
                if self._dead and monotonic() >= self._bury_at:
                    self._bury()
                self._stopping.wait(LOOK_S)
                if self._parent and os.getppid() != self._parent:
                    log.warning(STARTER_GONE, parent=self._parent)
                    self.stop()
        finally:
            self.stop()  # whatever ended the loop, the clock of the ending runs
            self._end_all()

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if monotonic() >= child.start_at:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        lived = monotonic() - child.started_at
        if code == 0 and child.may_end:
            self._children.remove(child)
            return
        self._collect(child, code)
        if code == 0 or lived >= STEADY_S:
            child.pause_s, child.start_at = FIRST_PAUSE_S, monotonic()
        else:
            child.start_at = monotonic() + child.pause_s
            child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def _start(self, child: Child) -> None:
        child.name = new_name()
        child.started_at = monotonic()
        # The child is our own module; no shell is involved. It leads a process group: a key pressed in the terminal is
        # for this process, which then tells the others, and what a killed one has started can be found.
        child.process = subprocess.Popen(  # noqa: S603
            child.command(child.name), stdin=subprocess.DEVNULL, process_group=0
        )
        log.info(CHILD_STARTED, label=child.label, name=child.name, pid=child.process.pid)

    def _collect(self, child: Child, code: int) -> None:
        """Sees to what a process has left that has ended."""
        if code:
            lived = round(monotonic() - child.started_at, 1)
            log.warning(CHILD_DIED, label=child.label, name=child.name, code=code, seconds=lived)
            if child.process is not None:
                kill_group(child.process.pid)
        child.process, child.code = None, code
        if child.is_worker:
            # What was killed because it had to end has done nothing wrong.
            self._dead[child.name] = not self._grace_is_over()
            self._bury()

    def _bury(self) -> None:
        """Rescues the jobs of workers that have died; what fails is tried again, or the relay does it."""
        for name, counted in list(self._dead.items()):
            try:
                self._rescuer.bury([name], counted=counted)
            except DoclifeError as error:
                log.warning(RESCUE_FAILED, name=name, reason=str(error))
                self._bury_at = monotonic() + BURY_AGAIN_S
            else:
                del self._dead[name]

    def _grace_is_over(self) -> bool:
        stopping = self._stopping
        return stopping.is_set() and (
            stopping.at_once or monotonic() >= stopping.since + self._site.settings.worker_grace
        )

    def _end_all(self) -> None:
        running = [(child, child.process) for child in self._children if child.process is not None]
        for _, process in running:
            process.terminate()
        kill_at = self._stopping.since + self._site.settings.worker_grace + KILL_AFTER_S
        tell_at = 0.0
        while running:
            for child, process in list(running):
                code = process.poll()
                if code is not None:
                    running.remove((child, process))
                    self._collect(child, code)
            if self._stopping.at_once and monotonic() >= tell_at:
                kill_at = min(kill_at, monotonic() + KILL_AFTER_S) if not tell_at else kill_at
                tell_at = monotonic() + TELL_AGAIN_S
                for _, process in running:
                    process.terminate()
            if running and monotonic() >= kill_at:
                for child, process in running:
                    log.error(CHILD_KILLED, label=child.label, name=child.name, pid=process.pid)
                    kill_group(process.pid)
                    process.wait()
            time.sleep(LOOK_S)


def worker_children(
    site: Site,
    queues: Sequence[str],
    workers: int,
    *,
    burst: bool = False,
    max_jobs: int = 0,
    isolation: Isolation = "inproc",
) -> list[Child]:
    """Returns worker processes of a site for a supervisor.

    Args:
        site: whose jobs they run.
        queues: that each serves, highest priority first.
        workers: how many.
        burst: each ends when nothing due is left.
        max_jobs: each is replaced after so many jobs; 0: never.
        isolation: where each runs its jobs.
    """

    def command(name: str) -> list[str]:
        result = [sys.executable, "-m", "doclife.worker.main", "--site", site.name]
        result += ["--sites-dir", str(site.sites_dir), "--queue", ",".join(queues)]
        result += ["--name", name, "--parent", str(os.getpid()), "--isolation", isolation]
        if burst:
            result.append("--burst")
        if max_jobs:
            result += ["--max-jobs", str(max_jobs)]
        return result

    return [Child(f"worker {n}", command, is_worker=True, may_end=burst) for n in range(1, workers + 1)]


def all_children(site: Site, workers: int, *, isolation: Isolation = "inproc") -> list[Child]:
    """Returns the processes that a site needs: workers, and last the scheduler.

    Args:
        site: whose jobs and schedules they see to.
        workers: how many serve the queues to which the settings give no workers of their own.
        isolation: where each runs its jobs.
    """
    own = {name: queue.background_workers for name, queue in site.settings.workers.items()}
    shared = [name for name in site.settings.queues() if name not in own]
    children = worker_children(site, shared, workers, isolation=isolation) if shared else []
    for name, count in own.items():
        children += worker_children(site, [name], count, isolation=isolation)

    def schedule(_name: str) -> list[str]:
        result = [sys.executable, "-m", "doclife.worker.scheduler", "--site", site.name]
        return [*result, "--sites-dir", str(site.sites_dir), "--parent", str(os.getpid())]

    return [*children, Child("scheduler", schedule)]
