"""Savepoints on real transactions: which messages they cost, and that nothing takes along what is not its own."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from doclife.core.errors import DataError
from doclife.query.db import db
from doclife.uow.unit import UnitOfWork
from tests.contract.kernel.conftest import MARKED
from tests.unit.model.shop import ShopItem, ShopThing

ITEM = ShopItem.__table__
on_postgres = pytest.mark.parametrize("engine", MARKED[1:2], indirect=True)


def _insert(name):
    ShopItem().insert(set_name=name)


def _stored(engine):
    with engine.connect() as connection:
        return sorted(connection.execute(sa.select(ITEM.c.name)).scalars())


def _refused(unit):
    """Inserts in two frames, the outer of which the database makes fail."""
    with unit.savepoint():
        _insert("undone 1")
        with unit.savepoint():
            _insert("undone 2")
        _insert("undone 3")
        unit.link.rows("SELECT nothing FROM nowhere")


@contextmanager
def _sent(engine):
    texts = []

    def note(_connection, _cursor, text, *_rest):
        texts.append(text if "SAVEPOINT" in text else text.split()[0])

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield texts
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@on_postgres
def test_a_savepoint_is_released_by_the_message_that_sets_the_next_one(engine, unit):
    with _sent(engine) as texts:
        for name in "ABC":
            _insert(name)
        unit.commit()
        _insert("D")
        _insert("E")
    assert texts == [
        "INSERT",
        *("SAVEPOINT frame_1", "INSERT"),
        *("RELEASE SAVEPOINT frame_1; SAVEPOINT frame_1", "INSERT"),
        "INSERT",
        *("SAVEPOINT frame_1", "INSERT"),
    ]


@on_postgres
def test_who_takes_the_connection_finds_no_savepoint_open_and_none_is_left_open_then(engine, unit):
    with _sent(engine) as texts:
        _insert("A")
        _insert("B")
        assert unit.link.connection.in_transaction()
        _insert("C")
    assert texts[-5:] == [
        "INSERT",
        "RELEASE SAVEPOINT frame_1",
        "SAVEPOINT frame_1",
        "INSERT",
        "RELEASE SAVEPOINT frame_1",
    ]


def test_operations_before_in_and_after_a_session(engine, unit):
    _insert("A")
    _insert("B")
    with db.session() as session:
        session.execute(sa.insert(ITEM).values(name="session 1"))
        _insert("C")
        _insert("D")
        session.execute(sa.insert(ITEM).values(name="session 2"))
        _insert("E")
    _insert("F")
    session = db.session()
    session.execute(sa.insert(ITEM).values(name="undone"))
    _insert("undone too")
    session.rollback()
    _insert("G")
    unit.commit()
    assert _stored(engine) == [*"ABCDEFG", "session 1", "session 2"]


def test_frames_within_frames_whose_neighbours_are_done_with(engine, unit):
    _insert("A")
    with unit.savepoint():
        _insert("B")
        _insert("C")
        with pytest.raises(DataError):
            _refused(unit)
        _insert("D")
    _insert("E")
    with pytest.raises(DataError):
        _refused(unit)
    _insert("F")
    unit.commit()
    assert _stored(engine) == [*"ABCDEF"]


def test_an_operation_after_the_first_that_began_the_transaction_inside_another(engine, unit):
    """The outer frame goes back to the beginning, and what is nested in it is one deeper than what follows."""
    with unit.savepoint():
        _insert("A")
        _insert("B")
    _insert("C")
    with pytest.raises(DataError):
        _refused(unit)
    with unit.savepoint():
        _insert("D")
        ShopThing(item="D").insert()
    unit.commit()
    assert _stored(engine) == [*"ABCD"]


def test_a_rollback_of_the_whole_leaves_no_savepoint_behind(engine, unit):
    _insert("A")
    _insert("B")
    unit.rollback()
    assert unit.link.connection.in_transaction()
    _insert("C")
    _insert("D")
    unit.commit()
    _insert("E")
    assert unit.link.connection.in_transaction()
    unit.commit()
    assert _stored(engine) == [*"CDE"]


@pytest.mark.parametrize("engine", MARKED[2:3], indirect=True)
def test_a_transaction_that_is_committed_is_not_rolled_back_when_its_connection_comes_home(engine, shop_site):
    def rollbacks():
        """Returns how many this connection has sent; each question ends with one."""
        with engine.connect() as connection:
            row = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Com_rollback'").first()
            assert row is not None
            return int(row[1])

    def transaction(end):
        unit = UnitOfWork(shop_site.database)
        unit.before_write()
        unit.link.run("DELETE FROM `tabShop Item`")
        getattr(unit, end)()
        unit.close()

    engine.dispose()  # from here on there is one connection
    rollbacks()
    for end, sent in (("commit", 0), ("rollback", 1), ("close", 1), ("commit", 0)):
        before = rollbacks()
        transaction(end)
        assert rollbacks() - before == sent + 1, end
