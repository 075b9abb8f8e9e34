"""Two that lock the same in another order: one loses, is undone as a whole, and is run again."""

from __future__ import annotations

from functools import partial
from itertools import count
from threading import Barrier

import pytest
import sqlalchemy as sa

from doclife.core.errors import QueryDeadlockError, TransactionAborted
from doclife.database.engine import transaction
from doclife.model.access import get_doc
from doclife.outbox.staging import StagedJob
from doclife.schema.tables import background_job
from doclife.uow.retry import is_conflict, retry_on_conflict
from doclife.uow.unit import current_unit
from tests.contract.kernel.conftest import MARKED
from tests.contract.kernel.threads import SECONDS, Rivals
from tests.unit.model.shop import ShopItem, ShopOutlet, ShopSecretary, ShopTax

#: SQLite has one lock for all, so nobody can hold one while waiting for another
pytestmark = pytest.mark.parametrize("engine", MARKED[1:], indirect=True)

#: part of unique values: where MariaDB finds that a value was deleted and not yet purged, it locks the gap behind it,
#: and the two would wait for each other before they hold what they are to fight for
_fights = count(1)


class Fight:
    """Two that save documents with rows, each of which saves both items: one A then B, the other B then A."""

    def __init__(self, site, engine):
        self.site = site
        self.met = Barrier(2)
        self.number = next(_fights)
        #: attempts of each, in order: the document, and what it met
        self.attempts = {"AB": [], "BA": []}
        self.released = []
        with transaction(engine) as connection:
            connection.execute(sa.insert(ShopItem.__table__), [{"name": name} for name in "AB"])
        site.registry.connect("Shop Secretary", "on_update", self.save_both)

    def save_both(self, doc):
        unit = current_unit()
        unit.stage(StagedJob(queue="default", method="x.y", kwargs="{}", run_as="Administrator", timeout=1))
        unit.add_callback("after_commit", lambda: self.released.append(doc.name))
        ShopOutlet(code=self.code(doc.label)).insert()
        first, second = doc.label
        self.add_one(first)
        if len(self.attempts[doc.label]) == 1:
            self.met.wait(SECONDS)  # both hold their first item now
        self.add_one(second)

    def code(self, label):
        return f"fight {self.number}: {label} {len(self.attempts[label])}"

    def add_one(self, name):
        item = get_doc("Shop Item", name)
        item.price += 1
        item.save()

    def attempt(self, label):
        doc = ShopSecretary(label=label, rows=[{"label": "one"}, {"label": "two"}])
        self.attempts[label].append(doc)
        doc.insert()
        return doc.name

    def fight(self):
        with Rivals(self.site) as rivals:
            return rivals.run(*(partial(retry_on_conflict, partial(self.attempt, label)) for label in self.attempts))


def _stored(engine, *columns):
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(sa.select(*columns)))


def test_the_loser_is_run_again_and_nothing_is_there_twice_or_half(engine, shop_site):
    fight = Fight(shop_site, engine)
    names = fight.fight()
    # one has lost; who begins anew before the other went on may lose once more
    assert sum(len(attempts) for attempts in fight.attempts.values()) >= 3
    secretary, tax, item = ShopSecretary.__table__.c, ShopTax.__table__.c, ShopItem.__table__.c
    assert _stored(engine, secretary.name) == sorted((name,) for name in names)
    assert _stored(engine, tax.parent, tax.idx) == sorted((name, idx) for name in names for idx in (1, 2))
    assert _stored(engine, item.name, item.price) == [("A", 2), ("B", 2)]
    codes = [(fight.code(label),) for label in fight.attempts]
    assert _stored(engine, ShopOutlet.__table__.c.code) == sorted(codes), "of the last attempts alone"
    assert len(_stored(engine, background_job.c.name)) == 2
    assert sorted(fight.released) == sorted(names)


