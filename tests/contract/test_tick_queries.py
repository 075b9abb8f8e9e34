"""What a tick asks of the database: one look into an index while nothing is due, and little for each run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from doclife.core import clock
from doclife.scheduler.tick import tick
from doclife.schema.tables import background_job, scheduled_job_log, scheduled_job_run, scheduled_job_type

TABLE = "tabScheduled Job Type"

pytestmark = [pytest.mark.doclife_settings(queue="memory"), pytest.mark.slow_on_servers]


def _fill(site, count, due):
    now = clock.utc_now()
    rows = [
        {
            "name": f"app.tasks.run #{n}", "app": "app", "method": "app.tasks.run", "entry": n, "frequency": "hourly",
            "queue": "default", "next_execution": now + timedelta(hours=-1 if n < due else 1 + n),
        }
        for n in range(count)
    ]  # fmt: skip
    with site.database.transaction() as connection:
        connection.execute(scheduled_job_type.insert(), rows)
    with site.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        text = "ANALYZE TABLE" if connection.dialect.name in ("mysql", "mariadb") else "ANALYZE"
        connection.exec_driver_sql(f"{text} {connection.dialect.identifier_preparer.quote(TABLE)}")


@contextmanager
def _statements(site):
    seen = []

    def note(_connection, _cursor, text, params, *_rest):
        seen.append((text, params))

    sa.event.listen(site.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(site.database.engine, "before_cursor_execute", note)


def test_an_idle_tick_is_one_look_into_the_index(committed_site):
    site = committed_site
    _fill(site, 2000, due=0)
    with _statements(site) as seen:
        assert tick(site).fired == []
        assert tick(site, only_missed=True).fired == []
    assert len(seen) == 2
    dialect = site.database.dialect
    for text, params in seen:
        with site.database.engine.connect() as connection:
            word = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN"
            plan = str(connection.exec_driver_sql(f"{word} {text}", params).all())
        assert "ix_tabScheduled Job Type_stopped_next_execution" in plan
        assert not any(sign in plan for sign in ("SCAN", "Seq Scan", "'ALL'", "'index'", "filesort")), plan


def test_a_schedule_that_is_due_costs_eight_statements_and_a_commit(committed_site):
    """And as many each, however many are due."""
    site = committed_site
    _fill(site, 60, due=30)
    with _statements(site) as seen:
        assert len(tick(site).fired) == 30
    # without the words of transactions; MariaDB asks for the key before it inserts
    verbs = [text.split(None, 1)[0] for text, _ in seen[1:] if text.split(None, 1)[0] in ("SELECT", "INSERT", "UPDATE")]
    more = 1 if site.database.dialect in ("mysql", "mariadb") else 0
    assert len(verbs) == 30 * (8 + more)


def test_schedulers_that_tick_in_one_moment_start_each_schedule_once(committed_site):
    site = committed_site
    _fill(site, 40, due=40)
    with ThreadPoolExecutor(3) as threads:
        ticks = list(threads.map(lambda _n: tick(site), range(3)))
    fired = [name for ticked in ticks for name, _job in ticked.fired]
    failed = {name: why for ticked in ticks for name, why in ticked.failed.items()}
    assert (sorted(fired), failed) == (sorted(f"app.tasks.run #{n}" for n in range(40)), {})
    with site.database.reading() as connection:
        jobs = set(connection.execute(sa.select(background_job.c.name)).scalars())
        assert len(jobs) == 40
        assert set(connection.execute(sa.select(scheduled_job_run.c.job)).scalars()) == jobs
        assert set(connection.execute(sa.select(scheduled_job_log.c.name)).scalars()) == jobs


def test_a_schedule_whose_row_is_locked_is_looked_after_soon(committed_site):
    """Somebody saves it, or another scheduler has it and may still fail."""
    site = committed_site
    if site.database.dialect == "sqlite":  # it locks no rows; who is second waits
        return
    _fill(site, 2, due=2)
    name = "app.tasks.run #0"
    query = sa.select(scheduled_job_type).where(scheduled_job_type.c.name == name).with_for_update()
    with site.database.engine.connect() as connection, connection.begin():
        connection.execute(query).one()
        ticked = tick(site)
        assert ([fired for fired, _job in ticked.fired], ticked.waiting) == (["app.tasks.run #1"], True)
    ticked = tick(site, only_missed=True)
    assert ([fired for fired, _job in ticked.fired], ticked.waiting) == ([name], False)
