"""Locks: FOR UPDATE counts as a write, is not given up by what fails beside it, and may be refused or passed over."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from doclife.core.errors import QueryTimeoutError
from doclife.model.access import get_doc
from doclife.query.db import db
from doclife.uow.unit import UnitOfWork
from tests.contract.kernel.conftest import MARKED
from tests.contract.kernel.threads import Rivals
from tests.unit.model.shop import ShopItem, ShopOutlet


class Failed(Exception):
    pass


@pytest.fixture(autouse=True)
def items(unit):
    for name in "ABC":
        ShopItem().insert(set_name=name)
    unit.commit()


def _lock(name):
    return db.get_value("Shop Item", name, "name", for_update=True, wait=False)


def _is_locked(site, name):
    """Tells whether somebody else is refused the document."""
    with Rivals(site) as rivals:
        try:
            rivals.run(lambda: _lock(name))
        except QueryTimeoutError:
            return True
    return False


def _fail_after(unit, work):
    with unit.savepoint():
        work()
        raise Failed


LOCKS = {
    "get_doc": lambda: get_doc("Shop Item", "A", for_update=True),
    "get_value": lambda: db.get_value("Shop Item", "A", "price", for_update=True),
    "select": lambda: db.select(ShopItem).where(ShopItem.name == "A").for_update().all(),
    "sql": lambda: db.sql("UPDATE `tabShop Item` SET price = price WHERE name = 'A'"),
}


@pytest.mark.parametrize("how", LOCKS)
def test_a_lock_counts_as_a_write_so_that_going_back_does_not_give_it_up(unit, shop_site, how):
    """The first write of a transaction may go back to its beginning, but not where a lock was taken before."""
    LOCKS[how]()
    assert unit.link.writing
    with pytest.raises(Failed):
        _fail_after(unit, lambda: ShopOutlet(code="gone").insert())
    assert unit.link.writing
    assert _is_locked(shop_site, "A")
    unit.rollback()
    assert not _is_locked(shop_site, "A")


@pytest.mark.parametrize("engine", MARKED[1:], indirect=True)
def test_a_text_that_locks_counts_as_a_write(unit, shop_site):
    db.sql("SELECT name FROM `tabShop Item` WHERE name = 'A' FOR UPDATE")
    assert unit.link.writing
    assert _is_locked(shop_site, "A")
    assert not _is_locked(shop_site, "B")


@pytest.mark.parametrize("engine", MARKED[1:], indirect=True)
def test_a_lock_taken_inside_what_fails_is_given_up_with_it_or_kept_but_nothing_else_is(unit, shop_site):
    """PostgreSQL gives it up, MariaDB keeps it to the end; what was locked before stays locked."""
    get_doc("Shop Item", "A", for_update=True)
    with pytest.raises(Failed):
        _fail_after(unit, lambda: get_doc("Shop Item", "B", for_update=True))
    assert _is_locked(shop_site, "A")
    assert _is_locked(shop_site, "B") is (unit.link.dialect == "mariadb")
    assert not _is_locked(shop_site, "C")
    unit.commit()
    assert not any(_is_locked(shop_site, name) for name in "ABC")


@pytest.mark.parametrize("engine", MARKED[1:], indirect=True)
def test_a_lock_that_is_refused_costs_nothing_that_was_written_before(unit, shop_site):
    other = UnitOfWork(shop_site.database)
    try:
        ShopOutlet(code="before").insert()
        other.link.execute(sa.select(ShopItem.__table__.c.name).where(ShopItem.name == "B").with_for_update())
        with pytest.raises(QueryTimeoutError):
            _lock("B")
        with pytest.raises(QueryTimeoutError):
            db.select(ShopItem).for_update(wait=False).all()
        assert [doc.name for doc in db.select(ShopItem).order_by("name").for_update(skip_locked=True)] == ["A", "C"]
        ShopOutlet(code="after").insert()
        unit.commit()
    finally:
        other.close()
    assert sorted(db.get_all("Shop Outlet", pluck="name")) == ["after", "before"]


@pytest.mark.parametrize("engine", MARKED[:1], indirect=True)
def test_on_sqlite_a_lock_that_is_not_waited_for_is_the_one_of_the_database(unit, shop_site):
    with Rivals(shop_site) as rivals:
        assert rivals.run(lambda: _lock("B")) == ["B"]
    get_doc("Shop Item", "A", for_update=True)
    assert _is_locked(shop_site, "B")
    unit.commit()
    assert not _is_locked(shop_site, "B")
