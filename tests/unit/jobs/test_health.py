"""How the jobs of a site are, and what is wrong with them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from doclife.core import clock
from doclife.core.context import current, no_context
from doclife.jobs.enqueue import enqueue
from doclife.jobs.health import examine
from doclife.jobs.listing import show_job
from doclife.jobs.problems import problems_of
from doclife.jobs.schedules import SCHEDULER
from doclife.outbox import complete
from doclife.outbox.claim import claim
from doclife.outbox.leases import Lease
from doclife.outbox.relay import RELAY
from doclife.schema.tables import background_job, scheduled_job_type
from doclife.testing import run_jobs, travel_to
from doclife.worker.presence import present
from tests.stored import note_tick
from tests.unit.testing import tasks

FAILS = "tests.unit.testing.tasks.fails"
NOTE = "tests.unit.testing.tasks.note"


def _enqueued(method=NOTE, *args, **terms):
    job = enqueue(method, *args, **terms)
    current().unit.commit()
    return job


def _lead(site, name, holder="somebody"):
    assert Lease(site.database, name, holder).hold()


@pytest.fixture
def well(site):
    """A site whose jobs are looked after: a worker of all queues, a relay and a scheduler."""
    tasks.seen.clear()
    with site.database.transaction() as connection:
        connection.execute(delete(scheduled_job_type))
    _lead(site, RELAY)
    _lead(site, SCHEDULER)
    with present(site, queues=list(site.settings.queues()), isolation="inproc") as worker:
        yield worker


def _kinds(site):
    return [each.kind for each in problems_of(site, examine(site))]


def _one(site):
    (found,) = problems_of(site, examine(site))
    return found


def test_a_site_that_is_well_has_no_problems(site, well):
    _enqueued()
    note_tick(site)
    health = examine(site)
    assert problems_of(site, health) == []
    assert (health.site, health.broker.answers, health.relay.holder, health.scheduler.holder) == (
        "test",
        True,
        "somebody",
        "somebody",
    )
    (worker,) = health.workers
    assert (worker.name, worker.alive, worker.isolation, worker.job) == (well, True, "inproc", None)
    assert [(each.queue, each.workers, each.queued, each.in_broker, each.known) for each in health.queues] == [
        ("short", 1, 0, 0, True),
        ("default", 1, 1, 1, True),
        ("long", 1, 0, 0, True),
    ]
    assert abs((health.scheduler.last_tick - health.now).total_seconds()) < 5


def test_a_moment_is_kept_once(site):
    with travel_to("2030-03-01 10:00"):
        note_tick(site)
    with travel_to("2030-03-01 10:01"):
        note_tick(site)
    assert examine(site).scheduler.last_tick == datetime(2030, 3, 1, 10, 1)


def test_nobody_is_there(site):
    with site.database.transaction() as connection:
        connection.execute(delete(scheduled_job_type))
    _enqueued()
    _enqueued()
    no_worker, no_relay = problems_of(site, examine(site))
    assert (no_worker.kind, no_worker.why) == ("no-worker", "2 jobs wait, and nobody would run them")
    assert no_relay.kind == "no-relay"
    assert "doclife worker" in no_worker.help


def test_a_broker_that_is_down_is_a_problem_and_hides_nothing(site, well):
    site.broker.down = True
    _enqueued("shop.tasks.gone")
    down, missing = problems_of(site, examine(site))
    assert (down.kind, missing.kind) == ("broker-down", "method-missing")
    assert "take jobs from the table meanwhile" in down.why
    assert {each.in_broker for each in examine(site).queues} == {None}


@pytest.mark.one_database
@pytest.mark.doclife_settings(pause_scheduler=True, disable_scheduler=True, maintenance_mode=True)
def test_a_scheduler_that_is_held_says_by_what(committed_site):
    held = [
        each.why for each in problems_of(committed_site, examine(committed_site)) if "enqueues nothing" in each.what
    ]
    assert held == ["maintenance_mode is set", "disable_scheduler is set", "pause_scheduler is set"]


@pytest.fixture
def schedule(site, well):
    with travel_to("2030-03-01 09:00"), site.database.transaction() as connection:
        connection.execute(
            scheduled_job_type.insert().values(
                name="s1", app="shop", method="shop.tasks.daily", frequency="cron", queue="default", entry=1,
                next_execution=clock.utc_now(), docstatus=0, idx=0,
            )
        )  # fmt: skip


def test_a_schedule_that_is_late_although_somebody_ticks(site, schedule):
    for moment, late in (("2030-03-01 09:02", False), ("2030-03-01 09:03", True)):
        with travel_to(moment):
            _lead(site, SCHEDULER, "other")
            note_tick(site)
            assert ("schedule-late" in _kinds(site)) is late


def test_schedules_without_a_scheduler(site, schedule):
    with travel_to("2030-03-01 09:00"):
        assert "no-scheduler" in _kinds(site)
    with site.database.transaction() as connection:
        connection.execute(update(scheduled_job_type).values(stopped=1))
    with travel_to("2030-03-01 09:00"):
        assert "no-scheduler" not in _kinds(site), "all are stopped"


def test_a_job_of_a_dead_worker(site, well):
    job = _enqueued()
    claim(site.database, job.id, "gone-worker")
    found = _one(site)
    assert (found.kind, found.help) == ("worker-dead", f"doclife worker, or doclife jobs cancel {job.id}")
    assert found.why == "its worker gone-worker is dead; the relay of somebody queues it again within a minute"


def test_a_job_that_runs_longer_than_it_may(site, well):
    job = _enqueued(timeout=60)
    claim(site.database, job.id, well)
    assert _kinds(site) == []
    (worker,) = examine(site).workers
    assert (worker.job, worker.method) == (job.id, NOTE)
    with site.database.transaction() as connection:
        long_ago = clock.utc_now() - timedelta(seconds=200)
        connection.execute(update(background_job).values(started_at=long_ago))
    found = _one(site)
    assert found.kind == "overtime"
    assert found.what.startswith(f"job {job.id} ({NOTE}) runs for 20")
    assert found.help == f"doclife jobs show {job.id} --stack; doclife jobs cancel {job.id}"


# the clocks of Berlin: 02:00 is followed by 03:00 at 01:00 UTC in March, 03:00 by 02:00 at 01:00 UTC in October
@pytest.mark.one_database
@pytest.mark.doclife_settings(time_zone="Europe/Berlin")
@pytest.mark.parametrize("day", ["2030-03-31", "2030-10-27"])
def test_the_clocks_are_changed_while_it_runs(site, well, day):
    job = _enqueued(timeout=1000)
    claimed = claim(site.database, job.id, well)
    started = datetime.fromisoformat(f"{day}T00:50+00:00")
    with site.database.transaction() as connection:
        connection.execute(update(background_job).values(started_at=started))
    with travel_to(started + timedelta(seconds=1030)):
        assert "overtime" not in _kinds(site)
    with travel_to(started + timedelta(seconds=1050)), site.database.transaction() as connection:
        (found,) = [each for each in problems_of(site, examine(site)) if each.kind == "overtime"]
        complete.finish(connection, claimed, None)
    assert found.what.startswith(f"job {job.id} ({NOTE}) runs for 1050 s")
    assert show_job(site.database, job.id).seconds == pytest.approx(1050, abs=5)


@pytest.mark.one_database
@pytest.mark.doclife_settings(time_zone="Europe/Berlin")
def test_a_schedule_is_no_later_than_it_is_when_the_clocks_are_changed(site, schedule):
    due = datetime.fromisoformat("2030-03-31T00:59+00:00")
    with site.database.transaction() as connection:
        connection.execute(update(scheduled_job_type).values(next_execution=due))
    for seconds, late in ((140, False), (160, True)):
        with travel_to(due + timedelta(seconds=seconds)):
            _lead(site, SCHEDULER, "other")
            note_tick(site)
            assert ("schedule-late" in _kinds(site)) is late


@pytest.mark.one_database
@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_outside_a_context_all_times_are_utc(site, well):
    job = _enqueued(timeout=60)
    claim(site.database, job.id, well)
    with no_context():
        health = examine(site)
    assert abs((health.now - health.running[0].started_at).total_seconds()) < 5


def test_a_queue_that_the_settings_do_not_know(site, well):
    job = _enqueued()
    with site.database.transaction() as connection:
        connection.execute(update(background_job).where(background_job.c.name == job.id).values(queue="defualt"))
    found = _one(site)
    assert (found.kind, found.what) == ("queue-unknown", "1 job waits in the queue defualt")
    assert "Did you mean 'default'" in found.why


def test_a_queue_that_no_worker_serves(site):
    _lead(site, RELAY)
    _lead(site, SCHEDULER)
    _enqueued(NOTE, "long")
    with present(site, queues=["short"], isolation="inproc"):
        found = _one(site)
    assert (found.kind, found.help) == ("queue-unserved", "doclife worker --queue long")


def test_a_queue_that_is_too_slow(site, well):
    job = _enqueued()
    with site.database.transaction() as connection:
        long_ago = clock.utc_now() - timedelta(seconds=301)
        connection.execute(update(background_job).where(background_job.c.name == job.id).values(run_at=long_ago))
    found = _one(site)
    assert found.kind == "queue-slow"
    assert found.what.startswith("1 job waits in the queue default, the oldest for 301 s")


def test_jobs_whose_method_does_not_exist(site, well):
    _enqueued("tests.unit.testing.tasks.noet")
    _enqueued("tests.unit.testing.tasks.noet")
    found = _one(site)
    assert (found.kind, found.what) == (
        "method-missing",
        "2 jobs wait for tests.unit.testing.tasks.noet to exist",
    )
    assert "Did you mean 'note'" in found.why
    assert found.help.endswith("doclife jobs cancel --method tests.unit.testing.tasks.noet")


def test_jobs_that_have_failed_within_a_day(site, well):
    _enqueued(FAILS)
    newest = _enqueued(FAILS)
    run_jobs(allow_failures=True)
    found = _one(site)
    assert (found.kind, found.what) == ("dead", f"2 jobs of {FAILS} failed within 24 hours")
    assert found.why == f"the newest, {newest.id}: ZeroDivisionError: broken"
    with site.database.transaction() as connection:
        connection.execute(update(background_job).values(ended_at=clock.utc_now() - timedelta(hours=25)))
    assert _kinds(site) == []


@pytest.mark.one_database
@pytest.mark.doclife_settings(queue="inline")
def test_jobs_that_run_with_their_commit_need_no_worker(site):
    assert not {"no-worker", "no-relay"} & set(_kinds(site))
