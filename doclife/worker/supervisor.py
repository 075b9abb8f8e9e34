"""The supervisor: starts processes, replaces the dead, and ends them together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from doclife.core.clock import monotonic
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.site.runtime import Site
from doclife.worker.presence import new_name
from doclife.worker.relaying import relay_of
from doclife.worker.stopping import StopFlag

CHILD_STARTED = "child_started"
CHILD_DIED = "child_died"
CHILD_KILLED = "child_killed"
RESCUE_FAILED = "rescue_failed"

#: seconds between two looks at the children
LOOK_S = 0.1
#: seconds that a process which dies at once waits for its next start; doubled each time up to the longest
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
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
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    start_at: float = field(default_factory=monotonic)


class Supervisor:
    """Keeps processes of one site running until it is stopped."""

    def __init__(self, site: Site, children: Sequence[Child]) -> None:
        """Prepares the processes; none is started yet.

        Args:
            site: whose jobs are rescued when a worker dies.
            children: the processes.
        """
        self._site, self._children = site, list(children)
        self._rescuer = relay_of(site, new_name()).rescuer
        self._stopping = StopFlag()

    def stop(self) -> None:
        """Has all processes end: each finishes the job that it runs. May be called by a signal's handler."""
        self._stopping.set()

    def run(self) -> None:
        """Runs until `stop`, or until every process has done its work."""
        try:
            while self._children and not self._stopping.is_set():
                for child in list(self._children):
                    self._look_after(child)
                self._stopping.wait(LOOK_S)
        finally:
            self._end_all()

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if monotonic() >= child.start_at:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            return
        child.process = None
        lived = monotonic() - child.started_at
        if code == 0 and child.may_end:
            self._children.remove(child)
            return
        if code:
            log.warning(CHILD_DIED, label=child.label, name=child.name, code=code, seconds=round(lived, 1))
        self._rescue(child)
        if code == 0 or lived >= STEADY_S:
            child.pause_s, child.start_at = FIRST_PAUSE_S, monotonic()
        else:
            child.start_at = monotonic() + child.pause_s
            child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def _start(self, child: Child) -> None:
        child.name = new_name()
        child.started_at = monotonic()
        # The child is our own module; no shell is involved.
        child.process = subprocess.Popen(child.command(child.name), stdin=subprocess.DEVNULL)  # noqa: S603
        log.info(CHILD_STARTED, label=child.label, name=child.name, pid=child.process.pid)

    def _rescue(self, child: Child) -> None:
        if not child.is_worker:
            return
        try:
            self._rescuer.bury([child.name])
        except DoclifeError as error:  # the relay finds them
            log.warning(RESCUE_FAILED, name=child.name, reason=str(error))

    def _end_all(self) -> None:
        running = [child for child in self._children if child.process is not None]
        for child in running:
            assert child.process is not None
            child.process.terminate()
        for child in running:
            assert child.process is not None
            code = child.process.wait()
            if code:
                self._rescue(child)


def worker_children(
    site: Site, queues: Sequence[str], workers: int, *, burst: bool = False, max_jobs: int = 0
) -> list[Child]:
    """Returns worker processes of a site for a supervisor.

    Args:
        site: whose jobs they run.
        queues: that each serves, highest priority first.
        workers: how many.
        burst: each ends when nothing due is left.
        max_jobs: each is replaced after so many jobs; 0: never.
    """

    def command(name: str) -> list[str]:
        result = [sys.executable, "-m", "doclife.worker.main", "--site", site.name]
        result += ["--sites-dir", str(site.sites_dir), "--queue", ",".join(queues)]
        result += ["--name", name, "--parent", str(os.getpid())]
        if burst:
            result.append("--burst")
        if max_jobs:
            result += ["--max-jobs", str(max_jobs)]
        return result

    return [Child(f"worker {n}", command, is_worker=True, may_end=burst) for n in range(1, workers + 1)]
