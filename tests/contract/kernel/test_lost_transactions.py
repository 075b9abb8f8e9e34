"""Transactions that the database has ended or broken: nothing is believed stored that is not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from doclife.core.errors import (
    DatabaseUnavailable,
    DataError,
    DuplicateEntryError,
    TransactionAborted,
    TransactionError,
)
from doclife.model.access import get_doc
from doclife.outbox.staging import StagedJob
from doclife.uow.unit import UnitOfWork
from tests.contract.kernel.conftest import MARKED
from tests.unit.model.shop import ShopItem, ShopOutlet

#: SQLite has no connection to lose
on_servers = pytest.mark.parametrize("engine", MARKED[1:], indirect=True)
on_sqlite = pytest.mark.parametrize("engine", MARKED[:1], indirect=True)


def _refused(unit):
    """Has the database refuse a statement, and catches the error where no frame undoes it."""
    with pytest.raises(DataError):
        unit.link.rows("SELECT nothing FROM nowhere")


def _in_savepoint(unit, sql):
    with unit.savepoint():
        unit.before_write()
        unit.link.run(sql)


def _names(engine, cls):
    with engine.connect() as connection:
        return sorted(connection.execute(sa.select(cls.__table__.c.name)).scalars())


def _job():
    return StagedJob(queue="default", method="x.y", kwargs="{}", run_as="Administrator", timeout=1)


def test_a_refused_read_before_the_first_write_is_no_hindrance(engine, unit):
    _refused(unit)
    ShopItem().insert(set_name="A")
    unit.commit()
    assert _names(engine, ShopItem) == ["A"]


def test_a_commit_after_a_refused_read_stores_everything_or_says_that_it_did_not(engine, unit):
    ran = []
    unit.add_callback("after_commit", lambda: ran.append("after_commit"))
    unit.stage(job := _job())
    ShopItem().insert(set_name="A")
    _refused(unit)
    if engine.dialect.name == "postgresql":
        with pytest.raises(TransactionError, match=r"(?s)was refused .*nowhere.*savepoint"):
            unit.commit()
        assert (_names(engine, ShopItem), ran, job.state) == ([], [], "dropped")
        ShopItem().insert(set_name="A")
        unit.commit()
    else:
        unit.commit()
        assert (ran, job.state) == (["after_commit"], "queued")
    assert _names(engine, ShopItem) == ["A"]


@pytest.mark.parametrize("written_before", [False, True])
def test_an_operation_whose_handler_catches_a_refusal_is_stored_whole_or_not_at_all(
    engine, unit, shop_site, written_before
):
    shop_site.registry.connect("Shop Outlet", "on_update", lambda doc: _refused(unit))
    if written_before:
        ShopItem().insert(set_name="before")
    outlet = ShopOutlet(code="Oslo")
    if engine.dialect.name == "postgresql":
        with pytest.raises(TransactionError, match="nowhere"):
            outlet.insert()
        assert outlet.is_new()
    else:
        outlet.insert()
    ShopItem().insert(set_name="after")
    unit.commit()
    assert _names(engine, ShopOutlet) == ([] if outlet.is_new() else ["Oslo"])
    assert _names(engine, ShopItem) == (["after", "before"] if written_before else ["after"])


def test_a_refusal_inside_a_savepoint_is_undone_with_it(engine, unit):
    ShopItem().insert(set_name="A")
    with pytest.raises(DataError):
        _in_savepoint(unit, "SELECT nothing FROM nowhere")
    ShopItem().insert(set_name="B")
    unit.commit()
    assert _names(engine, ShopItem) == ["A", "B"]


# connections that break


def _kill(engine, unit):
    """Ends the unit's connection at the server."""
    server = engine.dialect.name
    own = "pg_backend_pid()" if server == "postgresql" else "connection_id()"
    [(number,)] = unit.link.rows(f"SELECT {own}")
    _end(engine, number)


def _end(engine, number):
    server = engine.dialect.name
    with engine.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({number})" if server == "postgresql" else f"KILL {number}")


@on_servers
@pytest.mark.parametrize("opened", ["transaction", "reading"])
def test_a_connection_lost_in_a_short_transaction_is_told_apart_from_a_refused_statement(engine, unit, opened):
    own = "pg_backend_pid()" if engine.dialect.name == "postgresql" else "connection_id()"

    def lose():
        with getattr(unit.database, opened)() as connection:
            _end(engine, connection.exec_driver_sql(f"SELECT {own}").scalar())
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(DatabaseUnavailable, match="connection to the database was lost"):
        lose()
    with getattr(unit.database, opened)() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


