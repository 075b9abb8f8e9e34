"""Commit and rollback: what is stored, what runs when, and who may ask for them."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from doclife.core.context import Context, activate
from doclife.core.errors import NoUnitOfWork, TransactionControlError
from doclife.uow.unit import UnitOfWork, current_unit

MOMENTS = ("before_commit", "after_commit", "before_rollback", "after_rollback")


class Failed(Exception):
    pass


@pytest.fixture
def ran(unit):
    """The moments whose callbacks have run."""
    seen = []
    for moment in MOMENTS:
        unit.add_callback(moment, lambda moment=moment: seen.append(moment))
    return seen


def _fail():
    raise Failed


def test_a_commit_stores_and_a_rollback_does_not(unit, numbers):
    numbers.add(unit, 1)
    unit.commit()
    numbers.add(unit, 2)
    unit.rollback()
    assert numbers.committed == [1]


@pytest.mark.parametrize("database", ["real"], indirect=True)
def test_nothing_is_seen_by_others_before_the_commit(unit, numbers):
    numbers.add(unit, 1)
    assert numbers.committed == []
    unit.commit()
    assert numbers.committed == [1]


def test_closing_rolls_back(unit, numbers):
    numbers.add(unit, 1)
    unit.close()
    assert numbers.committed == []


def test_a_unit_holds_one_transaction_after_the_other(unit, numbers):
    for n in range(3):
        numbers.add(unit, n)
        unit.commit()
    assert unit.serial == 3
    assert numbers.committed == [0, 1, 2]


def test_a_commit_of_nothing_is_allowed(unit, ran):
    unit.commit()
    unit.commit()
    assert ran == ["before_commit", "after_commit"]


def test_a_commit_runs_its_callbacks_and_drops_those_of_a_rollback(unit, ran):
    unit.commit()
    unit.rollback()
    assert ran == ["before_commit", "after_commit"]


def test_a_rollback_runs_its_callbacks_and_drops_those_of_a_commit(unit, ran):
    unit.rollback()
    unit.commit()
    assert ran == ["before_rollback", "after_rollback"]


def test_callbacks_run_in_the_order_in_which_they_were_added_across_frames(unit):
    ran = []
    unit.add_callback("after_commit", lambda: ran.append(1))
    with unit.savepoint():
        unit.add_callback("after_commit", lambda: ran.append(2))
        with unit.savepoint():
            unit.add_callback("after_commit", lambda: ran.append(3))
        unit.add_callback("after_commit", lambda: ran.append(4))
    unit.add_callback("after_commit", lambda: ran.append(5))
    unit.commit()
    assert ran == [1, 2, 3, 4, 5]


def test_callbacks_of_a_frame_that_failed_are_gone(unit):
    ran = []

    def work():
        unit.add_callback("after_commit", lambda: ran.append("failed"))
        unit.add_callback("after_rollback", lambda: ran.append("failed"))

    unit.add_callback("after_commit", lambda: ran.append("kept"))
    with pytest.raises(Failed):
        _in_failing_frame(unit, work)
    assert ran == []
    unit.commit()
    assert ran == ["kept"]


def _in_failing_frame(unit, work):
    with unit.savepoint():
        work()
        raise Failed


def test_a_frame_that_goes_back_to_the_beginning_is_no_end_of_the_transaction(unit, numbers, ran):
    with pytest.raises(Failed):
        _in_failing_frame(unit, lambda: numbers.add(unit, 1))
    assert ran == []
    assert unit.serial == 0
    unit.commit()
    assert ran == ["before_commit", "after_commit"]


# before_commit


def test_before_commit_may_write_into_the_transaction(unit, numbers):
    unit.add_callback("before_commit", lambda: numbers.add(unit, 1))
    unit.commit()
    assert numbers.committed == [1]


def test_before_commit_may_add_more_of_the_same(unit):
    ran = []

    def first():
        ran.append("first")
        unit.add_callback("before_commit", lambda: ran.append("second"))

    unit.add_callback("before_commit", first)
    unit.commit()
    assert ran == ["first", "second"]


def test_an_exception_in_before_commit_rolls_everything_back(unit, numbers):
    ran = []
    unit.add_callback("before_commit", _fail)
    unit.add_callback("before_commit", lambda: ran.append("later"))
    unit.add_callback("after_commit", lambda: ran.append("after_commit"))
    unit.add_callback("after_rollback", lambda: ran.append("after_rollback"))
    numbers.add(unit, 1)
    with pytest.raises(Failed):
        unit.commit()
    assert ran == ["after_rollback"]
    assert numbers.committed == []
    unit.commit()
    assert ran == ["after_rollback"]


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_before_commit_may_not_end_the_transaction_itself(unit, numbers, verb):
    unit.add_callback("before_commit", getattr(unit, verb))
    numbers.add(unit, 1)
    with pytest.raises(TransactionControlError, match=rf"{verb}\(\) was called .*before_commit"):
        unit.commit()
    assert numbers.committed == []


# after_commit


def test_after_commit_finds_the_transaction_committed(unit, numbers):
    found = []
    numbers.add(unit, 1)
    unit.add_callback("after_commit", lambda: found.append(numbers.committed))
    unit.commit()
    assert found == [[1]]


def test_after_commit_has_a_transaction_of_its_own_that_is_committed(unit, numbers):
    unit.add_callback("after_commit", lambda: numbers.add(unit, 1))
    unit.commit()
    assert numbers.committed == [1]


def test_a_failing_after_commit_stops_nothing_and_changes_nothing(unit, numbers):
    unit.add_callback("after_commit", lambda: numbers.add(unit, 2))
    unit.add_callback("after_commit", lambda: (numbers.add(unit, 3), _fail()))
    unit.add_callback("after_commit", lambda: numbers.add(unit, 4))
    numbers.add(unit, 1)
    with capture_logs() as logs:
        unit.commit()
    assert numbers.committed == [1, 2, 4]
    assert [(entry["event"], entry["moment"]) for entry in logs] == [("transaction_callback_failed", "after_commit")]


def test_a_failing_callback_is_recorded_with_its_name(database):
    recorded = []
    unit = UnitOfWork(database, record_error=lambda title, error: recorded.append((title, type(error))))
    unit.add_callback("after_commit", _fail)
    with capture_logs():
        unit.commit()
    unit.close()
    assert recorded == [(f"after_commit callback {__name__}._fail failed", Failed)]


def test_after_commit_may_have_callbacks_of_its_own(unit):
    ran = []

    def first():
        ran.append("first")
        unit.add_callback("after_commit", lambda: ran.append("second"))

    unit.add_callback("after_commit", first)
    unit.add_callback("after_commit", lambda: ran.append("third"))
    unit.commit()
    assert ran == ["first", "second", "third"]


def test_after_commit_may_commit_itself(unit, numbers):
    unit.add_callback("after_commit", lambda: (numbers.add(unit, 1), unit.commit()))
    unit.commit()
    assert numbers.committed == [1]


def test_a_frame_that_after_commit_leaves_open_is_closed(unit, numbers):
    unit.add_callback("after_commit", lambda: (unit.push(), numbers.add(unit, 1)))
    unit.add_callback("after_commit", lambda: (unit.push(), numbers.add(unit, 2), _fail()))
    with capture_logs():
        unit.commit()
    assert not unit.in_progress
    assert numbers.committed == [1]


def test_a_failing_callback_of_a_rollback_stops_nothing(unit, numbers):
    ran = []
    unit.add_callback("before_rollback", _fail)
    unit.add_callback("before_rollback", lambda: ran.append("before"))
    unit.add_callback("after_rollback", _fail)
    unit.add_callback("after_rollback", lambda: numbers.add(unit, 2))
    numbers.add(unit, 1)
    with capture_logs() as logs:
        unit.rollback()
    assert ran == ["before"]
    assert numbers.committed == [2]
    assert [entry["moment"] for entry in logs] == ["before_rollback", "after_rollback"]


# who may end a transaction


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_ending_the_transaction_inside_a_frame_is_refused(unit, numbers, verb):
    def work():
        numbers.add(unit, 1)
        getattr(unit, verb)()

    with pytest.raises(TransactionControlError, match=rf"{verb}\(\) was called inside a savepoint"):
        _in_failing_frame(unit, work)
    assert not unit.in_progress
    assert numbers.seen_by(unit) == []


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_without_strict_ending_the_transaction_inside_a_frame_is_a_warning_and_ignored(database, numbers, verb):
    unit = UnitOfWork(database, strict=False)
    ran = []
    unit.add_callback("after_commit", lambda: ran.append("committed"))
    with capture_logs() as logs, unit.savepoint():
        numbers.add(unit, 1)
        getattr(unit, verb)()
        assert unit.in_progress
    assert ran == []
    assert numbers.seen_by(unit) == [1]
    unit.close()
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("transaction_control_refused", "warning")]
    assert numbers.committed == []


def test_the_refusal_names_the_handler_and_the_operation(unit):
    context = Context(None)
    context.unit = unit
    context.handler = "shop.events.on_submit"
    context.operations.append(("Invoice", "INV-1", "submit"))
    with activate(context), unit.savepoint(), pytest.raises(TransactionControlError) as caught:
        unit.commit()
    assert str(caught.value).startswith(
        "commit() was called by shop.events.on_submit during submit of Invoice INV-1; an operation is committed as a"
    )


# the fence


def test_the_fence_is_asked_before_each_commit_and_may_refuse_it(unit, numbers):
    asked = []

    class Lost(BaseException):
        pass

    def fence(link):
        asked.append(numbers.seen_by(unit))
        if len(asked) == 2:
            raise Lost

    unit.fence = fence
    numbers.add(unit, 1)
    unit.commit()
    numbers.add(unit, 2)
    with pytest.raises(Lost):
        unit.commit()
    assert asked == [[1], [1, 2]]
    assert numbers.committed == [1]


def test_callbacks_after_the_commit_are_not_fenced(unit, numbers):
    asked = []
    unit.fence = lambda link: asked.append(1)
    unit.add_callback("after_commit", lambda: numbers.add(unit, 1))
    unit.commit()
    assert asked == [1]
    assert numbers.committed == [1]
    unit.commit()
    assert asked == [1, 1]


def test_there_is_no_unit_without_a_context():
    with pytest.raises(NoUnitOfWork):
        current_unit()
