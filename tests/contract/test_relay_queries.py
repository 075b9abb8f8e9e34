"""What the relay asks of the database: indexed queries, as many with many jobs as with few."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa

from doclife.core import clock, ids
from doclife.outbox import delivery, prune
from doclife.outbox.claim import claim, claim_next
from doclife.outbox.relay import Relay
from doclife.outbox.workers import Heartbeats
from doclife.queue.protocol import Ticket
from doclife.schema.tables import background_job
from tests.contract.outbox import job

JOBS = "tabBackground Job"
#: how many jobs there are of each kind, for each one that runs
KINDS = {"finished": 400, "failed": 60, "cancelled": 10, "waiting": 60, "later": 20, "started": 1}


def _fill(outbox, times):
    now = clock.utc_now()
    hour = timedelta(hours=1)
    rows = []
    for kind, count in KINDS.items():
        for n in range(count * times):
            is_open = kind in ("waiting", "later")
            rows.append({
                "name": str(ids.uuid7()), "creation": now, "modified": now, "owner": "x", "modified_by": "x",
                "queue": "default", "method": "app.tasks.run", "kwargs": '{"text":"' + "x" * 100 + '"}', "run_as": "x",
                "status": "queued" if is_open else kind, "worker": "w" if kind == "started" else None,
                "run_at": now + hour if kind == "later" else now, "released_at": None if kind == "later" else now,
                "ended_at": now - n * timedelta(seconds=1) if kind in ("finished", "failed", "cancelled") else None,
                "enqueued_at": now,
            })  # fmt: skip
    with outbox.database.transaction() as connection:
        connection.execute(background_job.insert(), rows)
    with outbox.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        table = connection.dialect.identifier_preparer.quote(JOBS)
        text = "ANALYZE TABLE" if connection.dialect.name in ("mysql", "mariadb") else "ANALYZE"
        connection.exec_driver_sql(f"{text} {table}")


def _relay(outbox):
    outbox.worker("w")
    return Relay(
        outbox.database, outbox.broker, Heartbeats(outbox.database), outbox.record_dead, holder="r", grace_s=0.001
    )


@contextmanager
def _statements(outbox):
    """Lists texts and parameters of the statements on jobs."""
    seen = []

    def note(_connection, _cursor, text, params, *_rest):
        if JOBS in text:
            seen.append((text, params))

    sa.event.listen(outbox.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(outbox.database.engine, "before_cursor_execute", note)


def _plan(outbox, text, params):
    """Returns how the database finds the rows of a statement."""
    dialect = outbox.database.dialect
    with outbox.database.engine.connect() as connection:
        word = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN"
        rows = connection.exec_driver_sql(f"{word} {text}", params).mappings().all()
        connection.rollback()
    if dialect == "sqlite":
        return [row["detail"] for row in rows]
    if dialect == "postgresql":
        return [row["QUERY PLAN"] for row in rows]
    return [f"{row['type']} {row['table']}" for row in rows]


#: how a plan says that it goes through all jobs
READS_ALL = {
    "sqlite": [f"SCAN {JOBS}"],
    "postgresql": [f'Seq Scan on "{JOBS}"'],
    "mariadb": [f"ALL {JOBS}", f"index {JOBS}"],
}


def _reads_all(outbox, plan):
    return any(sign in line for line in plan for sign in READS_ALL[outbox.database.dialect])


def test_no_duty_of_the_relay_reads_all_jobs(outbox, monkeypatch):
    for module in (delivery, prune):  # where a third of the table is asked for by name, to read it all is right
        monkeypatch.setattr(module, "BATCH", 20)
    _fill(outbox, 6)
    (id,) = outbox.stage(job(run_at=clock.now() + timedelta(minutes=30)))
    relay = _relay(outbox)
    with _statements(outbox) as seen, clock.travel(by=timedelta(minutes=31)):
        Heartbeats(outbox.database).beat("w")
        relay.round()  # releases one, and all that the broker does not hold
        assert claim(outbox.database, id, "dead").id == id
        assert claim_next(outbox.database, ["default"], "w") is not None
        relay.round()  # rescues one
    with _statements(outbox) as pruning, clock.travel(by=timedelta(days=31)):
        Heartbeats(outbox.database).beat("w")
        assert relay.round()["pruned"] == 200 + 200 + 60
    shown = {}
    for text, params in seen + pruning:
        if not text.startswith("INSERT"):
            shown.setdefault(text, params)
    assert len(shown) >= 9
    assert len(outbox.ids("queued")) > 0
    _fill(outbox, 6)
    for text, params in shown.items():
        plan = _plan(outbox, text, params)
        assert not _reads_all(outbox, plan), f"{text[:500]}\n{plan}"


def test_an_idle_round_costs_as_much_with_many_jobs_as_with_few(outbox):
    relay = _relay(outbox)
    counts = []
    for _ in range(2):
        _fill(outbox, 2)
        with outbox.database.reading() as connection:
            waiting = connection.execute(
                sa.select(background_job.c.name).where(background_job.c.released_at.is_not(None))
            ).scalars()
            outbox.broker.release([Ticket(id) for id in waiting])
        with _statements(outbox) as seen:
            assert {**relay.round(), "pruned": 0} == {"rescued": 0, "due": 0, "missing": 0, "pruned": 0}
        counts.append([text.split(None, 1)[0] for text, _ in seen])
    assert set(counts[0]) == {"SELECT"}
    assert len(counts[1]) <= len(counts[0]) <= 7
