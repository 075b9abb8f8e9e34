"""Steps where nothing is committed, and chunks."""

from __future__ import annotations

from datetime import date
from itertools import count

import pytest

import doclife
from doclife.core.errors import JobArgumentError
from doclife.doctypes.user import Role
from doclife.jobs.enqueue import enqueue
from doclife.uow.unit import current_unit
from tests.stored import stored


def test_chunks_are_lists_of_so_many_items():
    assert list(doclife.chunks("abcdefg", 3)) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert list(doclife.chunks([], 3)) == []
    assert next(doclife.chunks(count(), 2)) == [0, 1]  # read no further than needed
    for size in (0, -1, "3"):
        with pytest.raises(JobArgumentError, match="at least 1"):
            doclife.chunks([1], size)


def _import(names, seen):
    with doclife.job.step("names") as step:
        seen.append((step.done, step.cursor))
        for n, name in enumerate(names[step.cursor or 0 :], step.cursor or 0):
            Role(role_name=name).insert()
            step.checkpoint(n + 1)
            seen.append(step.cursor)
    with doclife.job.step("names") as step:
        seen.append((step.done,))
        seen.append((step.cursor,))


@pytest.mark.one_database
def test_in_its_callers_transaction_a_checkpoint_commits_nothing(site):
    seen: list[object] = []
    enqueue(_import, now=True, names=["A", "B"], seen=seen)
    assert seen == [(False, None), 1, 2, (True,)]  # a step that is done is left at its cursor
    current_unit().rollback()
    assert stored("Role", "name", name="A") == []


@pytest.mark.one_database
def test_inside_a_savepoint_of_its_caller_a_checkpoint_is_no_error(site):
    seen: list[object] = []
    with doclife.db.savepoint():
        enqueue(_import, is_async=False, names=["A"], seen=seen)
    assert seen == [(False, None), 1, (True,)]


@pytest.mark.one_database
def test_where_no_job_runs_a_step_keeps_nothing(site):
    seen: list[object] = []
    _import(["A"], seen)
    assert seen == [(False, None), 1, (False,), (None,)]
    current_unit().rollback()
    assert stored("Role", "name", name="A") == []


def test_an_exception_does_not_end_a_step():
    step = doclife.job.step("x")
    with pytest.raises(ValueError, match="paper"), step:
        raise ValueError("no paper")
    assert not step.done
    with step:
        step.checkpoint(date(2026, 1, 31))
    assert step.cursor == date(2026, 1, 31)


@pytest.mark.parametrize("name", ["", "x" * 141, None, 7])
def test_a_step_has_a_name(name):
    with pytest.raises(JobArgumentError, match="name the step"):
        doclife.job.step(name)


def test_a_cursor_that_cannot_be_stored_is_refused():
    with pytest.raises(JobArgumentError, match=r"cursor of step 'x' cannot be stored: cursor\.at: a builtins"):
        doclife.job.step("x").checkpoint({"at": object()})
