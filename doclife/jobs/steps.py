"""Long work: steps whose progress is kept, so that a job that is interrupted goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Protocol, TypeVar

from doclife.core import json
from doclife.core.errors import DataError, JobArgumentError

#: room for a step's name
NAME_LENGTH = 140

Item = TypeVar("Item")


#: the cursor of a step whose checkpoint has been begun, and is not known to be committed
_IN_ITS_ROW = object()


class _StepIsDone(BaseException):
    """Leaves the block of a step that a run before has done; no Exception, for nothing but the step is to see it."""

    def __init__(self, step: Step) -> None:
        super().__init__(f"step {step.name!r} is done")
        self.step = step


class Step:
    """One part of a job: `with doclife.job.step("rows") as step:`.

    The next run begins its block behind the last checkpoint, by `cursor`. Of a step that is done
    the block is left where it first asks for its cursor; one that does not asks `done`.
    """

    def __init__(self, steps: Steps, name: str, cursor: Any, done: bool) -> None:
        self._steps = steps
        self.name = name
        self._cursor = cursor
        #: whether the block has come to its end before
        self.done = done
        self._is_open = False

    @property
    def cursor(self) -> Any:
        """What the last checkpoint was given, in this run or one before; None: there was none."""
        if self._is_open and self.done:
            raise _StepIsDone(self)
        return self._where()

    def _where(self) -> Any:
        if self._cursor is _IN_ITS_ROW:
            self._cursor = self._steps.cursor(self.name)
        return self._cursor

    def checkpoint(self, cursor: Any) -> None:
        """Commits what the job has done, and with it how far it is: after a kill it goes on from `cursor`.

        Where the job runs in its caller's transaction (`now=True`), nothing is committed.

        Args:
            cursor: JSON data, dates, decimals, ...; whatever the next run needs to go on.
        Raises:
            JobArgumentError: the cursor cannot be stored.
            TransactionControlError: a document operation, a savepoint or a callback of the transaction is in progress.
        """
        self._cursor = _IN_ITS_ROW
        self._steps.checkpoint(self.name, cursor, self.done)
        self._cursor = cursor

    def __enter__(self) -> Step:
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Has the next commit mark the step as done; after an exception nothing is marked."""
        self._is_open = False
        if kind is None and not self.done:
            self._steps.end(self.name, self._where())
        return isinstance(error, _StepIsDone) and error.step is self  # that of a step around it is not this one's

    def __repr__(self) -> str:
        cursor = "in its row" if self._cursor is _IN_ITS_ROW else repr(self._cursor)
        return f"<Step {self.name} {'done' if self.done else cursor}>"


#: how far each step is, as plain JSON data: what a job does to its cursor later changes nothing here
State = dict[str, dict[str, Any]]


Callback = Callable[[], object]


class Transaction(Protocol):
    """The transaction in which a job's steps are kept."""

    def load(self) -> str | None:
        """Returns what the runs before have kept."""
        ...

    def commit(self) -> None:
        """Commits the job's work; on the way `Steps.to_write` is written."""
        ...

    def at_end(self, before: Callback, committed: Callback, undone: Callback) -> None:
        """Has the open transaction call `before` on its way to a commit, and then one of the others."""
        ...


class Steps:
    """The steps of one run of a job."""

    def __init__(self, transaction: Transaction | None = None) -> None:
        """Prepares them.

        Args:
            transaction: of the job; None: it runs in its caller's, where nothing is committed and nothing kept.
        """
        self._transaction = transaction
        #: what is committed; None: the row says so. From the moment in which a commit writes the row until it is
        #: known to have come, for what interrupts a job may come just behind COMMIT
        self._kept: State | None = None
        #: what the commit that comes will add, and what the one in progress has written
        self._new: State = {}
        self._written: State | None = None

    def open(self, name: str) -> Step:
        """Returns the step of this name.

        Raises:
            JobArgumentError: it is no name.
        """
        if not isinstance(name, str) or not name or len(name) > NAME_LENGTH:
            raise JobArgumentError(f"step({name!r}): name the step by a text of at most {NAME_LENGTH} characters")
        kept = self._all().get(name)
        return Step(self, name, self.cursor(name), kept is not None and kept["done"])

    def cursor(self, name: str) -> Any:
        """Returns the cursor of a step as it is committed, or None."""
        kept = self._all().get(name)
        return None if kept is None else json.from_packable(kept["cursor"])

    def checkpoint(self, name: str, cursor: Any, done: bool) -> None:
        """Commits the job's work and how far a step is. Raises: as `Step.checkpoint`."""
        try:
            plain = json.to_packable(cursor, "cursor")
        except DataError as error:
            raise JobArgumentError(f"the cursor of step {name!r} cannot be stored: {error}") from error
        new = {name: {"cursor": plain, "done": done}}
        if self._transaction is None:
            self._kept = self._all() | new
            return
        self._new = new
        try:
            self._transaction.commit()
            self._settle()
        finally:
            self._forget()

    def end(self, name: str, cursor: Any) -> None:
        """Marks a step as done, together with what its block has written: by the commit that comes, if it comes."""
        done = {name: {"cursor": json.to_packable(cursor), "done": True}}
        if self._transaction is None:
            self._kept = self._all() | done
            return

        def before() -> None:
            self._new |= done

        self._transaction.at_end(before, self._settle, self._forget)

    def to_write(self) -> str | None:
        """Returns what the commit in progress is to write, as JSON, or None for nothing."""
        if not self._new:
            return None
        self._written = self._all() | self._new
        self._kept = None
        return json.dumps(self._written)

    def _settle(self) -> None:
        """Keeps what the commit has written, now that it has come."""
        if self._written is not None:
            self._kept = self._written
        self._forget()

    def _forget(self) -> None:
        self._new, self._written = {}, None

    def _all(self) -> State:
        if self._kept is None:
            text = None if self._transaction is None else self._transaction.load()
            self._kept = {} if text is None else json.loads(text)
        return self._kept


def chunks(iterable: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cuts an iterable into lists of `size` items, the last one shorter.

    Args:
        iterable: is read no further than the chunk that is asked for.
        size: at least 1.
    Raises:
        JobArgumentError: size is no such number; at the call.
    """
    if not isinstance(size, int) or size < 1:
        raise JobArgumentError(f"chunks(size={size!r}): give a number of items, at least 1")
    items = iter(iterable)
    return iter(lambda: list(islice(items, size)), [])
