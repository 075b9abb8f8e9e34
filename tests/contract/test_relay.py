"""The relay on every database: due, lost, rescued and old jobs; who leads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from structlog.testing import capture_logs

from doclife.core import clock
from doclife.outbox import complete, delivery
from doclife.outbox.claim import claim
from doclife.outbox.delivery import Reconciler, release_again, release_due
from doclife.outbox.leases import Lease
from doclife.outbox.prune import prune
from doclife.outbox.relay import Relay
from doclife.outbox.rescue import Rescuer
from doclife.outbox.workers import FileLocks, Heartbeats, register, registered, unregister
from doclife.schema.tables import lease as lease_table
from doclife.schema.tables import scheduled_job_run
from tests.contract.outbox import job


@pytest.fixture
def rescuer(outbox):
    return Rescuer(outbox.database, outbox.broker, Heartbeats(outbox.database), outbox.record_dead)


def _relay(outbox, holder="r1", **options):
    return Relay(
        outbox.database, outbox.broker, Heartbeats(outbox.database), outbox.record_dead, holder=holder, **options
    )


def _popped(outbox, worker="w"):
    taken = []
    while (id := outbox.broker.pop(["default"], worker)) is not None:
        taken.append(id)
    return taken


def test_a_job_for_later_is_released_when_its_time_has_come(outbox):
    later, sooner = outbox.stage(
        job(run_at=clock.now() + timedelta(minutes=5)), job(run_at=clock.now() + timedelta(minutes=4))
    )
    assert release_due(outbox.database, outbox.broker) == 0
    with clock.travel(by=timedelta(minutes=6)):
        assert release_due(outbox.database, outbox.broker) == 2
        assert release_due(outbox.database, outbox.broker) == 0
    assert _popped(outbox) == [sooner, later]


def test_more_jobs_than_one_batch_are_released_in_one_call(outbox, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 3)
    ids = outbox.stage(*(job(run_at=clock.now() + timedelta(minutes=1)) for _ in range(8)))
    with clock.travel(by=timedelta(minutes=2)):
        assert release_due(outbox.database, outbox.broker) == 8
    assert sorted(_popped(outbox)) == sorted(ids)


def test_only_what_the_broker_does_not_hold_is_pushed_again(outbox):
    lost = outbox.stage(job(), job(queue="long"), released=False)
    held = outbox.stage(job(), job())
    reconciler = Reconciler(outbox.database, outbox.broker, grace_s=30)
    assert reconciler.run() == 0  # too young to be asked for
    with clock.travel(by=timedelta(seconds=31)):
        assert reconciler.run() == 2
        assert reconciler.run() == 0
        assert sorted(_popped(outbox)) == sorted([lost[0], *held])
        assert outbox.broker.depth("long") == 1


def test_a_backlog_is_compared_page_by_page_and_gaps_are_filled_at_once(outbox, monkeypatch):
    monkeypatch.setattr(delivery, "PAGE", 4)
    monkeypatch.setattr(delivery, "BATCH", 3)
    ids = outbox.stage(*(job() for _ in range(10)))
    reconciler = Reconciler(outbox.database, outbox.broker, grace_s=0)
    pages = []
    held = outbox.broker.held
    outbox.broker.held = lambda queue, ids: pages.append(len(list(ids))) or held(queue, ids)
    assert [reconciler.run() for _ in range(4)] == [0, 0, 0, 0]
    assert pages == [4, 4, 2, 4]  # three pages, then from the beginning
    reconciler = Reconciler(outbox.database, outbox.broker, grace_s=0)
    outbox.broker.lose_everything()
    assert reconciler.run() == 10
    assert sorted(_popped(outbox)) == sorted(ids)


def test_what_was_popped_and_never_claimed_is_found(outbox):
    (id,) = outbox.stage(job())
    assert _popped(outbox) == [id]
    assert Reconciler(outbox.database, outbox.broker, grace_s=0).run() == 1
    assert _popped(outbox, "other") == [id]


def test_only_what_is_still_queued_is_given_back(outbox):
    done, left = outbox.stage(job(), job())
    claim(outbox.database, done, "w")
    outbox.broker.lose_everything()
    assert release_again(outbox.database, outbox.broker, [done, left, "unknown"]) == 1
    assert _popped(outbox) == [left]


def test_a_dead_workers_job_is_queued_again_and_the_kill_is_counted(outbox, rescuer):
    outbox.worker("dead")
    outbox.worker("alive")
    lost, kept = outbox.stage(job(), job())
    claim(outbox.database, lost, "dead")
    with clock.travel(by=timedelta(seconds=46)):
        Heartbeats(outbox.database).beat("alive")
        claim(outbox.database, kept, "alive")
        assert rescuer.run() == 1
        assert registered(outbox.database) == ["alive"]
    row = outbox.row(lost)
    assert (row.status, row.kills, row.attempt, row.worker) == ("queued", 1, 1, None)
    assert "dead died while it ran" in row.error
    assert outbox.row(kept).status == "started"
    assert lost in _popped(outbox)


def test_a_worker_that_is_only_late_keeps_its_job(outbox, rescuer):
    outbox.worker("late")
    (id,) = outbox.stage(job())
    claim(outbox.database, id, "late")
    with clock.travel(by=timedelta(seconds=44)):
        assert rescuer.run() == 0
    assert outbox.row(id).status == "started"


def test_a_job_whose_worker_has_no_row_is_rescued(outbox, rescuer):
    (id,) = outbox.stage(job())
    claim(outbox.database, id, "never-registered")
    assert rescuer.run() == 1
    assert outbox.row(id).status == "queued"


def test_a_job_is_dead_when_its_workers_died_too_often(outbox, rescuer):
    (id,) = outbox.stage(job("app.tasks.poison", max_attempts=2, dedup_key="k"))
    for _ in range(2):
        assert claim(outbox.database, id, "w") is not None
        assert rescuer.run() == 1
    row = outbox.row(id)
    assert (row.status, row.kills, row.dedup_key) == ("failed", 2, None)
    assert "its worker died while it ran 2 times" in row.error
    assert outbox.keys() == ["dead app.tasks.poison"]
    assert rescuer.run() == 0


def test_a_job_that_ended_while_it_was_being_rescued_stays_ended(outbox):
    (id,) = outbox.stage(job())
    mine = claim(outbox.database, id, "w")

    class EndsMeanwhile(Heartbeats):
        def dead(self, workers):
            found = super().dead(workers)
            with outbox.database.transaction() as connection:
                complete.finish(connection, mine, None)
            return found

    rescuer = Rescuer(outbox.database, outbox.broker, EndsMeanwhile(outbox.database), outbox.record_dead)
    assert rescuer.run() == 0
    assert outbox.row(id).status == "finished"


def test_a_worker_on_the_same_host_lives_as_long_as_it_holds_its_file(outbox, tmp_path):
    mine, theirs = FileLocks(tmp_path / "workers"), FileLocks(tmp_path / "workers")
    mine.hold("w1")
    assert theirs.dead(["w1", "w2"]) == {"w2"}
    mine.let_go("w1")
    assert theirs.dead(["w1"]) == {"w1"}


def test_a_heartbeat_says_whether_the_row_is_there(outbox):
    beats = Heartbeats(outbox.database)
    assert not beats.beat("w")
    outbox.worker("w")
    assert beats.beat("w")
    assert beats.dead(["w", "x"]) == {"x"}
    unregister(outbox.database, "w")
    assert beats.dead(["w"]) == {"w"}


def test_old_jobs_are_pruned_by_their_status(outbox):
    finished, failed, queued = outbox.stage(job(), job(), job())
    for id, end in ((finished, complete.finish), (failed, complete.fail)):
        mine = claim(outbox.database, id, "w")
        with outbox.database.transaction() as connection:
            end(connection, mine, "x")
    now = clock.utc_now()
    with outbox.database.transaction() as connection:
        connection.execute(scheduled_job_run.insert().values(schedule="s", due=now, created_at=now))
    assert prune(outbox.database) == 0
    with clock.travel(by=timedelta(days=1, minutes=1)):
        assert prune(outbox.database) == 1
    assert (outbox.ids("finished"), outbox.ids("failed")) == ([], [failed])
    with clock.travel(by=timedelta(days=31)):
        assert prune(outbox.database) == 1
    assert outbox.ids("queued") == [queued]
    with clock.travel(by=timedelta(days=91)):
        assert prune(outbox.database) == 1


def test_old_scheduled_runs_are_pruned_in_batches(outbox, monkeypatch):
    monkeypatch.setattr("doclife.outbox.prune.BATCH", 4)
    now = clock.utc_now()
    old = now - timedelta(days=91)
    runs = [(f"s{n}", old + timedelta(hours=n // 3)) for n in range(12)] + [("s0", now - timedelta(days=89))]
    with outbox.database.transaction() as connection:
        rows = [{"schedule": schedule, "due": due, "created_at": now} for schedule, due in runs]
        connection.execute(scheduled_job_run.insert(), rows)
    counts = []

    @event.listens_for(outbox.database.engine, "after_cursor_execute")
    def watch(_connection, cursor, statement, *_rest):
        if statement.startswith("DELETE"):
            counts.append(cursor.rowcount)

    assert prune(outbox.database) == 12
    assert counts == [6, 6]  # four at a time, and what was due with the last of them
    with outbox.database.reading() as connection:
        assert list(connection.execute(select(scheduled_job_run.c.schedule)).scalars()) == ["s0"]


def test_rows_of_locks_that_nobody_has_are_pruned_a_day_later(outbox):
    (id,) = outbox.stage(job())
    now = clock.utc_now()
    with outbox.database.transaction() as connection:
        for name, holder, until in [
            ("lock:old", None, now),
            ("lock:held", "request 1", now + timedelta(days=2)),
            ("doc:of a job that waits", f"job:{id}", None),
            ("doc:of a job that is gone", "job:gone", None),
            ("relay", "r1", now),
        ]:
            connection.execute(lease_table.insert().values(name=name, holder=holder, until=until, token=1))
    assert prune(outbox.database) == 1
    with clock.travel(by=timedelta(days=1, minutes=1)):
        assert prune(outbox.database) == 1
        assert prune(outbox.database) == 0
    with outbox.database.reading() as connection:
        names = sorted(connection.execute(select(lease_table.c.name)).scalars())
    assert names == ["doc:of a job that waits", "lock:held", "relay"]


def test_an_idle_relay_writes_its_lease_and_nothing_else(outbox):
    relay = _relay(outbox)
    assert relay.lease.hold()
    assert relay.round() == {"rescued": 0, "due": 0, "missing": 0, "pruned": 0}
    written = []

    @event.listens_for(outbox.database.engine, "before_cursor_execute")
    def watch(_connection, _cursor, statement, *_rest):
        if not statement.lstrip().upper().startswith(("SELECT", "BEGIN")):
            written.append(statement)

    with clock.travel(by=timedelta(seconds=65)):
        relay.round()
    assert written == []
    assert relay.lease.hold()
    assert written == []  # it is not due yet
    with clock.travel(by=timedelta(seconds=6)):
        assert relay.lease.hold()
    assert len(written) == 1


def test_a_duty_that_fails_does_not_stop_the_others(outbox):
    (id,) = outbox.stage(job())
    claim(outbox.database, id, "gone")
    outbox.broker.down = True
    assert _relay(outbox).round() == {"rescued": 1, "due": 0, "missing": 0, "pruned": 0}
    assert outbox.row(id).status == "queued"


def test_a_duty_that_breaks_stops_neither_the_others_nor_the_relay(outbox, monkeypatch):
    (id,) = outbox.stage(job(), released=False)
    relay, stop, broken = _relay(outbox, grace_s=0), threading.Event(), []

    def breaks(*_given):
        broken.append(1)
        return 1 // 0

    monkeypatch.setattr(relay.rescuer, "run", breaks)
    with capture_logs() as logs:
        thread = threading.Thread(target=relay.run, args=(stop,))
        thread.start()
        assert outbox.broker.pop(["default"], "w", timeout=20) == id
        stop.set()
        thread.join()
    assert broken
    assert [each["reason"] for each in logs if each["log_level"] == "error"] == ["integer division or modulo by zero"]


def test_two_relays_at_once_do_no_harm(outbox):
    ids = outbox.stage(*(job(run_at=clock.now() + timedelta(seconds=1)) for _ in range(20)))
    with clock.travel(by=timedelta(seconds=2)), ThreadPoolExecutor(2) as threads:
        start = threading.Barrier(2)

        def round_of(name):
            relay = _relay(outbox, name, grace_s=0)
            start.wait()
            relay.round()

        list(threads.map(round_of, "ab"))
    with clock.travel(by=timedelta(seconds=2)):
        taken = [id for id in _popped(outbox) if claim(outbox.database, id, "w") is not None]
    assert sorted(taken) == sorted(ids)


def test_the_relay_leads_until_it_is_told_to_stop(outbox):
    (id,) = outbox.stage(job(), released=False)
    relay, stop = _relay(outbox, grace_s=0), threading.Event()
    thread = threading.Thread(target=relay.run, args=(stop,))
    thread.start()
    assert outbox.broker.pop(["default"], "w", timeout=20) == id
    stop.set()
    thread.join()
    assert Lease(outbox.database, "relay", "next").hold()


def test_workers_are_listed_in_the_order_in_which_they_came(outbox):
    for name in ("b", "a"):
        register(outbox.database, name, pid=1, queues=["default"], isolation="inproc")
    assert registered(outbox.database) == ["b", "a"]