@on_servers
def test_a_connection_lost_in_an_operation_undoes_it_and_the_unit_goes_on_after_a_rollback(engine, unit, shop_site):
    handler = shop_site.registry.connect("Shop Outlet", "on_update", lambda doc: _kill(engine, unit))
    unit.stage(job := _job())
    item, outlet = ShopItem().insert(set_name="A"), ShopOutlet(code="Oslo")
    shop_site.registry.connect("Shop Outlet", "on_change", lambda doc: item.db_set("title", "x"))
    with (
        capture_logs() as logs,
        pytest.raises(DatabaseUnavailable, match="connection to the database was lost") as lost,
    ):
        outlet.insert()
    assert [entry["event"] for entry in logs] == ["database_connection_discarded"]
    assert "on_change of Shop Outlet Oslo" in "".join(lost.value.__notes__)
    assert outlet.is_new()
    with pytest.raises(TransactionAborted, match="lost"):
        get_doc("Shop Item", "A")
    with pytest.raises(TransactionAborted):
        unit.commit()
    assert job.state == "dropped"
    shop_site.registry.disconnect(handler)
    ShopItem().insert(set_name="B")
    unit.commit()
    assert _names(engine, ShopItem) == ["B"]


@on_servers
def test_a_connection_lost_before_the_commit_stores_nothing(engine, unit):
    ShopItem().insert(set_name="A")
    _kill(engine, unit)
    with capture_logs(), pytest.raises(DatabaseUnavailable):
        unit.commit()
    assert _names(engine, ShopItem) == []
    ShopItem().insert(set_name="B")
    unit.commit()
    assert _names(engine, ShopItem) == ["B"]


@on_servers
def test_a_connection_lost_between_transactions_is_replaced_after_one_error(engine, unit):
    ShopItem().insert(set_name="A")
    unit.commit()
    _kill(engine, unit)
    with capture_logs(), pytest.raises(DatabaseUnavailable):
        get_doc("Shop Item", "A")
    assert get_doc("Shop Item", "A").name == "A"


@on_servers
def test_a_unit_whose_connection_is_lost_closes_quietly(engine, shop_site):
    unit = UnitOfWork(shop_site.database)
    unit.push()
    unit.before_write()
    unit.link.rows("SELECT 1")
    _kill(engine, unit)
    with capture_logs():
        unit.close()
    assert not unit.in_progress


class Interrupted(BaseException):
    """What ends a job that has run too long."""


@on_servers
def test_a_statement_that_is_interrupted_gives_up_its_connection(engine, unit, monkeypatch):
    """The answer that nobody has read must not be taken for the answer of the next statement."""
    ShopItem().insert(set_name="A")

    class Cursor:
        def execute(self, sql, params):
            raise Interrupted

    monkeypatch.setattr(unit.link, "_cursor", Cursor())
    item = ShopItem()
    with capture_logs() as logs, pytest.raises(Interrupted):
        item.insert(set_name="B")
    assert [entry["reason"] for entry in logs] == ["Interrupted"]
    assert item.is_new()
    with pytest.raises(TransactionAborted):
        unit.commit()
    item.insert(set_name="B")
    unit.commit()
    assert _names(engine, ShopItem) == ["B"]


# SQLite


@on_sqlite
def test_a_transaction_that_sqlite_rolled_back_by_itself_goes_on_with_nothing(engine, unit):
    ShopItem().insert(set_name="A")
    ShopItem().insert(set_name="B")
    with pytest.raises(DuplicateEntryError):
        _in_savepoint(unit, """INSERT OR ROLLBACK INTO "tabShop Item" (name) VALUES ('A')""")
    with pytest.raises(TransactionAborted):
        ShopItem().insert(set_name="C")
    with pytest.raises(TransactionAborted):
        unit.commit()
    assert _names(engine, ShopItem) == []
    ShopItem().insert(set_name="D")
    unit.commit()
    assert _names(engine, ShopItem) == ["D"]


@on_sqlite
def test_a_commit_that_sqlite_refuses_leaves_nothing_open(engine, unit):
    unit.link.run("CREATE TEMP TABLE parents (id INTEGER PRIMARY KEY)")
    unit.link.run("CREATE TEMP TABLE children (id INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)")
    ShopItem().insert(set_name="A")
    unit.link.run("INSERT INTO children VALUES (1)")
    with pytest.raises(DataError, match="FOREIGN KEY"):
        unit.commit()
    assert _names(engine, ShopItem) == []
    ShopItem().insert(set_name="B")
    unit.commit()
    assert _names(engine, ShopItem) == ["B"]
