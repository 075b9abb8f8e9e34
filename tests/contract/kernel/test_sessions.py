"""SQLAlchemy's ORM in the unit's own transaction: stored together, and what breaks one is known to the other."""

from __future__ import annotations

from functools import partial
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from doclife.core.errors import TransactionAborted
from doclife.database.engine import transaction
from doclife.model.access import get_doc
from doclife.query.db import db
from doclife.uow.retry import is_conflict, retry_on_conflict
from doclife.uow.unit import current_unit
from tests.contract.kernel.conftest import MARKED
from tests.contract.kernel.threads import SECONDS, Rivals
from tests.unit.model.shop import ShopItem, ShopOutlet


class Base(DeclarativeBase):
    pass


class Gauge(Base):
    """A class of an app's own."""

    __tablename__ = "session_gauge"
    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


@pytest.fixture(autouse=True)
def gauges(engine):
    Base.metadata.create_all(engine)
    with transaction(engine) as connection:
        connection.execute(sa.insert(Gauge.__table__), [{"name": name, "value": 0} for name in "AB"])
    yield
    with transaction(engine) as connection:
        connection.execute(sa.delete(Gauge.__table__))


def _values(engine):
    with engine.connect() as connection:
        return dict(connection.execute(sa.select(Gauge.name, Gauge.value)).all())


def test_a_session_and_documents_are_committed_together(engine, unit):
    with db.session() as session:
        session.get(Gauge, "A").value = 5
        ShopItem(title="x").insert(set_name="I")
    assert _values(engine) == {"A": 0, "B": 0}
    unit.commit()
    assert _values(engine) == {"A": 5, "B": 0}
    assert get_doc("Shop Item", "I").title == "x"


def test_a_rollback_takes_back_both_whatever_the_session_has_committed(engine, unit):
    with db.session() as session:
        session.get(Gauge, "A").value = 5
    ShopItem(title="x").insert(set_name="I")
    unit.rollback()
    assert _values(engine) == {"A": 0, "B": 0}
    assert db.exists("Shop Item", "I") is None


def test_a_frame_that_fails_takes_back_its_session(engine, unit):
    def work():
        with db.session() as session:
            session.get(Gauge, "A").value = 5
        raise ZeroDivisionError

    ShopItem(title="x").insert(set_name="I")
    with pytest.raises(ZeroDivisionError):
        _in_frame(unit, work)
    unit.commit()
    assert _values(engine) == {"A": 0, "B": 0}
    assert get_doc("Shop Item", "I").title == "x"


def _in_frame(unit, work):
    with unit.savepoint():
        work()


def test_a_session_that_fails_takes_back_itself_alone(engine, unit):
    ShopItem(title="x").insert(set_name="I")
    with pytest.raises(IntegrityError):
        _add_twice()
    ShopItem(title="y").insert(set_name="J")
    unit.commit()
    assert _values(engine) == {"A": 0, "B": 0}
    assert sorted(db.get_all("Shop Item", pluck="name")) == ["I", "J"]


def _add_twice():
    with db.session() as session:
        session.get(Gauge, "B").value = 5
        session.flush()
        session.add(Gauge(name="A"))


@pytest.mark.parametrize("engine", MARKED[1:], indirect=True)
def test_a_session_that_loses_a_deadlock_is_run_again_with_all_of_its_unit(engine, shop_site):
    met, attempts = Barrier(2), {"AB": 0, "BA": 0}

    def work(items):
        attempts[items] += 1
        ShopOutlet(code=f"{items} {attempts[items]}").insert()
        with db.session() as session:
            for item in items:
                session.get(Gauge, item).value += 1
                session.flush()
                if item == items[0] and attempts[items] == 1:
                    met.wait(SECONDS)

    with Rivals(shop_site) as rivals:
        rivals.run(*(partial(retry_on_conflict, partial(work, items)) for items in attempts))
    assert sum(attempts.values()) >= 3
    assert _values(engine) == {"A": 2, "B": 2}
    with engine.connect() as connection:
        codes = sorted(connection.execute(sa.select(ShopOutlet.__table__.c.code)).scalars())
    assert codes == sorted(f"{items} {number}" for items, number in attempts.items())


@pytest.mark.parametrize("engine", MARKED[2:], indirect=True)
def test_a_deadlock_whose_error_was_caught_is_not_forgotten(engine, shop_site):
    """MariaDB has rolled back everything: what is written afterwards must not be stored as if that were there."""
    met, seen = Barrier(2), []

    def work(items):
        ShopOutlet(code=f"before {items}").insert()
        session = db.session()
        for item in items:
            try:
                session.execute(sa.update(Gauge).where(Gauge.name == item).values(value=1))
            except DBAPIError as error:
                seen.append(error)
                with pytest.raises(TransactionAborted):
                    ShopOutlet(code="after").insert()
                with pytest.raises(TransactionAborted):
                    current_unit().commit()
                return
            if item == items[0]:
                met.wait(SECONDS)
        session.commit()
        current_unit().commit()

    with Rivals(shop_site) as rivals:
        rivals.run(*(partial(work, items) for items in ("AB", "BA")))
    assert len(seen) == 1
    assert is_conflict(seen[0])
    with engine.connect() as connection:
        codes = list(connection.execute(sa.select(ShopOutlet.__table__.c.code)).scalars())
    assert len(codes) == 1
    assert codes[0].startswith("before")