def test_the_losers_objects_are_what_they_were(engine, shop_site):
    fight = Fight(shop_site, engine)
    fight.fight()
    lost = [doc for attempts in fight.attempts.values() for doc in attempts[:-1]]
    assert lost
    for doc in lost:
        assert (doc.is_new(), doc.name, doc.modified, doc.label in fight.attempts) == (True, None, None, True)
        assert [(row.is_new(), row.name, row.parent, row.label) for row in doc.rows] == [
            (True, None, None, "one"),
            (True, None, None, "two"),
        ]


def _lose(items, met, seen):
    """Locks the items in this order; tells the error of who loses, and what it can still do."""
    unit = current_unit()
    written = ShopOutlet(code=f"before {items}").insert()
    first, second = items
    get_doc("Shop Item", first, for_update=True)
    met.wait(SECONDS)
    try:
        get_doc("Shop Item", second, for_update=True)
    except QueryDeadlockError as error:
        seen.append(error)
        if unit.link.dialect == "mariadb":
            for work in (
                lambda: get_doc("Shop Item", first),
                lambda: ShopOutlet(code="later").insert(),
                lambda: unit.link.execute(sa.select(ShopItem.__table__.c.name)),
                unit.commit,
            ):
                with pytest.raises(
                    TransactionAborted, match=r"the database ended this transaction .*Deadlock"
                ) as caught:
                    work()
                assert is_conflict(caught.value)
            # the commit that was refused has rolled back: a new transaction begins
            ShopOutlet(code=f"after {items}").insert()
        else:
            assert get_doc("Shop Outlet", written.name)
            ShopOutlet(code=f"after {items}").insert()
    unit.commit()


def test_after_a_deadlock_a_transaction_is_usable_or_says_that_it_is_over(engine, shop_site):
    """PostgreSQL undoes the frame that lost; MariaDB has rolled back everything, and nothing may go on as if not."""
    with transaction(engine) as connection:
        connection.execute(sa.insert(ShopItem.__table__), [{"name": name} for name in "AB"])
    met, seen = Barrier(2), []
    with Rivals(shop_site) as rivals:
        rivals.run(*(partial(_lose, items, met, seen) for items in ("AB", "BA")))
    assert len(seen) == 1
    assert is_conflict(seen[0])
    codes = [code for (code,) in _stored(engine, ShopOutlet.__table__.c.code)]
    after = [code for code in codes if code.startswith("after")]
    assert len(after) == 1
    lost = after[0].removeprefix("after ")
    kept = ["before AB", "before BA"]
    if engine.dialect.name == "mariadb":
        kept.remove(f"before {lost}")
    assert sorted(codes) == sorted(after + kept)


def test_a_savepoint_around_what_lost_does_not_hide_that_everything_is_gone(engine, shop_site):
    """On MariaDB there is no savepoint any more to go back to: who catches the error there must not go on."""
    with transaction(engine) as connection:
        connection.execute(sa.insert(ShopItem.__table__), [{"name": name} for name in "AB"])
    met, attempts = Barrier(2), {"AB": 0, "BA": 0}

    def careless(items):
        attempts[items] += 1
        ShopOutlet(code=f"outer {items} {attempts[items]}").insert()
        first, second = items
        get_doc("Shop Item", first, for_update=True)
        if attempts[items] == 1:
            met.wait(SECONDS)
        unit = current_unit()
        try:
            with unit.savepoint():
                ShopOutlet(code=f"inner {items}").insert()
                get_doc("Shop Item", second, for_update=True)
        except QueryDeadlockError:
            pass
        unit.add_callback("after_commit", lambda: None)

    with Rivals(shop_site) as rivals:
        rivals.run(*(partial(retry_on_conflict, partial(careless, items)) for items in attempts))
    codes = [code for (code,) in _stored(engine, ShopOutlet.__table__.c.code)]
    outer = sorted(f"outer {items} {number}" for items, number in attempts.items())
    assert sorted(code for code in codes if not code.startswith("inner")) == outer
    inner = len(codes) - len(outer)
    if engine.dialect.name == "mariadb":
        assert (sum(attempts.values()) >= 3, inner) == (True, 2), "the loser ran again, as a whole"
    else:
        assert (sum(attempts.values()), inner) == (2, 1), "its outer part was stored without the inner one"
