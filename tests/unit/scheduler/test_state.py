"""What schedules say of themselves, which of them a word means, and starting them by hand."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import ModuleType

import pytest
from sqlalchemy import select, update

from doclife.core import clock
from doclife.core.errors import ValidationError
from doclife.events.hooks import AppHooks
from doclife.jobs.listing import show_job
from doclife.jobs.schedules import scheduler_state
from doclife.scheduler.reasons import reasons
from doclife.scheduler.state import meant, schedules
from doclife.scheduler.sync import sync
from doclife.scheduler.tick import tick
from doclife.scheduler.trigger import trigger
from doclife.schema.tables import background_job, scheduled_job_log, scheduled_job_run, scheduled_job_type
from doclife.testing import run_jobs, travel_to
from doclife.uow.unit import current_unit

NIGHTLY = "tests.unit.scheduler.bodies.nightly"
OTHER = "tests.unit.scheduler.bodies.other"

NOON = "2026-01-15 12:00"


@pytest.fixture
def declare(site):
    def declare(events):
        site.apps[:] = [app for app in site.apps if app.name != "tests"]
        site.use_hooks("tests", {"scheduler_events": events})
        with travel_to(NOON):
            sync(site)

    return declare


def _schedule(site, name, **terms):
    (found,) = schedules(site, [name], **terms)
    return found


def _times(schedule):
    return [f"{each:%m-%d %H:%M%z}" for each in schedule.next]


@pytest.mark.doclife_settings(time_zone="Asia/Kolkata")
def test_a_schedule_tells_its_terms_its_times_and_its_job(site, declare):
    terms = {"queue": "long", "timeout": 77, "retries": 2, "catch_up": "skip", "time_zone": "Europe/Berlin"}
    declare({"cron": {"0 9 * * *": {"method": NIGHTLY, **terms}}})
    with travel_to(NOON):
        found = _schedule(site, NIGHTLY, times=2)
        # 9:00 in Berlin (UTC+1) is 13:30 in India (UTC+5:30)
        assert _times(found) == ["01-15 13:30+0530", "01-16 13:30+0530"]
        assert (found.queue, found.timeout, found.retries, found.catch_up) == ("long", 77, 2, "skip")
        assert (found.time_zone, found.last, found.last_status, found.busy) == ("Europe/Berlin", None, None, None)
    with travel_to("2026-01-15 13:30"):
        ((_name, job),) = tick(site).fired
        found = _schedule(site, NIGHTLY)
        assert (found.last, found.last_status) == (datetime(2026, 1, 15, 8, tzinfo=UTC), "scheduled")
        assert (found.busy.job, found.busy.status, found.busy.since) == (job, "queued", datetime(2026, 1, 15, 13, 30))
        run_jobs()
        found = _schedule(site, NIGHTLY)
    assert (found.last_status, found.busy) == ("complete", None)


@pytest.mark.one_database
def test_the_times_of_what_is_late_stopped_or_due_at_each_tick(site, declare):
    declare({"hourly": [NIGHTLY, {"method": OTHER, "catch_up": "all"}], "all": "tests.unit.scheduler.bodies.failing"})
    with travel_to("2026-01-15 15:30:10"):
        assert _times(_schedule(site, NIGHTLY, times=3)) == ["01-15 13:00+0000", "01-15 16:00+0000", "01-15 17:00+0000"]
        assert _times(_schedule(site, OTHER, times=3)) == ["01-15 13:00+0000", "01-15 14:00+0000", "01-15 15:00+0000"]
        each_tick = _schedule(site, "tests.unit.scheduler.bodies.failing", times=2)
        assert _times(each_tick) == ["01-15 15:31+0000", "01-15 15:32+0000"]
        unit = current_unit()
        unit.before_write()
        unit.link.execute(scheduled_job_type.update().values(stopped=1))
        unit.commit()
        assert _times(_schedule(site, NIGHTLY)) == ["01-15 16:00+0000"], "as if it were enabled now"


@pytest.mark.one_database
def test_what_a_word_means(site, declare):
    declare(
        {
            "daily": [NIGHTLY, {"method": OTHER, "queue": "short"}],
            "daily_long": OTHER,
            "annual": OTHER,
            "cron": {"0 9 * * 1-5": NIGHTLY, "@hourly": NIGHTLY, "0 9 L * MON": OTHER},
        }
    )
    with travel_to(NOON):
        found = schedules(site)
    words = {
        NIGHTLY: [NIGHTLY],  # the name goes before the method
        f"{NIGHTLY} #2": [f"{NIGHTLY} #2"],
        "0  9 * * 1-5": [f"{NIGHTLY} #2"],
        "cron": [f"{NIGHTLY} #2", f"{NIGHTLY} #3", f"{OTHER} #4"],
        "@Hourly": [f"{NIGHTLY} #3"],
        "0 * * * *": [f"{NIGHTLY} #3"],
        "0 9 l * mon": [f"{OTHER} #4"],
        "Daily": [NIGHTLY, OTHER],
        "daily_long": [f"{OTHER} #2"],
        "yearly": [f"{OTHER} #3"],
        "annual": [f"{OTHER} #3"],
        "monthly": [],
    }
    assert {word: sorted(each.name for each in meant(found, word)) for word in words} == words
    with pytest.raises(ValidationError, match=r"no schedule is meant by 'dayly'\. Did you mean 'daily'\?"):
        meant(found, "dayly")
    with pytest.raises(ValidationError, match=rf"Did you mean '{re.escape(NIGHTLY)}'\?"):  # whichever is due first
        meant([each for each in found if each.name == f"{NIGHTLY} #3"], NIGHTLY.rpartition(".")[2])


def test_one_that_is_started_by_hand_goes_the_way_of_one_that_is_due(site, declare):
    declare({"daily": {"method": NIGHTLY, "queue": "long", "timeout": 77, "retries": 3}})
    with travel_to("2026-01-15 12:00:05"):
        found = schedules(site)
        done = trigger(site, {"daily": found})
        ((name, id),) = [(each.schedule, each.job) for each in done.started]
        again = trigger(site, {"daily": found, NIGHTLY: found})
        after = _schedule(site, NIGHTLY)
    assert (name, done.refused) == (NIGHTLY, [])
    assert (again.started, [each.reason for each in again.refused]) == (
        [],
        [f"its last job {id} is queued since 2026-01-15 12:00:05"],
    )
    job = show_job(site.database, id)
    assert (job.queue, job.timeout, job.retry["max"], job.dedup_key) == ("long", 77, 3, f"scheduled: {NIGHTLY}")
    assert (_times(after), f"{after.last:%H:%M:%S}") == (["01-16 00:00+0000"], "12:00:05")
    unit = current_unit()
    (run,) = unit.link.execute(select(scheduled_job_run)).all()
    (log,) = unit.link.execute(select(scheduled_job_log)).all()
    assert (run.schedule, run.due, run.job) == (NIGHTLY, datetime(2026, 1, 15, 12, 0, 5), id)
    assert (log.name, log.triggered, log.status) == (id, 1, "scheduled")


@pytest.mark.one_database
def test_a_job_keeps_what_is_due_at_each_tick_from_running_when_the_next_tick_has_come(site, declare):
    declare({"all": NIGHTLY})
    with travel_to(NOON):
        trigger(site, {"all": schedules(site)})
        unit = current_unit()
        unit.before_write()
        unit.link.execute(update(background_job).values(status="started", started_at=clock.utc_now()))
    kept = []
    for moment in ("2026-01-15 12:00:59", "2026-01-15 12:01:00"):
        with travel_to(moment):
            why = reasons(site, scheduler_state(site), schedules(site))
        kept.append([each.what for each in why if each.kind == "overlap"])
    assert kept == [[], [f"{NIGHTLY} is not started again before its last job has ended"]]


@pytest.mark.slow_on_servers
def test_of_several_that_start_a_schedule_at_once_one_does(committed_site):
    site, at_once = committed_site, threading.Barrier(4)
    site.apps.append(AppHooks("tests", {"scheduler_events": {"daily": NIGHTLY}}, ModuleType("tests")))
    sync(site)
    with site.work():
        found = schedules(site)

    def start(_number):
        at_once.wait()
        return trigger(site, {"daily": found})

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(start, range(4)))
    ((id,),) = [[each.job for each in one.started] for one in done if one.started]
    reasons = [one.refused[0].reason for one in done if one.refused]
    assert len(reasons) == 3
    assert all(f"its last job {id} is queued" in each for each in reasons), reasons
    with site.work():
        assert len(current_unit().link.execute(select(scheduled_job_run)).all()) == 1
