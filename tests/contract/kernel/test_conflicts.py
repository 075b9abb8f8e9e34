"""Conflicts that are no deadlocks: each is met by running the unit again, on every database that has it."""

from __future__ import annotations

from functools import partial
from threading import Barrier

import pytest
import sqlalchemy as sa

from doclife.core.errors import QueryDeadlockError, QueryTimeoutError, TimestampMismatchError
from doclife.database.engine import create_engine, transaction
from doclife.database.link import Database
from doclife.model.access import get_doc
from doclife.uow.retry import is_conflict, retry_on_conflict
from doclife.uow.unit import UnitOfWork, current_unit
from tests.contract.kernel.conftest import MARKED
from tests.contract.kernel.threads import SECONDS, Rivals
from tests.unit.model.shop import ShopItem, ShopOutlet

on_postgres = pytest.mark.parametrize("engine", [MARKED[1]], indirect=True)


@pytest.fixture(autouse=True)
def item(engine, shop_site):
    """An item that all of these want."""
    with transaction(engine) as connection:
        connection.execute(sa.insert(ShopItem.__table__).values(name="SUM"))


def _price(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(ShopItem.__table__.c.price)).scalar()


def _add(attempts=None):
    item = get_doc("Shop Item", "SUM")
    if attempts is not None:
        attempts.append(item)
    item.price += 1
    item.save()


def test_increments_of_documents_that_are_not_locked_are_never_lost(engine, shop_site):
    """Who saves what somebody else has saved since it was loaded in this unit runs again."""
    attempts, met = [], Barrier(3)

    def work():
        met.wait(SECONDS)
        for _ in range(10):
            retry_on_conflict(partial(_add, attempts), attempts=100)

    with Rivals(shop_site) as rivals:
        rivals.run(work, work, work)
    assert _price(engine) == 30
    assert len(attempts) >= 30


def test_a_change_between_load_and_save_is_met_by_running_again(engine, shop_site, unit):
    attempts = []

    def work():
        item = get_doc("Shop Item", "SUM")
        attempts.append(item)
        if len(attempts) == 1:
            with Rivals(shop_site) as rivals:
                rivals.run(lambda: (_add(), current_unit().commit()))
        item.price += 1
        item.save()

    retry_on_conflict(work, pause=0)
    assert (len(attempts), _price(engine)) == (2, 2)
    assert attempts[0].price == 1, "what was set stays set, the document is as it was loaded"


def test_a_change_since_an_earlier_transaction_is_the_users_to_see(engine, shop_site, unit):
    """Somebody may have looked at it in between: to run the same work again would overwrite what they have not seen."""
    item = get_doc("Shop Item", "SUM")
    unit.commit()
    with Rivals(shop_site) as rivals:
        rivals.run(lambda: (_add(), current_unit().commit()))
    runs = []

    def work():
        runs.append(1)
        item.price += 1
        item.save()

    with pytest.raises(TimestampMismatchError) as caught:
        retry_on_conflict(work)
    assert (runs, is_conflict(caught.value), _price(engine)) == ([1], False, 1)


@pytest.mark.parametrize("dated", [True, False])
def test_the_second_of_two_that_loaded_the_same_is_refused_whether_or_not_it_had_a_date(engine, shop_site, unit, dated):
    """A row of a bulk load has no `modified`; the first save gives it one."""
    if dated:
        retry_on_conflict(_add)
    mine, theirs = get_doc("Shop Item", "SUM"), get_doc("Shop Item", "SUM")
    assert (mine.modified is not None) is dated
    theirs.save()
    with pytest.raises(TimestampMismatchError, match=f"after this copy of it of {mine.modified} was loaded"):
        mine.save()


_IMPATIENT = {
    "postgresql": "SET LOCAL lock_timeout = 200",
    "mariadb": "SET innodb_lock_wait_timeout = 1",
}


