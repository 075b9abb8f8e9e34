"""Hosts whose clocks differ: the database's time decides who lives and who leads, and no job waits for a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from doclife.core import clock
from doclife.database.now import database_now
from doclife.database.types import UtcDateTime
from doclife.outbox.claim import claim
from doclife.outbox.delivery import release_again, release_due
from doclife.outbox.leases import Lease
from doclife.outbox.rescue import Rescuer
from doclife.outbox.workers import Heartbeats
from doclife.schema.tables import lease
from tests.contract.databases import MARKED
from tests.contract.outbox import job

#: whose processes may be on several hosts; on SQLite they are on one
on_servers = pytest.mark.parametrize("outbox_engine", MARKED[1:], indirect=True)


@pytest.fixture
def host(monkeypatch):
    """Sets this process's clock as if it ran on another host: so many seconds ahead."""

    def set_clock(ahead_s: float) -> None:
        monkeypatch.setattr(clock, "utc_now", lambda: datetime.now(UTC) + timedelta(seconds=ahead_s))

    return set_clock


def _now_there(outbox, shift_s=0.0):
    with outbox.database.transaction() as connection:
        connection.execute(sa.delete(lease))
        now = database_now(outbox.database.dialect, shift_s)
        connection.execute(sa.insert(lease).values(name="now", until=now))
        return connection.execute(sa.select(lease.c.until)).scalar_one()


def test_the_databases_time_moves_with_the_clock_of_tests(outbox):
    second = timedelta(seconds=1)
    assert abs(_now_there(outbox) - clock.now()) < second
    assert abs(_now_there(outbox, -90) - (clock.now() - timedelta(seconds=90))) < second
    with clock.travel(by=timedelta(days=400, microseconds=1)):
        assert abs(_now_there(outbox, 0.5) - clock.now()) < second
    with clock.travel(datetime(2026, 3, 29, 1, 59, 59, 7), tick=False):
        assert _now_there(outbox, 2) == datetime(2026, 3, 29, 2, 0, 1, 7)


def test_the_databases_time_has_parts_of_seconds(outbox):
    seen = {_now_there(outbox).microsecond for _ in range(5)}
    assert len(seen) > 1


def test_a_worker_whose_clock_is_behind_runs_what_was_released(outbox, host):
    host(20)
    (id,) = outbox.stage(job())
    host(0)
    assert outbox.row(id).run_at > clock.now() + timedelta(seconds=15)
    assert outbox.broker.pop(["default"], "w") == id
    assert claim(outbox.database, id, "w").id == id


def test_what_was_released_elsewhere_and_popped_by_a_dead_worker_is_released_again(outbox, host):
    host(20)
    (id,) = outbox.stage(job())
    host(0)
    outbox.broker.lose_everything()
    assert release_again(outbox.database, outbox.broker, [id]) == 1


@on_servers
def test_a_relay_whose_clock_is_ahead_releases_nothing_before_its_time(outbox, host):
    (id,) = outbox.stage(job(run_at=clock.now() + timedelta(seconds=30)))
    host(60)
    assert release_due(outbox.database, outbox.broker) == 0
    assert outbox.row(id).released_at is None


@on_servers
@pytest.mark.parametrize("ahead_s", [-3600, 3600])
def test_a_worker_lives_whatever_the_clocks_of_its_host_and_of_the_relays_say(outbox, host, ahead_s):
    host(ahead_s)
    outbox.worker("elsewhere")
    (id,) = outbox.stage(job())
    claim(outbox.database, id, "elsewhere")
    assert Heartbeats(outbox.database).beat("elsewhere")
    host(0)
    rescuer = Rescuer(outbox.database, outbox.broker, Heartbeats(outbox.database), outbox.record_dead)
    assert rescuer.run() == 0
    assert outbox.row(id).status == "started"
    with clock.travel(by=timedelta(seconds=46)):
        assert rescuer.run() == 1


@on_servers
@pytest.mark.parametrize("ahead_s", [-3600, 3600])
def test_one_leads_whatever_the_clocks_say(outbox, host, ahead_s):
    first, second = Lease(outbox.database, "relay", "a"), Lease(outbox.database, "relay", "b")
    host(ahead_s)
    assert first.hold()
    host(0)
    assert not second.hold()
    with outbox.database.reading() as connection:
        until = connection.execute(sa.select(lease.c.until)).scalar_one()
    assert timedelta(seconds=15) < until - clock.now() <= timedelta(seconds=20)


def test_a_leader_renews_although_its_clock_was_set_back(outbox, host):
    first = Lease(outbox.database, "relay", "a")
    assert first.hold()
    with clock.travel(by=timedelta(seconds=6)):
        host(-3600)
        with outbox.database.transaction() as connection:
            connection.execute(sa.update(lease).values(until=None))
        assert first.hold()
    with outbox.database.reading() as connection:
        assert connection.execute(sa.select(lease.c.until)).scalar_one() is not None


def test_the_expression_has_the_type_of_operational_times():
    for dialect in ("sqlite", "postgresql", "mariadb"):
        assert isinstance(database_now(dialect).type, UtcDateTime)
