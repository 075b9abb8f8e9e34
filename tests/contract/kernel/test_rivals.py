"""Several transactions at once: counters without gap, one winner of a stale save, forks, locks that are not had."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from doclife.core.context import Context, activate, current
from doclife.core.errors import QueryTimeoutError, TimestampMismatchError
from doclife.database.engine import transaction
from doclife.model.access import delete_doc, get_doc
from doclife.query.lists import get_all
from doclife.uow.retry import retry_on_conflict
from doclife.uow.unit import UnitOfWork
from tests.contract.kernel.conftest import MARKED
from tests.unit.model.shop import ShopInvoice, ShopItem


def _in_thread(site, work, failed, barrier=None):
    """Starts a thread with a context of its own on the site."""

    def run():
        context = Context(site)
        context.unit = UnitOfWork(site.database, strict=True)
        with activate(context):
            try:
                if barrier is not None:
                    barrier.wait(20)
                work()
            except BaseException as error:
                failed.append(error)
                raise
            finally:
                context.unit.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_first_ever_numbers_of_a_series_have_no_gap_and_no_double(engine, shop_site):
    names, failed, barrier = [], [], threading.Barrier(4)

    def work():
        names.extend(retry_on_conflict(lambda: ShopInvoice().insert().name, attempts=20) for _ in range(5))

    threads = [_in_thread(shop_site, work, failed, barrier) for _ in range(4)]
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert sorted(names) == [f"INV-{n:04}" for n in range(1, 21)]


def test_increments_under_retry_on_conflict_are_never_lost(engine, shop_site):
    failed, barrier = [], threading.Barrier(3)
    with transaction(engine) as connection:
        connection.execute(sa.insert(ShopItem.__table__).values(name="SUM"))

    def add():
        item = get_doc("Shop Item", "SUM", for_update=True)
        item.price += 1
        item.save()

    def work():
        for _ in range(8):
            retry_on_conflict(add, attempts=20)

    for thread in [_in_thread(shop_site, work, failed, barrier) for _ in range(3)]:
        thread.join(60)
    assert failed == []
    with engine.connect() as connection:
        assert connection.execute(sa.select(ShopItem.__table__.c.price)).scalar() == 24


def test_a_stale_save_names_both_times_and_who_was_first(unit, shop_site):
    item = ShopItem(title="x").insert(set_name="A")
    unit.commit()
    failed, done = [], SimpleNamespace()

    def work():
        other = get_doc("Shop Item", "A")
        other.title = "theirs"
        other.save()
        current().unit.commit()
        done.modified = other.modified

    _in_thread(shop_site, work, failed).join(20)
    assert failed == []
    item.title, loaded = "mine", item.modified
    with pytest.raises(TimestampMismatchError) as caught:
        item.save()
    message = str(caught.value)
    assert str(done.modified) in message
    assert str(loaded) in message
    assert "by Administrator" in message
    assert item.modified == loaded
    assert item.reload().title == "theirs"
    item.title = "mine"
    item.save()


@pytest.mark.parametrize("engine", MARKED[1:], indirect=True)
def test_a_lock_that_is_not_had_in_time_costs_nothing_that_was_written_before(engine, unit, shop_site):
    ShopItem().insert(set_name="A")
    unit.commit()
    other = UnitOfWork(shop_site.database)
    table = ShopItem.__table__
    other.link.execute(sa.select(table.c.name).where(table.c.name == "A").with_for_update())
    ShopItem().insert(set_name="B")
    wait = "SET LOCAL lock_timeout = 100" if engine.dialect.name == "postgresql" else "SET innodb_lock_wait_timeout = 1"
    unit.link.run(wait)
    with pytest.raises(QueryTimeoutError):
        get_doc("Shop Item", "A", for_update=True)
    other.close()
    ShopItem().insert(set_name="C")
    unit.commit()
    assert [get_doc("Shop Item", name).name for name in "ABC"] == ["A", "B", "C"]


@pytest.mark.parametrize("engine", MARKED[1:], indirect=True)
def test_a_deletion_does_not_wait_for_who_is_changing_the_document(engine, unit, shop_site):
    for name in "AB":
        ShopItem().insert(set_name=name)
    unit.commit()
    other = UnitOfWork(shop_site.database)
    table = ShopItem.__table__
    other.link.execute(sa.select(table.c.name).where(table.c.name == "A").with_for_update())
    ShopItem().insert(set_name="C")
    for work in (get_doc("Shop Item", "A").delete, lambda: delete_doc("Shop Item", ["B", "A"])):
        with pytest.raises(QueryTimeoutError, match="Shop Item A cannot be deleted now, somebody else is changing it"):
            work()
    other.close()
    delete_doc("Shop Item", "A")
    unit.commit()
    assert get_all("Shop Item", pluck="name", order_by="name") == ["C"]


def test_a_forked_process_has_connections_of_its_own(engine, unit):
    """Two processes on one socket would read each other's answers; two on one SQLite connection share its locks."""
    ShopItem(title="parent").insert(set_name="A")
    unit.commit()
    unit.close()  # the connection goes back to the pool, which the child inherits
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "?"
        try:
            answer = str(engine.pool.checkedin())
        finally:
            os.write(writer, answer.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as lines:
        assert lines.read() == "0"
    os.waitpid(child, 0)
    # SQLite's must not even be closed by the child, so there is none to inherit
    assert (engine.pool.checkedin() > 0) == (engine.dialect.name != "sqlite")
    assert get_doc("Shop Item", "A").title == "parent"
