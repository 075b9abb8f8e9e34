"""Savepoint frames: what belongs to a part of a transaction is undone with that part, and with nothing else."""

from __future__ import annotations

import pytest

from doclife.database.errors import DuplicateKey
from doclife.uow.frames import BEGINNING


class Failed(Exception):
    pass


def _break(unit, work, error):
    with unit.savepoint():
        work()
        raise error


def _fails(unit, work, error=Failed):
    """Runs work in a frame that then fails."""
    with pytest.raises(error):
        _break(unit, work, error)


def test_a_frame_that_ends_well_keeps_what_was_written_in_it(unit, numbers):
    numbers.add(unit, 1)
    with unit.savepoint():
        numbers.add(unit, 2)
    unit.commit()
    assert numbers.committed == [1, 2]


def test_a_frame_that_fails_undoes_what_was_written_in_it_and_nothing_before(unit, numbers):
    numbers.add(unit, 1)
    _fails(unit, lambda: numbers.add(unit, 2))
    numbers.add(unit, 3)
    unit.commit()
    assert numbers.committed == [1, 3]


def test_the_first_frame_of_a_transaction_is_undone_too(unit, numbers):
    _fails(unit, lambda: numbers.add(unit, 1))
    assert numbers.seen_by(unit) == []
    numbers.add(unit, 2)
    unit.commit()
    assert numbers.committed == [2]


def test_an_exception_passes_on_from_a_frame(unit):
    error = Failed()
    with pytest.raises(Failed) as caught, unit.savepoint():
        raise error
    assert caught.value is error


def test_what_is_no_exception_undoes_a_frame_too(unit, numbers):
    _fails(unit, lambda: numbers.add(unit, 1), KeyboardInterrupt)
    assert numbers.seen_by(unit) == []


def test_inner_frames_are_undone_with_the_one_around_them(unit, numbers):
    def work():
        with unit.savepoint():
            numbers.add(unit, 2)
            with unit.savepoint():
                numbers.add(unit, 3)

    numbers.add(unit, 1)
    _fails(unit, work)
    assert numbers.seen_by(unit) == [1]


def test_an_inner_frame_is_undone_alone(unit, numbers):
    with unit.savepoint():
        numbers.add(unit, 1)
        _fails(unit, lambda: numbers.add(unit, 2))
        numbers.add(unit, 3)
    assert numbers.seen_by(unit) == [1, 3]


def test_an_inner_frame_that_writes_first_is_undone_alone(unit, numbers):
    """Both frames are virtual until the inner one writes, so both begin at the same place."""
    numbers.add(unit, 1)
    with unit.savepoint():
        _fails(unit, lambda: numbers.add(unit, 2))
        numbers.add(unit, 3)
    assert numbers.seen_by(unit) == [1, 3]


def test_a_frame_that_shares_its_beginning_with_an_inner_one_is_undone_whole(unit, numbers):
    """The second inner frame must not take the name of the savepoint that the outer one goes back to."""

    def work():
        with unit.savepoint():
            numbers.add(unit, 2)
        numbers.add(unit, 3)
        with unit.savepoint():
            numbers.add(unit, 4)

    numbers.add(unit, 1)
    _fails(unit, work)
    assert numbers.seen_by(unit) == [1]


def test_a_second_inner_frame_is_undone_alone_where_the_first_shared_the_beginning(unit, numbers):
    numbers.add(unit, 1)
    with unit.savepoint():
        with unit.savepoint():
            numbers.add(unit, 2)
        _fails(unit, lambda: numbers.add(unit, 3))
        numbers.add(unit, 4)
    assert numbers.seen_by(unit) == [1, 2, 4]


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_the_first_write_may_be_deep_inside(unit, numbers, depth):
    def nested(level):
        if level == depth:
            numbers.add(unit, level)
            raise Failed
        with unit.savepoint():
            nested(level + 1)

    with pytest.raises(Failed):
        nested(0)
    assert not unit.in_progress
    numbers.add(unit, 9)
    unit.commit()
    assert numbers.committed == [9]


