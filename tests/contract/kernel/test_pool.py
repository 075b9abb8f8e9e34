"""Connections of a process: how many it keeps, and what becomes of those that the server has ended meanwhile."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from doclife.core.context import Context, activate
from doclife.core.errors import DatabaseUnavailable
from doclife.database import engine as engines
from doclife.database.engine import create_engine
from doclife.database.link import Database
from doclife.model.access import get_doc
from doclife.uow.unit import UnitOfWork
from tests.contract.kernel.conftest import MARKED
from tests.unit.model.shop import ShopItem

on_servers = pytest.mark.parametrize("engine", MARKED[1:], indirect=True)

_OTHERS = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
}
_END = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}


@pytest.fixture
def small(engine, shop_site):
    """The same database with a pool of two."""
    made = Database(create_engine(engine.url, pool_size=2))
    shop_site.database, own = made, shop_site.database
    yield made
    shop_site.database = own
    made.close()


@pytest.fixture
def a_pause(monkeypatch):
    """Lets every connection in the pool look as if it had not been used for a while."""
    monkeypatch.setattr(engines, "PING_AFTER_S", 0)


def _end_all(engine):
    """Ends every other connection to the database, as a server does that is started anew."""
    dialect = engine.dialect.name
    with engine.connect() as connection:
        for number in connection.exec_driver_sql(_OTHERS[dialect]).scalars().all():
            connection.exec_driver_sql(_END[dialect].format(number))


def _units(site, count):
    """Opens units of work and has each connect."""
    units = [UnitOfWork(site.database) for _ in range(count)]
    for unit in units:
        unit.link.execute(sa.select(ShopItem.__table__.c.name)).all()
    return units


def test_a_process_keeps_as_many_connections_as_its_settings_say(engine, shop_site, small):
    units = _units(shop_site, 5)
    assert small.engine.pool.checkedout() == 5, "each open context has its own, also beyond the size of the pool"
    for unit in units:
        unit.close()
    assert small.engine.pool.checkedin() == 2


@on_servers
def test_connections_that_the_server_ended_while_they_were_idle_are_replaced_without_an_error(
    engine, shop_site, small, a_pause
):
    for unit in _units(shop_site, 2):
        unit.close()
    _end_all(engine)
    context = Context(shop_site)
    context.unit = UnitOfWork(small)
    with activate(context):
        ShopItem().insert(set_name="A")
        context.unit.commit()
        assert get_doc("Shop Item", "A").name == "A"
        context.unit.close()


@on_servers
def test_a_statement_meets_the_end_of_its_connection_once_and_the_next_transaction_is_well(engine, shop_site, small):
    context = Context(shop_site)
    context.unit = unit = UnitOfWork(small)
    with activate(context):
        ShopItem().insert(set_name="A")
        _end_all(engine)
        with capture_logs(), pytest.raises(DatabaseUnavailable, match="connection to the database was lost"):
            ShopItem().insert(set_name="B")
        unit.rollback()
        ShopItem().insert(set_name="C")
        unit.commit()
        unit.close()
    with engine.connect() as connection:
        assert list(connection.execute(sa.select(ShopItem.__table__.c.name)).scalars()) == ["C"]


@on_servers
def test_short_transactions_of_the_framework_survive_it_too(engine, shop_site, small, a_pause):
    with small.transaction() as connection:
        connection.execute(sa.insert(ShopItem.__table__).values(name="A"))
    _end_all(engine)
    with small.transaction() as connection:
        connection.execute(sa.insert(ShopItem.__table__).values(name="B"))
    with small.reading() as connection:
        assert list(connection.execute(sa.select(ShopItem.__table__.c.name)).scalars()) == ["A", "B"]


@on_servers
def test_a_connection_is_asked_whether_it_is_still_one_after_a_pause_alone(engine, shop_site, small, monkeypatch):
    asked = []
    ping = small.engine.dialect.do_ping
    monkeypatch.setattr(small.engine.dialect, "do_ping", lambda connection: asked.append(1) or ping(connection))
    for _ in range(3):
        _units(shop_site, 1)[0].close()
    assert asked == []
    monkeypatch.setattr(engines, "PING_AFTER_S", 0)
    _units(shop_site, 1)[0].close()
    assert asked == [1]
