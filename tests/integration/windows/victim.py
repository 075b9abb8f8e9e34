"""The process that dies: it does one thing on a site and kills (or stops) itself at exactly one point.

A warm parent forks a victim for each line of its standard input, a JSON object: `do` (one of `ROLES`), `args`, and
`point`. It writes lines: `victim <pid>`, `stopped`, `ended <status>`.

A point is one of
    {"call": "package.module:path.of.function"}
    {"statement": "regular expression"}        an SQL text
    {"commit": true}                           a COMMIT
of the main thread (`anywhere`: of any), with `when` ("before" or "after"), `nth` (1), `armed` (true; false: not before
a job's body calls `arm`) and `action` ("kill", or "stop": wait for SIGCONT).
"""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from doclife.jobs.enqueue import enqueue
from doclife.queue import rq_backend
from doclife.site.load import load_site
from doclife.site.runtime import Site
from doclife.worker.loop import WorkerLoop
from doclife.worker.relaying import relay_of
from doclife.worker.scheduler import SchedulerLoop
from tests.integration.windows import bodies

#: signals by what a victim does to itself
ACTIONS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Point:
    """Where a victim dies."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._passed = 0
        bodies.armed = spec.get("armed", True)

    def pass_by(self, when: str) -> None:
        """Is told of every passage; dies at the right one."""
        here = self._spec.get("anywhere", False) or threading.current_thread() is threading.main_thread()
        if when != self._spec["when"] or not bodies.armed or not here:
            return
        self._passed += 1
        if self._passed == self._spec.get("nth", 1):
            os.kill(os.getpid(), ACTIONS[self._spec.get("action", "kill")])

    def install(self, site: Site) -> None:
        """Puts the point where it belongs."""
        if "call" in self._spec:
            module, _, path = self._spec["call"].partition(":")
            *owners, name = path.split(".")
            owner = importlib.import_module(module)
            for each in owners:
                owner = getattr(owner, each)
            setattr(owner, name, self._around(getattr(owner, name)))
        elif "commit" in self._spec:
            dialect: Any = site.database.engine.dialect
            dialect.do_commit = self._around(dialect.do_commit)
        else:
            text = re.compile(self._spec["statement"])
            for when in ("before", "after"):
                event.listen(site.database.engine, f"{when}_cursor_execute", self._listener(text, when))

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def passing(*args: Any, **kwargs: Any) -> Any:
            self.pass_by("before")
            result = function(*args, **kwargs)
            self.pass_by("after")
            return result

        return passing

    def _listener(self, text: re.Pattern[str], when: str) -> Callable[..., None]:
        def passing(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if text.search(statement):
                self.pass_by(when)

        return passing


def write(site: Site, body: str = "note", jobs: int = 1, **terms: Any) -> None:
    """One transaction: a document, and jobs."""
    with site.work():
        bodies.note("document")
        for n in range(jobs):
            enqueue(getattr(bodies, body), key=f"job {n}", **terms)


def work(site: Site, name: str) -> None:
    """A worker that ends when nothing is left."""
    WorkerLoop(site, burst=True, name=name).run()


def relay(site: Site, holder: str = "victim", leads: bool = False) -> None:
    """One round of the relay, without waiting for jobs that are on their way."""
    made = relay_of(site, holder, grace_s=0)
    assert not leads or made.lease.hold()
    made.round()


def bury(site: Site, worker: str) -> None:
    """Rescue of the jobs of one worker that is known to be dead."""
    relay_of(site, "victim").rescuer.bury([worker])


def tick(site: Site) -> None:
    """One round of a scheduler, which leads if nobody does."""
    SchedulerLoop(site).round()


ROLES: dict[str, Callable[..., None]] = {"write": write, "work": work, "relay": relay, "bury": bury, "tick": tick}


def live(sites_dir: str, plan: dict[str, Any]) -> None:
    """Does what the plan says."""
    rq_backend.BATCH = plan.get("batch", rq_backend.BATCH)
    site = load_site("test", sites_dir)
    if plan["point"] is not None:
        Point(plan["point"]).install(site)
    ROLES[plan["do"]](site, **plan["args"])
    site.close()


def tell(line: str) -> None:
    """Writes a line at once and in one piece."""
    os.write(1, f"{line}\n".encode())


def main() -> None:
    """Forks a victim for each line of input, one at a time."""
    for line in sys.stdin:
        plan = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                live(plan["sites_dir"], plan)
                status = 0
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(status)
        tell(f"victim {pid}")
        while True:
            _, status = os.waitpid(pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                break
            tell("stopped")
        tell(f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
