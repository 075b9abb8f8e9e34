"""The unit of work: one transaction, its savepoint frames, callbacks and staged jobs.

    before_commit callbacks -> staged jobs into the outbox -> guards -> fence -> COMMIT
    -> jobs released to the broker -> after_commit callbacks -> rows that outlive the transaction

An exception up to COMMIT rolls everything back; nothing after COMMIT can change its outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from doclife.core.context import current
from doclife.core.errors import TransactionControlError
from doclife.core.log import get_logger
from doclife.database.link import Database, Link
from doclife.outbox.staging import StagedJob, insert_staged
from doclife.uow.beside import own_transaction
from doclife.uow.control import refusal
from doclife.uow.frames import BEGINNING, Callback, Frame

CONTROL_REFUSED = "transaction_control_refused"
CALLBACK_FAILED = "transaction_callback_failed"
RELEASE_FAILED = "committed_jobs_release_failed"
OUTLIVING_WRITE_FAILED = "outliving_write_failed"

#: writes rows of its own on the connection it is given; returns what is to be done once they are committed
Write = Callable[[Connection], Callable[[], object] | None]

log = get_logger(__name__)


class UnitOfWork:
    """One transaction after the other on one link; belongs to one context."""

    def __init__(
        self,
        database: Database,
        *,
        strict: bool = False,
        release: Callable[[list[StagedJob]], None] | None = None,
        record_error: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        """Opens the unit; the link connects with the first statement.

        Args:
            database: whose link it uses.
            strict: whether commit() inside an operation raises instead of warning.
            release: gives committed jobs to the broker; what it raises is logged.
            record_error: keeps the error of a failed callback; must not raise.
        """
        self.database = database
        self.link: Link = database.link()
        self.strict = strict
        self._release = release
        self._record_error = record_error
        #: the root frame first; the others are operations and savepoints in progress
        self.frames: list[Frame] = [Frame()]
        self._virtual = 0
        #: the moment whose callbacks are running and may not end the transaction themselves, or ""
        self._ending = ""
        #: verifies before each COMMIT that this unit's job is still its own; raises LeaseLost
        self.fence: Callable[[Link], None] | None = None
        #: run before each COMMIT of something written, and the fence; what they raise rolls back
        self.guards: list[Callback] = []
        #: run when the unit is closed, after its last transaction has ended
        self.at_close: list[Callback] = []
        self._outliving: list[Write] = []
        #: (doctype, name) of documents known to exist and not to be cancelled, until the transaction ends
        self.verified: set[tuple[str, str]] = set()
        #: what floors above have read and rely on, by the tables it stands in: until one of them is written to here,
        #: a frame is undone, or the transaction ends
        self.facts: dict[frozenset[str], dict[Any, Any]] = {}
        #: number of the transaction in this unit: documents remember in which one they were loaded
        self.serial = 0

    # -- writing ---------------------------------------------------------------------------------

    def before_write(self) -> None:
        """Prepares the transaction for a write or a lock: begins it, and marks virtual frames.

        Order: before every statement that is not plainly a read.
        """
        link = self.link
        if not link.writing:
            link.begin_write()
            if not self._virtual:
                return
            if self.database.outer is None:
                # Nothing was written or locked before: these frames go back to the beginning.
                self._mark(BEGINNING)
                return
        elif not self._virtual:
            return
        # Named after the outermost frame that goes back to it, so that no two in the stack have one name.
        name = f"frame_{len(self.frames) - self._virtual}"
        link.savepoint(name)
        self._mark(name)

    def _mark(self, mark: str) -> None:
        for frame in self.frames[-self._virtual :]:
            frame.mark = mark
        self._virtual = 0

    # -- what is known ---------------------------------------------------------------------------

    def facts_of(self, tables: frozenset[str]) -> dict[Any, Any]:
        """Returns the place for what was read from these tables; see `facts`."""
        return self.facts.setdefault(tables, {})

    def drop_facts(self, table: str) -> None:
        """Forgets what was read from a table that is written to."""
        for tables in [each for each in self.facts if table in each]:
            del self.facts[tables]

    def outdate(self, table: str | None = None) -> None:
        """Forgets what a write past the documents may have made untrue.

        Args:
            table: the one that was written to; None: any may have been.
        """
        self.verified.clear()
        if table is None:
            self.facts.clear()
        else:
            self.drop_facts(table)

    # -- frames ----------------------------------------------------------------------------------

    def push(self) -> Frame:
        """Opens a frame; it must be given to `release` or `roll_back`, innermost first."""
        frame = Frame()
        self.frames.append(frame)
        self._virtual += 1
        return frame

    def release(self, frame: Frame) -> None:
        """Closes the innermost frame; what it owns passes to the one around it.

        Raises:
            TransactionError and its kinds: it cannot be released; the frame is still open, roll it back.
        """
        frames = self.frames
        assert frames[-1] is frame, "frames must be closed innermost first"
        self.link.check_alive()
        parent, mark = frames[-2], frame.mark
        if mark and mark is not BEGINNING and parent.mark != mark:
            self.link.release(mark)
        frames.pop()
        if not mark:
            self._virtual -= 1
        frame.merge_into(parent)
        if len(frames) == 1:
            parent.restores = None  # at the root only the whole transaction can still be undone

    def roll_back(self, frame: Frame) -> None:
        """Undoes everything inside a frame and closes it, with the frames inside it."""
        frames = self.frames
        position = frames.index(frame)
        inside = frames[position:]
        del frames[position:]
        self._virtual -= sum(1 for each in inside if not each.mark)
        self.outdate()
        mark, parent = frame.mark, frames[-1]
        for each in reversed(inside):
            each.restore_objects()
            for job in each.jobs or ():
                job.state = "dropped"
        if mark is BEGINNING:
            self.link.rollback()
            for each in frames[1:]:  # only frames that began together with this one share the mark
                each.mark = ""
                self._virtual += 1
        elif mark:
            self.link.rollback_to(mark)
            if parent.mark != mark and not self.link.doomed:
                self.link.release(mark)

    @contextmanager
    def savepoint(self) -> Iterator[Frame]:
        """Opens a frame for the block; an exception undoes the block and passes on."""
        frame = self.push()
        try:
            yield frame
            self.release(frame)
        except BaseException:
            self.roll_back(frame)
            raise

    @property
    def in_progress(self) -> bool:
        """Whether a document operation or a savepoint is in progress."""
        return len(self.frames) > 1

    # -- callbacks and jobs ------------------------------------------------------------------------

    def add_callback(self, moment: str, callback: Callback) -> None:
        """Adds a callback of a moment of the transaction; it belongs to the innermost frame."""
        self.frames[-1].add_callback(moment, callback)

    def stage(self, job: StagedJob) -> None:
        """Stages a job: it is written by the commit, or gone with the innermost frame."""
        self.frames[-1].add_job(job)

    def staged(self) -> Iterator[StagedJob]:
        """Yields the jobs that are staged now."""
        for frame in self.frames:
            yield from frame.jobs or ()

    def after_end(self, write: Write, *, raises: bool = False) -> None:
        """Has `write(connection)` run in a transaction of its own right after this one ends, however it ends.

        Where nothing has been written and no frame is open, it runs at once.

        Args:
            write: what it raises is logged.
            raises: if it runs at once, what it raises passes on.
        """
        if self.link.writing or self.in_progress or self.link.doomed:
            self._outliving.append(write)
        elif raises:
            self._write_now(write)
        else:
            self._write_apart(write)

    def at_end(self, write: Write) -> None:
        """As `after_end`, but never at once: where nothing has been written yet, the end is still to come."""
        self._outliving.append(write)

    @property
    def has_begun(self) -> bool:
        """Whether the transaction's end decides over something: rows, a frame, jobs, what is called before it."""
        to_come = self.frames[0].jobs or (self.frames[0].callbacks or {}).get("before_commit")
        return self.link.writing or self.in_progress or bool(self.link.doomed or to_come)

    # -- the end -----------------------------------------------------------------------------------

    def commit(self) -> None:
        """Commits the transaction and does what follows from it; see the module's first lines.

        Raises:
            TransactionControlError: an operation, a savepoint or a callback that runs before the end is in progress
                and `strict` is set; without it the call is logged and ignored.
        """
        if self.in_progress or self._ending:
            self._refuse_control("commit")
            return
        root = self.frames[0]
        try:
            self._run_before_commit()
            jobs = root.jobs or []
            if jobs:
                self.before_write()
                insert_staged(self.link, jobs)
            if self.link.writing:
                for guard in self.guards:
                    guard()
            if self.fence is not None:
                self.fence(self.link)
            self.link.commit()
        except BaseException:
            self._end_rolled_back()
            raise
        callbacks = (root.callbacks or {}).get("after_commit", [])
        self._reset()
        queued = [job for job in jobs if job.state == "queued"]
        if queued and self._release is not None:
            self._give(queued)
        for callback in callbacks:
            self._apart("after_commit", callback)
        self._run_outliving()

    def rollback(self) -> None:
        """Rolls the whole transaction back.

        Raises:
            TransactionControlError: as `commit`.
        """
        if self.in_progress or self._ending:
            self._refuse_control("rollback")
            return
        self._end_rolled_back()

    def close(self) -> None:
        """Rolls back what was not committed and gives the connection back."""
        try:
            if self.in_progress:
                self.roll_back(self.frames[1])
            self._end_rolled_back()
            for callback in self.at_close:
                callback()
        finally:
            self.link.close()

    def _run_before_commit(self) -> None:
        root = self.frames[0]
        self._ending = "before_commit"
        try:
            while root.callbacks and root.callbacks.get("before_commit"):
                for callback in root.callbacks.pop("before_commit"):
                    callback()
        finally:
            self._ending = ""

    def _end_rolled_back(self) -> None:
        root = self.frames[0]
        callbacks = root.callbacks or {}
        self._ending = "before_rollback"
        try:
            for callback in callbacks.get("before_rollback", []):
                self._guarded("before_rollback", callback)
        finally:
            self._ending = ""
        self.link.rollback()
        for job in root.jobs or ():
            job.state = "dropped"
        self._reset()
        for callback in callbacks.get("after_rollback", []):
            self._apart("after_rollback", callback)
        self._run_outliving()

    def _reset(self) -> None:
        self.frames = [Frame()]
        self._virtual = 0
        self.outdate()
        self.serial += 1

    def _give(self, jobs: list[StagedJob]) -> None:
        """Releases committed jobs; whatever goes wrong, the commit is done and the relay finds them."""
        assert self._release is not None
        try:
            self._release(jobs)
        except Exception as error:
            log.error(RELEASE_FAILED, jobs=len(jobs), exc_info=error)

    def _run_outliving(self) -> None:
        writes, self._outliving = self._outliving, []
        for write in writes:
            self._write_apart(write)

    def _write_apart(self, write: Write) -> None:
        try:
            self._write_now(write)
        except Exception as error:
            log.error(OUTLIVING_WRITE_FAILED, exc_info=error)

    def _write_now(self, write: Write) -> None:
        # on the unit's own connection: where each that has one waits for a second, all wait for ever
        with own_transaction(self.link) as link:
            then = write(link.connection)
        if then is not None:
            then()

    def _apart(self, moment: str, callback: Callback) -> None:
        """Runs a callback as a unit of its own: its failure is recorded and changes nothing else."""
        fence, self.fence = self.fence, None
        try:
            callback()
            while self.in_progress:
                self.release(self.frames[-1])
            self.commit()
        except Exception as error:  # noqa: BLE001 whatever an app's callback raises is recorded, never passed on
            self._failed(moment, callback, error)
            while self.in_progress:
                self.roll_back(self.frames[1])
            self._end_rolled_back()
        finally:
            self.fence = fence

    def _guarded(self, moment: str, callback: Callback) -> None:
        try:
            callback()
        except Exception as error:  # noqa: BLE001 as in _apart
            self._failed(moment, callback, error)

    def _failed(self, moment: str, callback: Callback, error: BaseException) -> None:
        name = f"{getattr(callback, '__module__', '?')}.{getattr(callback, '__qualname__', callback)}"
        log.error(CALLBACK_FAILED, moment=moment, callback=name, exc_info=error)
        if self._record_error is not None:
            self._record_error(f"{moment} callback {name} failed", error)

    def _refuse_control(self, verb: str) -> None:
        message = refusal(verb, ending=self._ending, in_progress=self.in_progress)
        if self.strict:
            raise TransactionControlError(message)
        log.warning(CONTROL_REFUSED, message=message)


def current_unit() -> UnitOfWork:
    """Returns the open context's unit of work.

    Raises:
        NoUnitOfWork: there is no context.
    """
    unit: UnitOfWork = current().unit
    return unit
