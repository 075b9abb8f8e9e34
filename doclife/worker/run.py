"""Running one claimed job: its context, its unit of work, its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from doclife.core import json
from doclife.core.context import activate, current_or_none
from doclife.core.errors import HookError, TransactionControlError
from doclife.core.log import get_logger
from doclife.core.storable import text_of
from doclife.database.link import Link
from doclife.doctypes import error_log
from doclife.jobs.current import CurrentJob
from doclife.jobs.functions import call_with, resolve
from doclife.jobs.missing import METHOD, MethodMissing
from doclife.jobs.steps import Steps
from doclife.outbox import complete
from doclife.outbox.claim import ClaimedJob, claim
from doclife.outbox.complete import LeaseLost
from doclife.outbox.followup import follow_up, pack_result
from doclife.queue.protocol import Outcome
from doclife.site.load import load_site
from doclife.site.runtime import Site
from doclife.uow.frames import Callback
from doclife.uow.unit import UnitOfWork
from doclife.worker.ending import JOB_LOST, Ending
from doclife.worker.presence import present
from doclife.worker.stopping import StopFlag
from doclife.worker.timeout import JobGivenBack, JobInterrupted, TimeLimit

JOB_FINISHED = "job_finished"
AFTER_JOB_FAILED = "after_job_failed"

#: seconds that all hooks after a job may take
AFTER_JOB_S = 60.0

log = get_logger(__name__)

#: is told the time limit of the job that begins, and None when it has ended
Watch = Callable[[TimeLimit | None], None]


def run_job(id: str) -> None:
    """Claims and runs one job: what the broker's own tools see as the job's function.

    Runs on the open context's site, or on the one in use. An id that is not to be run is passed over.
    """
    context = current_or_none()
    site: Site = context.site if context is not None else load_site()
    with present(site, queues=(), isolation="inline") as worker:
        claimed = claim(site.database, id, worker)
        if claimed is not None:
            run_claimed(site, claimed)


def run_claimed(
    site: Site, claimed: ClaimedJob, *, watch: Watch | None = None, stop: StopFlag | None = None
) -> Outcome:
    """Runs a claimed job to its end; whatever the job raises is recorded, not passed on.

    Args:
        site: whose job it is.
        claimed: by this process.
        watch: is told the time limit.
        stop: is set when the worker is to end: then the job is given back at its next checkpoint.
    Returns:
        "finished" or "failed"; "" if it was queued again, or belongs to another worker by now.
    """
    context = site.context(claimed.run_as)
    with activate(context):
        run = _Run(site, context, claimed, stop)
        try:
            outcome = run.to_its_end(watch)
            run.after_hooks(watch)
        finally:
            context.unit.close()
    return outcome


class _Run:
    """One run of one job in its context."""

    def __init__(self, site: Site, context: Any, claimed: ClaimedJob, stop: StopFlag | None) -> None:
        self.site, self.context, self.claimed, self.stop = site, context, claimed, stop
        self.unit: UnitOfWork = context.unit
        self.steps = Steps(self)
        self.job = context.job = CurrentJob(
            id=claimed.id,
            queue=claimed.queue,
            method=claimed.method,
            attempt=claimed.attempt,
            fence=claimed.fence,
            steps=self.steps,
        )
        self.kwargs: dict[str, Any] = {}
        self.result: Any = None
        self.limit = TimeLimit(claimed.timeout, job=claimed.id, fence=claimed.fence)
        #: whether it was found that the job is another worker's by now
        self.lost = False

    def to_its_end(self, watch: Watch | None) -> Outcome:
        try:
            with self.limit:
                if watch is not None:
                    watch(self.limit)
                self._body()
        except LeaseLost as lost:
            log.warning(JOB_LOST, job=self.claimed.id, reason=str(lost))
            self.lost = True
            self.unit.close()  # what the job has written on its way out of the refused commit
            return ""
        except KeyboardInterrupt:
            self._ended_by(JobGivenBack("its process was interrupted"))
            raise
        except BaseException as error:  # noqa: BLE001 a job may raise anything, sys.exit() too: it ends the job alone
            return self._ended_by(error)
        finally:
            self.limit.close()
            self.unit.fence = None
            self.job.ended = True
            if watch is not None:
                watch(None)
        log.debug(JOB_FINISHED, job=self.claimed.id, method=self.claimed.method)
        return "finished"

    def _body(self) -> None:
        claimed, unit, limit = self.claimed, self.unit, self.limit
        unit.fence = self._verify
        self.kwargs = json.unpack(claimed.kwargs)
        method = self._method()
        for hook in self._hooks("before_job"):
            call_with(hook, method=claimed.method, kwargs=self.kwargs)
        self.result = method(**self.kwargs)
        packed = pack_result(self.result)
        if claimed.on_success is not None:
            unit.stage(follow_up(claimed.on_success, claimed, result=self.result))

        def finish(link: Link) -> None:
            limit.check_cancelled()
            unit.before_write()
            complete.finish(link, claimed, packed, progress=self.job.progress)
            limit.disarm()
            self.job.ended = True

        unit.fence = finish
        unit.commit()
        if not self.job.ended:
            raise TransactionControlError(
                f"{claimed.method} returned inside a savepoint or a document operation, which cannot be committed; "
                "use `with db.savepoint():` so that it ends"
            )

    def _method(self) -> Callable[..., Any]:
        try:
            return resolve(self.claimed.method, METHOD)
        except HookError as error:
            raise MethodMissing(str(error)) from error

    def _verify(self, link: Link) -> None:
        """Is the unit's fence at every commit that the job makes itself."""
        self.limit.check_cancelled()
        progress, cursors = self.job.progress, self.steps.to_write()
        writing = link.writing or progress is not None or cursors is not None
        if writing:
            self.unit.before_write()
        complete.verify(link, self.claimed, writing=writing, progress=progress, cursor=cursors)
        self.job.progress = None

    # -- the transaction of its steps --------------------------------------------------------------

    def load(self) -> str | None:
        return complete.cursors(self.unit.link, self.claimed)

    def commit(self) -> None:
        before = self.unit.serial
        if not self.unit.in_progress and self.unit.fence is not None:
            self.unit.commit()
        if self.unit.serial == before:  # not committed; where the unit is not strict it has not raised
            raise TransactionControlError(
                "a step was to be committed inside a document operation, a savepoint or a callback of the transaction, "
                "which are committed as a whole by whoever began them; put the step around them"
            )
        if self.stop is not None and self.stop.is_set():
            raise JobGivenBack("its worker ends; the job goes on from its checkpoint")

    def at_end(self, before: Callback, committed: Callback, undone: Callback) -> None:
        for moment, callback in (("before_commit", before), ("after_commit", committed), ("after_rollback", undone)):
            self.unit.add_callback(moment, callback)

    def _ended_by(self, error: BaseException) -> Outcome:
        """Records how a run ended that did not finish.

        What was raised in the job to interrupt it counts, and not what the job has made of it: a
        statement that was interrupted leaves errors of its own behind.
        """
        self.unit.close()  # what it wrote is gone, and with it the locks that the record needs
        return Ending(self.site, self.claimed).record(error, self.limit.raised or error)

    def after_hooks(self, watch: Watch | None) -> None:
        """Calls the hooks behind the job's end, which they cannot change; together they have a minute.

        Of a job that was taken from this worker they are called where it ends.
        """
        hooks = self._hooks("after_job")
        if not hooks or self.lost:
            return
        limit = TimeLimit(AFTER_JOB_S)
        try:
            with limit:
                if watch is not None:
                    watch(limit)
                for hook in hooks:
                    self._after(hook)
        except JobInterrupted as error:
            self._after_failed(error)
        finally:
            limit.close()
            if watch is not None:
                watch(None)

    def _after(self, hook: Callable[..., Any]) -> None:
        try:
            call_with(hook, method=self.claimed.method, kwargs=self.kwargs, result=self.result)
            self.unit.commit()
        except (Exception, SystemExit) as error:  # noqa: BLE001 it is recorded, and the next one is called
            self._after_failed(error)

    def _after_failed(self, error: BaseException) -> None:
        log.error(AFTER_JOB_FAILED, job=self.claimed.id, exc_info=error)
        self.unit.close()
        error_log.record(self.context, f"after_job hook failed: {text_of(error)}", error_log.describe(error))

    def _hooks(self, key: str) -> Sequence[Callable[..., Any]]:
        return self.site.registry.functions(key)
