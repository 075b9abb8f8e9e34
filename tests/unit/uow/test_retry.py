"""retry_on_conflict runs work again when it lost against somebody else, and only then."""

from __future__ import annotations

import pytest

from doclife.core.context import Context, activate
from doclife.core.errors import (
    DuplicateEntryError,
    QueryDeadlockError,
    QueryTimeoutError,
    TimestampMismatchError,
    TransactionAborted,
    TransactionControlError,
    ValidationError,
)
from doclife.uow.retry import is_conflict, retry_on_conflict


@pytest.fixture
def context(unit):
    made = Context(None)
    made.unit = unit
    with activate(made):
        yield made


class Work:
    """Adds its number to the table and fails with these errors first."""

    def __init__(self, unit, numbers, *errors):
        self.unit, self.numbers, self.errors, self.runs = unit, numbers, list(errors), 0

    def __call__(self):
        self.runs += 1
        self.numbers.add(self.unit, self.runs)
        if self.errors:
            raise self.errors.pop(0)
        return f"run {self.runs}"


@pytest.mark.parametrize(
    ("error", "conflict"),
    [
        (QueryDeadlockError(), True),
        (QueryTimeoutError(), True),
        (TransactionAborted(), True),
        (TimestampMismatchError(loaded_in_unit=True), True),
        (TimestampMismatchError(loaded_in_unit=False), False),
        (TimestampMismatchError(), False),
        (DuplicateEntryError(), False),
        (ValidationError(), False),
        (ZeroDivisionError(), False),
    ],
)
def test_what_counts_as_a_conflict(error, conflict):
    assert is_conflict(error) is conflict


def test_work_that_succeeds_is_run_once_and_committed(context, unit, numbers):
    work = Work(unit, numbers)
    assert retry_on_conflict(work) == "run 1"
    assert numbers.committed == [1]


def test_work_that_meets_a_conflict_is_rolled_back_and_run_again(context, unit, numbers):
    work = Work(unit, numbers, QueryDeadlockError(), QueryTimeoutError())
    assert retry_on_conflict(work, pause=0) == "run 3"
    assert numbers.committed == [3]


def test_another_error_is_not_met_again(context, unit, numbers):
    work = Work(unit, numbers, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        retry_on_conflict(work, pause=0)
    assert work.runs == 1
    assert numbers.committed == []


def test_the_last_conflict_passes_on(context, unit, numbers):
    last = QueryDeadlockError("the third")
    work = Work(unit, numbers, QueryDeadlockError(), QueryDeadlockError(), last)
    with pytest.raises(QueryDeadlockError) as caught:
        retry_on_conflict(work, attempts=3, pause=0)
    assert caught.value is last
    assert numbers.committed == []


def test_a_conflict_of_the_commit_itself_is_met_again(context, unit, numbers):
    errors = [QueryTimeoutError()]

    def fence(link):
        if errors:
            raise errors.pop()

    unit.fence = fence
    work = Work(unit, numbers)
    assert retry_on_conflict(work, pause=0) == "run 2"
    assert numbers.committed == [2]


def test_it_is_refused_inside_a_savepoint_before_the_work_begins(context, unit, numbers):
    work = Work(unit, numbers)
    with unit.savepoint(), pytest.raises(TransactionControlError, match=r"retry_on_conflict\(\) was called inside"):
        retry_on_conflict(work)
    assert work.runs == 0