def test_a_lock_that_is_not_had_in_time_is_met_by_running_again(engine, shop_site):
    """On SQLite the lock of the one writer, on servers that of a row."""
    impatient = Database(create_engine(engine.url, busy_timeout=0.2))
    shop_site.database, own = impatient, shop_site.database
    other, seen = UnitOfWork(own), []
    other.before_write()
    other.link.execute(sa.update(ShopItem.__table__).values(price=100, title="theirs"))

    def work():
        unit = current_unit()
        if engine.dialect.name in _IMPATIENT:
            unit.before_write()
            unit.link.driver_sql(_IMPATIENT[engine.dialect.name])
            ShopOutlet(code=f"run {len(seen)}").insert()
        try:
            item = get_doc("Shop Item", "SUM", for_update=True)
        except QueryTimeoutError as error:
            seen.append(error)
            other.commit()
            raise
        item.price += 1
        item.save()

    try:
        with Rivals(shop_site) as rivals:
            rivals.run(partial(retry_on_conflict, work))
    finally:
        other.close()
        shop_site.database = own
        impatient.close()
    assert (len(seen), _price(engine)) == (1, 101)
    if engine.dialect.name in _IMPATIENT:
        with engine.connect() as connection:
            assert list(connection.execute(sa.select(ShopOutlet.__table__.c.code)).scalars()) == ["run 1"]


@on_postgres
def test_a_serialisation_failure_is_met_by_running_again(engine, shop_site, unit):
    """Nobody must ask for more than READ COMMITTED, but an app may."""
    attempts, errors = [], []

    def work():
        unit.before_write()
        unit.link.driver_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        item = get_doc("Shop Item", "SUM")
        attempts.append(item)
        if len(attempts) == 1:
            with Rivals(shop_site) as rivals:
                rivals.run(lambda: (_add(), current_unit().commit()))
        item.price += 1
        try:
            item.save()
        except QueryDeadlockError as error:
            errors.append(error)
            raise

    retry_on_conflict(work, pause=0)
    assert (len(attempts), _price(engine)) == (2, 2)
    assert "could not serialize access" in str(errors[0])


@on_postgres
def test_a_commit_that_cannot_be_serialised_is_met_by_running_again(engine, shop_site, unit):
    """Two that each read what the other writes: PostgreSQL finds it out when the second commits."""
    runs = []

    def serialisable():
        unit = current_unit()
        unit.before_write()
        unit.link.driver_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        return unit

    def count_and_add(code):
        count = len(list(current_unit().link.execute(sa.select(ShopOutlet.__table__.c.name))))
        ShopOutlet(code=f"{code} after {count}").insert()

    def rival():
        serialisable()
        count_and_add("theirs")
        current_unit().commit()

    def work():
        runs.append(1)
        serialisable()
        count_and_add("ours")
        if len(runs) == 1:
            with Rivals(shop_site) as rivals:
                rivals.run(rival)

    retry_on_conflict(work, pause=0)
    assert len(runs) == 2
    with engine.connect() as connection:
        codes = sorted(connection.execute(sa.select(ShopOutlet.__table__.c.code)).scalars())
    assert codes == ["ours after 1", "theirs after 0"]


def test_conflicts_that_do_not_end_pass_on_and_leave_nothing(engine, shop_site, unit):
    runs = []

    def work():
        item = get_doc("Shop Item", "SUM")
        with Rivals(shop_site) as rivals:
            rivals.run(lambda: (_add(), current_unit().commit()))
        runs.append(1)
        item.price += 100
        ShopOutlet(code=f"run {len(runs)}").insert()
        item.save()

    with pytest.raises(TimestampMismatchError):
        retry_on_conflict(work, attempts=3, pause=0)
    assert (len(runs), _price(engine)) == (3, 3)
    with engine.connect() as connection:
        assert list(connection.execute(sa.select(ShopOutlet.__table__.c.code)).scalars()) == []
    ShopOutlet(code="later").insert()
    unit.commit()
