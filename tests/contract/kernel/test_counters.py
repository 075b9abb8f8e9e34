"""Counters inside and beside transactions, and hash names that exist, on every database."""

from __future__ import annotations

import os
import threading

import pytest

from doclife.core.context import Context, activate, current
from doclife.core.errors import DuplicateEntryError, QueryTimeoutError
from doclife.core.ids import hash_name
from doclife.database import apart
from doclife.model.bulk import insert_many
from doclife.model.document import Document
from doclife.model.naming import NamingSeries, getseries
from doclife.schema.meta import Meta
from doclife.schema.tables import metadata
from doclife.uow import counters
from doclife.uow.retry import is_conflict
from doclife.uow.unit import UnitOfWork
from tests.contract.databases import MARKED
from tests.unit.model.shop import ShopSecretary


class CountedLog(Document):
    meta = Meta(autoname="autoincrement")


@pytest.fixture
def counted(engine, shop_site):
    metadata.create_all(engine, [CountedLog.__table__])
    shop_site.doctypes["Counted Log"] = CountedLog
    yield
    CountedLog.__table__.drop(engine)


@pytest.fixture
def other(shop_site):
    """Another context on the same site, which gives up waiting for a lock at once."""
    made = Context(shop_site)
    made.unit = UnitOfWork(shop_site.database, strict=True)
    settings = {"postgresql": "SET lock_timeout = '200ms'", "sqlite": "PRAGMA busy_timeout = 200"}
    made.unit.link.connection.exec_driver_sql(
        settings.get(made.unit.link.dialect, "SET SESSION innodb_lock_wait_timeout = 1")
    )
    yield made
    made.unit.rollback()
    made.unit.link.connection.invalidate()  # in the pool its impatience would stay with it
    made.unit.close()


@pytest.mark.parametrize("engine", MARKED[1:], indirect=True)  # SQLite has one writer: the second one waits anyway
def test_numbers_of_autoincrement_types_are_not_waited_for(counted, context, other):
    first = CountedLog().insert()
    with activate(other):
        second = CountedLog().insert()
        current().unit.commit()
    assert (first.name, second.name) == ("1", "2")
    current().unit.rollback()
    assert CountedLog().insert().name == "3", "a number that was rolled back is a gap"
    batch = insert_many([CountedLog() for _ in range(3)])
    assert [doc.name for doc in batch] == ["4", "5", "6"]


def test_numbers_of_a_series_are_waited_for(context, other):
    getseries("SHARED-", 1)
    with activate(other), pytest.raises(QueryTimeoutError):
        getseries("SHARED-", 1)
    current().unit.rollback()
    with activate(other):
        current().unit.rollback()
        assert getseries("SHARED-", 1) == "1"


def test_a_counter_that_this_transaction_has_made_is_not_waited_for(context):
    """MariaDB makes the rows of counters beside the transaction; one that is locked here is there already."""
    current().unit.before_write()
    insert = {"sqlite": "(?, 5)", "postgresql": "(%s, 5)"}.get(current().unit.link.dialect, "(%s, 5)")
    quote = '"' if current().unit.link.dialect in ("sqlite", "postgresql") else "`"
    current().unit.link.run(f"INSERT INTO {quote}tabSeries{quote} (name, current) VALUES {insert}", ("OWN-",))
    assert getseries("OWN-", 1) == "6"
    NamingSeries("OWN-.#").update_counter(2)
    assert getseries("OWN-", 1) == "3"


def test_counters_are_set_raised_and_read(unit):
    assert counters.last(unit, "N") == 0
    assert counters.take(unit, "N", 3) == 3
    counters.set_to(unit, "N", 1)
    assert (counters.last(unit, "N"), counters.take(unit, "N")) == (1, 2)
    assert counters.take_names(unit, "Shop Item", 2) == ["1", "2"]
    counters.pass_name(unit, "Shop Item", "9")
    counters.pass_name(unit, "Shop Item", "4")
    assert counters.take_names(unit, "Shop Item", 1) == ["10"]


def test_a_statement_apart_is_committed_and_its_refusal_is_wrapped(engine, shop_site, unit):
    beside = shop_site.database.apart
    if not beside.is_possible:
        assert unit.link.dialect == "sqlite"
        return
    quote = '"' if unit.link.dialect == "postgresql" else "`"
    insert = f"INSERT INTO {quote}tabSeries{quote} (name, current) VALUES (%s, %s)"
    assert beside.run(insert, ("APART", 4)) == []
    with pytest.raises(DuplicateEntryError):
        beside.run(insert, ("APART", 4))
    assert beside.run("SELECT 1", ()) == [(1,)]
    beside.close()
    assert counters.last(unit, "APART") == 4
    assert isinstance(beside, apart.Apart)


@pytest.mark.parametrize("engine", MARKED[1:], indirect=True)
def test_a_forked_process_counts_on_a_connection_of_its_own(shop_site, unit):
    assert counters.take_names(unit, "Shop Item", 1) == ["1"]
    unit.close()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "?"
        try:
            answer = " ".join(counters.take_names(UnitOfWork(shop_site.database), "Shop Item", 2))
        finally:
            os.write(writer, answer.encode())
            os._exit(0)
    os.close(writer)
    assert counters.take_names(unit, "Shop Item", 1)[0] in ("2", "4")
    with os.fdopen(reader) as lines:
        assert lines.read() in ("2 3", "3 4")
    os.waitpid(child, 0)
    assert counters.take_names(unit, "Shop Item", 1) == ["5"]


def test_threads_take_turns_on_the_one_connection(shop_site, unit):
    names, failed, barrier = [], [], threading.Barrier(12)

    def work():
        context = Context(shop_site)
        context.unit = UnitOfWork(shop_site.database)
        with activate(context):
            try:
                barrier.wait(20)
                for _ in range(5):
                    names.extend(counters.take_names(context.unit, "Shop Item", 2))
                context.unit.commit()
            except BaseException as error:
                failed.append(error)
                raise
            finally:
                context.unit.close()

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sorted(map(int, names)) == list(range(1, 121))


def test_a_hash_name_that_exists_is_met_by_another_one(context, monkeypatch):
    made = ["taken00000", "taken00000", "other00000"]
    ShopSecretary(label="first").insert(set_name="taken00000")
    ShopSecretary(label="before, in the same transaction").insert()
    monkeypatch.setattr("doclife.model.naming.hash_name", lambda: made.pop(0) if made else hash_name())
    doc = ShopSecretary(label="second").insert()
    assert doc.name == "other00000"
    assert made == []
    current().unit.commit()


def test_a_batch_that_meets_an_existing_hash_name_may_be_tried_again(context, monkeypatch):
    ShopSecretary(label="first").insert(set_name="taken00000")
    current().unit.commit()
    monkeypatch.setattr("doclife.model.naming.hash_name", lambda: "taken00000")
    with pytest.raises(DuplicateEntryError) as caught:
        insert_many([ShopSecretary(label="second")])
    assert is_conflict(caught.value)
    with pytest.raises(DuplicateEntryError) as caught:
        ShopSecretary(label="second").insert()
    assert is_conflict(caught.value)
