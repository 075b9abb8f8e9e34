"""What Frappe's tutorials declare as scheduler_events fires when they say: rows B7, and the decisions C2, C7 and C10.

The names of the tests begin with the numbers of the rows of the API surface that they are about.
"""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from doclife.core.settings import Settings
from doclife.scheduler.sync import sync
from doclife.scheduler.tick import tick
from doclife.schema.tables import background_job, scheduled_job_run, scheduled_job_type
from doclife.testing import run_due, travel_to
from doclife.uow.unit import current_unit

NIGHTLY = "tests.unit.scheduler.bodies.nightly"
OTHER = "tests.unit.scheduler.bodies.other"

pytestmark = pytest.mark.one_database


def _runs():
    """Returns how often each schedule has fired, by its cron expression or word."""
    rows, runs = scheduled_job_type.c, scheduled_job_run.c
    query = (
        select(func.coalesce(rows.cron_format, rows.frequency), func.count(runs.due))
        .select_from(scheduled_job_type.outerjoin(scheduled_job_run, runs.schedule == rows.name))
        .group_by(rows.name, rows.cron_format, rows.frequency)
    )
    return {row[0]: row[1] for row in current_unit().link.execute(query)}


def _queues():
    return sorted(current_unit().link.execute(select(background_job.c.queue)).scalars())


def test_102_lists_of_paths_are_merged_over_apps(site):
    site.use_hooks("tests", {"scheduler_events": {"hourly": [NIGHTLY, OTHER]}})
    site.use_hooks("extra", {"scheduler_events": {"hourly": [OTHER], "daily": [NIGHTLY]}})
    with travel_to("2026-01-31 22:30"):
        assert sync(site) == 4
        assert len(run_due(until="2026-01-31 23:00")) == 3


def test_103_all_fires_at_each_tick_which_comes_each_minute(site):
    site.use_hooks("tests", {"scheduler_events": {"all": [NIGHTLY]}})
    with travel_to("2026-01-31 22:30"):
        run_due()
        run_due(until="2026-01-31 22:33", every_tick=True)
    assert _runs() == {"all": 4}
    assert Settings().scheduler_tick_interval == 60


@pytest.mark.doclife_settings(time_zone="Asia/Kolkata")
def test_104_105_the_words_fire_at_the_hour_at_midnight_on_sunday_and_on_the_first_in_the_sites_zone(site):
    words = ["hourly", "daily", "weekly", "monthly"]
    site.use_hooks("tests", {"scheduler_events": {word: [NIGHTLY] for word in words}})
    with travel_to("2026-01-31 22:30"):  # 1 February is a Sunday
        sync(site)
        run_due(until="2026-01-31 23:59")
        assert _runs() == {"hourly": 1, "daily": 0, "weekly": 0, "monthly": 0}
        run_due(until="2026-02-01 00:00")
        assert _runs() == {"hourly": 2, "daily": 1, "weekly": 1, "monthly": 1}
        run_due(until="2026-02-02 00:00")
    assert _runs() == {"hourly": 26, "daily": 2, "weekly": 1, "monthly": 1}


def test_106_and_c7_what_is_long_goes_to_the_long_queue_and_the_rest_to_default(site):
    words = ["hourly_long", "daily_long", "weekly_long", "monthly_long", "daily"]
    site.use_hooks("tests", {"scheduler_events": {word: [NIGHTLY] for word in words}})
    with travel_to("2026-01-31 23:59"):
        sync(site)
        run_due(until="2026-02-01 00:00")
    assert _queues() == ["default", "long", "long", "long", "long"]


def test_107_108_115_expressions_of_published_apps_fire_at_their_times(site):
    evening = {
        "* * * * *": 30,
        "*/6 * * * *": 5,  # 17:48, 17:54, 18:00, 18:06, 18:12
        "*/15 * * * *": 2,
        "0 */6 * * *": 1,
        "15 18 * * *": 1,
        "0 * * * *": 1,
        "*/30 9-17 * * 1-5": 0,  # its last was at 17:30
        "0 9 * * 1-5": 0,
        "0 19 * * *": 0,
    }
    site.use_hooks("tests", {"scheduler_events": {"cron": {each: [NIGHTLY] for each in evening}}})
    with travel_to("2026-01-16 17:45"):  # a Friday
        sync(site)
        run_due(until="2026-01-16 18:15")
    assert _runs() == evening


def test_108_and_those_of_the_night(site):
    night = {
        "0 1 * * *": 1,
        "0 6 * * *": 1,
        "0 0 * * 0": 1,
        "0 0 1 * *": 1,
        "0 */6 * * *": 2,
        "*/30 9-17 * * 1-5": 0,
        "0 9 * * 1-5": 0,
    }
    site.use_hooks("tests", {"scheduler_events": {"cron": {each: [NIGHTLY] for each in night}}})
    with travel_to("2026-01-31 23:00"):
        sync(site)
        run_due(until="2026-02-01 09:30")
    assert _runs() == night


def test_109_annual_stands_inside_cron(site):
    site.use_hooks("tests", {"scheduler_events": {"cron": {"annual": [NIGHTLY]}, "yearly": [NIGHTLY]}})
    with travel_to("2026-12-31 23:00"):
        sync(site)
        assert len(run_due(until="2027-01-01 00:00")) == 2


def test_112_a_window_that_overlaps_starts_nothing_twice(site):
    site.use_hooks("tests", {"scheduler_events": {"cron": {"* * * * *": [NIGHTLY]}}})
    with travel_to("2026-01-31 23:00"):
        sync(site)
    for moment in ("23:01", "23:02", "23:03"):  # its first job still waits
        with travel_to(f"2026-01-31 {moment}"):
            tick(site)
    assert _queues() == ["default"]


def test_114_a_function_takes_no_arguments_and_may_return_something(site):
    site.use_hooks("tests", {"scheduler_events": {"daily": ["tests.unit.scheduler.bodies.exposed", NIGHTLY]}})
    with travel_to("2026-01-31 23:00"):
        sync(site)
        assert [job.status for job in run_due(until="2026-02-01")] == ["finished", "finished"]
