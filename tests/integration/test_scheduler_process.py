"""The scheduler as a process: it ticks, relays, hands over, and ends when it is told to."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from doclife.core import clock, config
from doclife.database.engine import create_engine
from doclife.outbox.moments import TICK, noted
from doclife.schema.tables import background_job, scheduled_job_run, scheduled_job_type
from doclife.schema.tables import lease as leases
from doclife.site.runtime import Site
from tests.contract.brokers import until
from tests.integration import job_bodies
from tests.integration.worker_processes import SECONDS, Workers, kill

pytestmark = pytest.mark.doclife_settings(queue="rq", scheduler_tick_interval=0.2)

MODULE = "doclife.worker.scheduler"


def _schedule(site: Site) -> None:
    """Adds a schedule for every tick, as a script would: sync leaves those alone."""
    values = {
        "name": "every tick", "app": "doclife", "method": "tests.integration.job_bodies.tick", "frequency": "all",
        "queue": "default", "server_script": "x", "next_execution": clock.utc_now(),
    }  # fmt: skip
    with site.database.transaction() as connection:
        connection.execute(scheduled_job_type.insert().values(values))


def test_it_enqueues_what_is_due_and_ends_when_told(workers: Workers) -> None:
    _schedule(workers.site)
    scheduler = workers.start(module=MODULE)
    workers.start()
    until(lambda: len(workers.notes) >= 3, SECONDS)
    assert workers.stop(scheduler) == 0
    with workers.site.database.reading() as connection:
        holder = connection.execute(sa.select(leases.c.holder).where(leases.c.name == "scheduler")).scalar_one()
        due = list(connection.execute(sa.select(scheduled_job_run.c.due)).scalars())
    assert holder is None
    assert noted(workers.site.database, TICK) is not None
    assert len(due) == len(set(due)) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["pause_scheduler", "disable_scheduler"])
def test_nothing_is_enqueued_while_it_is_told_not_to(workers: Workers, setting: str) -> None:
    site = workers.site
    config.write_site_config(site.sites_dir, site.name, {setting: True})
    _schedule(site)
    scheduler = workers.start(module=MODULE)
    until(lambda: workers.count("tabLease") == 2, SECONDS)  # it leads and relays
    later = workers.enqueue(job_bodies.note, key="x", run_at=clock.now() + timedelta(seconds=0.5))
    until(lambda: site.broker.held("default", [later]) == {later}, SECONDS)  # the relay goes on all the same
    assert workers.count("tabScheduled Job Run") == 0
    config.write_site_config(site.sites_dir, site.name, {setting: None})
    until(lambda: workers.count("tabScheduled Job Run") > 0, SECONDS)
    assert workers.stop(scheduler) == 0


@pytest.mark.slow
def test_another_takes_over_from_one_that_is_killed(workers: Workers) -> None:
    _schedule(workers.site)
    first = workers.start(module=MODULE)
    until(lambda: workers.count("tabScheduled Job Run") > 0, SECONDS)
    second = workers.start(module=MODULE)
    kill(first.pid)
    assert first.wait() == -signal.SIGKILL
    with workers.site.database.transaction() as connection:
        for table in (background_job, scheduled_job_run):
            connection.execute(table.delete())
    until(lambda: workers.count("tabScheduled Job Run") > 0, 15)  # its lease lasted 3 s
    assert workers.stop(second) == 0


def _disturb(site: Site) -> None:
    """Keeps SQLite's writer lock for longer than anybody waits for it; on a server cuts all connections of others."""
    database = site.database
    if database.dialect == "sqlite":
        with database.transaction():
            threading.Event().wait(1.5)
        return
    database.close()  # this process is to keep its own
    postgres = database.dialect == "postgresql"
    find = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        if postgres
        else "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
    )
    engine = create_engine(database.engine.url, single=True)
    try:
        with engine.connect() as connection:
            for number in list(connection.exec_driver_sql(find).scalars()):
                with suppress(DBAPIError):  # it has ended by itself
                    connection.exec_driver_sql(
                        f"SELECT pg_terminate_backend({number})" if postgres else f"KILL {number}"
                    )
    finally:
        engine.dispose()


@pytest.mark.slow
@pytest.mark.doclife_settings(queue="rq", scheduler_tick_interval=0.2, sqlite_busy_timeout=0.3)
def test_it_goes_on_when_its_database_was_away(workers: Workers) -> None:
    _schedule(workers.site)
    scheduler = workers.start(module=MODULE)
    workers.start()
    for _ in range(3):
        before = workers.count("tabScheduled Job Run")
        until(lambda before=before: workers.count("tabScheduled Job Run") > before + 1, SECONDS)
        _disturb(workers.site)
    before = workers.count("tabScheduled Job Run")
    until(lambda: workers.count("tabScheduled Job Run") > before + 1, SECONDS)
    assert scheduler.poll() is None
    assert workers.stop(scheduler) == 0
