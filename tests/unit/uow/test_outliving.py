"""Guards, rows that outlive a transaction, and what is to be done at its end."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from doclife.uow.unit import UnitOfWork
from tests.unit.uow.conftest import TABLE


class Failed(Exception):
    pass


def _fail():
    raise Failed


def _in_failing_frame(unit, work):
    with unit.savepoint():
        work()
        raise Failed


def _insert(n):
    return lambda connection: connection.execute(TABLE.insert().values(n=n)) and None


@pytest.mark.parametrize("verb", ["commit", "rollback", "close"])
def test_a_row_that_outlives_is_written_however_the_transaction_ends(unit, numbers, verb):
    numbers.add(unit, 1)
    unit.after_end(_insert(7))
    assert 7 not in numbers.seen_by(unit)
    getattr(unit, verb)()
    assert numbers.committed == ([1, 7] if verb == "commit" else [7])


def test_a_row_that_outlives_takes_no_second_connection(unit, numbers, database):
    """As many threads as the pool has connections would wait for each other."""
    pool, seen = database.engine.pool, []

    def write(connection):
        seen.append(pool.checkedout())
        _insert(7)(connection)

    numbers.add(unit, 1)
    before = pool.checkedout()
    unit.after_end(write)
    unit.commit()
    assert (seen, numbers.committed) == ([before], [1, 7])


def test_a_guard_is_asked_before_what_is_written_is_committed_and_may_refuse_it(unit, numbers):
    asked = []

    def guard():
        asked.append(numbers.seen_by(unit))
        if len(asked) == 2:
            raise Failed

    unit.guards.append(guard)
    unit.commit()
    assert asked == []  # nothing was written
    numbers.add(unit, 1)
    unit.commit()
    numbers.add(unit, 2)
    with pytest.raises(Failed):
        unit.commit()
    assert (asked, numbers.committed) == ([[1], [1, 2]], [1])


def test_what_is_to_be_done_at_the_end_waits_for_it_though_nothing_was_written(unit, numbers):
    unit.at_end(_insert(7))
    assert numbers.committed == []
    unit.rollback()
    assert numbers.committed == [7]


def test_a_row_that_outlives_is_written_at_once_where_nothing_was_written(unit, numbers):
    unit.after_end(_insert(7))
    assert numbers.committed == [7]


def test_a_row_that_outlives_waits_for_the_end_of_the_frames_around_it(unit, numbers):
    def work():
        unit.after_end(_insert(7))

    with pytest.raises(Failed):
        _in_failing_frame(unit, work)
    assert numbers.committed == []
    unit.rollback()
    assert numbers.committed == [7]


def test_a_row_that_cannot_be_written_is_logged_and_stops_nothing(unit, numbers):
    numbers.add(unit, 1)
    unit.after_end(_insert(1))
    unit.after_end(_insert(2))
    with capture_logs() as logs:
        unit.commit()
    assert numbers.committed == [1, 2]
    assert [entry["event"] for entry in logs] == ["outliving_write_failed"]


def test_a_failing_callbacks_record_outlives_its_transaction(database, numbers):
    def record(title, error):
        unit.after_end(_insert(9))

    unit = UnitOfWork(database, record_error=record)
    unit.add_callback("after_commit", lambda: (numbers.add(unit, 1), _fail()))
    with capture_logs():
        unit.commit()
    unit.close()
    assert numbers.committed == [9]