def test_frames_that_went_back_to_the_beginning_of_the_transaction_can_be_undone_again(unit, numbers):
    def work():
        _fails(unit, lambda: numbers.add(unit, 1))
        numbers.add(unit, 2)
        _fails(unit, lambda: numbers.add(unit, 3))
        assert numbers.seen_by(unit) == [2]

    _fails(unit, work)
    assert numbers.seen_by(unit) == []
    numbers.add(unit, 4)
    unit.commit()
    assert numbers.committed == [4]


def test_a_failed_statement_leaves_the_transaction_usable(unit, numbers):
    numbers.add(unit, 1)
    with pytest.raises(DuplicateKey), unit.savepoint():
        numbers.add(unit, 1)
    numbers.add(unit, 2)
    unit.commit()
    assert numbers.committed == [1, 2]


def test_a_frame_without_a_write_costs_no_statement(unit, numbers):
    numbers.add(unit, 1)
    ran = []
    unit.link.run = lambda sql, params=(): ran.append(sql)
    with unit.savepoint(), unit.savepoint():
        pass
    _fails(unit, lambda: None)
    assert ran == []


def test_a_frame_around_one_write_costs_two_statements_of_control_at_most(unit, numbers):
    numbers.add(unit, 1)
    ran = []
    run = unit.link.run

    def watched(sql, params=()):
        ran.append(sql.split()[0])
        return run(sql, params)

    unit.link.run = watched
    with unit.savepoint(), unit.savepoint():
        numbers.add(unit, 2)
    # MariaDB replaces a savepoint of the same name; on PostgreSQL the RELEASE goes with the next SAVEPOINT
    late = unit.link.dialect == "postgresql" and unit.database.outer is None
    release = [] if unit.link.dialect == "mariadb" or late else ["RELEASE"]
    assert ran == ["SAVEPOINT", "INSERT", *release]


@pytest.mark.parametrize("database", ["real"], indirect=True)
def test_the_first_write_of_a_transaction_uses_the_transaction_itself(unit, numbers):
    with unit.savepoint() as outer, unit.savepoint() as inner:
        numbers.add(unit, 1)
        assert outer.mark is BEGINNING
        assert inner.mark is BEGINNING


@pytest.mark.parametrize("database", ["outer"], indirect=True)
def test_under_an_outer_transaction_a_frame_never_means_the_beginning(unit, numbers):
    with unit.savepoint() as frame:
        numbers.add(unit, 1)
        assert frame.mark not in ("", BEGINNING)


def test_frames_are_closed_innermost_first(unit):
    outer = unit.push()
    unit.push()
    with pytest.raises(AssertionError, match="innermost first"):
        unit.release(outer)


def test_closing_a_frame_closes_those_that_were_left_open_inside(unit, numbers):
    outer = unit.push()
    numbers.add(unit, 1)
    unit.push()
    numbers.add(unit, 2)
    unit.push()
    unit.roll_back(outer)
    assert not unit.in_progress
    assert numbers.seen_by(unit) == []


def test_objects_are_put_back_newest_first_when_a_frame_fails(unit):
    undone = []

    def work():
        unit.frames[-1].add_restore(lambda: undone.append("first"))
        with unit.savepoint() as inner:
            inner.add_restore(lambda: undone.append("inner"))
        unit.frames[-1].add_restore(lambda: undone.append("last"))

    _fails(unit, work)
    assert undone == ["last", "inner", "first"]


def test_objects_stay_as_they_are_when_their_frame_ends_well(unit):
    undone = []
    with unit.savepoint() as frame:
        frame.add_restore(lambda: undone.append("restored"))
    unit.rollback()
    assert undone == []


def test_closing_the_unit_undoes_open_frames_and_puts_objects_back(unit, numbers):
    undone = []
    frame = unit.push()
    frame.add_restore(lambda: undone.append("restored"))
    numbers.add(unit, 1)
    unit.close()
    assert undone == ["restored"]
    assert numbers.committed == []


def test_what_was_verified_in_a_transaction_is_forgotten_with_any_part_of_it(unit):
    unit.verified.add(("Outlet", "A"))
    _fails(unit, lambda: unit.verified.add(("Outlet", "B")))
    assert unit.verified == set()
