"""Crash windows 21 and 22: the scheduler that leads dies in a tick, or stands still and wakes beside another one."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from doclife.core import clock
from doclife.outbox.leases import LEASE_S
from doclife.schema.tables import scheduled_job_run, scheduled_job_type
from doclife.worker.scheduler import SchedulerLoop
from tests.integration.windows import bodies

pytestmark = pytest.mark.chaos

NAMES = ["first", "second"]

#: where it dies, and how many schedules it has started by then. The first COMMIT is that of its lease.
POINTS = {
    "between-job-and-run": ({"statement": "INSERT INTO .tabScheduled Job Run", "when": "before"}, 0),
    "between-run-and-commit": ({"commit": True, "when": "before", "nth": 2}, 0),
    "after-the-commit": ({"commit": True, "when": "after", "nth": 2}, 1),
    "before-the-release": ({"call": "doclife.site.runtime:Site.release", "when": "before"}, 1),
    "between-two-schedules": ({"call": "doclife.site.runtime:Site.release", "when": "after"}, 1),
    "in-the-second": ({"statement": "INSERT INTO .tabScheduled Job Run", "when": "after", "nth": 2}, 1),
    "before-the-tick-is-noted": ({"call": "doclife.worker.scheduler:note", "when": "before"}, 2),
}
FAST = ("between-run-and-commit", "before-the-release")


@pytest.fixture(autouse=True)
def _schedules(scene):
    now = clock.utc_now()
    rows = [
        {"name": name, "app": "doclife", "method": f"{bodies.__name__}.leave", "frequency": "yearly", "entry": n + 1}
        | {"queue": "default", "server_script": "x", "next_execution": now - timedelta(seconds=2 - n)}
        for n, name in enumerate(NAMES)
    ]
    with scene.site.database.transaction() as connection:
        connection.execute(scheduled_job_type.insert(), rows)


def _runs(scene):
    """Returns the schedules that have a run, after a look whether each has its job and its next time."""
    run, kind = scheduled_job_run.c, scheduled_job_type.c
    with scene.site.database.reading() as connection:
        runs = connection.execute(sa.select(run.schedule, run.job).order_by(run.schedule)).all()
        soon = clock.utc_now() + timedelta(minutes=5)
        waits = sa.select(kind.name).where(kind.name.in_(NAMES), kind.next_execution < soon)
        waiting = list(connection.execute(waits).scalars())
    assert sorted(job.name for job in scene.jobs()) == sorted(row.job for row in runs)
    names = [row.schedule for row in runs]
    assert sorted(names + waiting) == NAMES
    return names


@pytest.mark.parametrize(
    "where", [pytest.param(each, marks=[] if each in FAST else pytest.mark.slow) for each in POINTS]
)
def test_21_a_scheduler_that_dies_in_a_tick_leaves_nothing_half_done_and_the_next_goes_on(scene, where):
    point, started = POINTS[where]
    scene.kill("tick", **point)
    assert _runs(scene) == NAMES[:started]
    other = SchedulerLoop(scene.site)
    other.round()  # it does not lead yet
    assert _runs(scene) == NAMES[:started]
    with clock.travel(by=timedelta(seconds=LEASE_S + 1)):
        other.round()
    assert _runs(scene) == NAMES
    scene.relay().round()  # for what was committed and not released
    assert scene.drain() == 2
    assert scene.notes == ["run", "run"]


@pytest.mark.parametrize("where", ["between-two-schedules", pytest.param("in-the-second", marks=pytest.mark.slow)])
def test_22_a_scheduler_that_wakes_beside_another_one_starts_nothing_twice(scene, where):
    point, _ = POINTS[where]
    scene.stop("tick", **point)
    with clock.travel(by=timedelta(seconds=LEASE_S + 1)):
        if where == "in-the-second" and scene.site.database.dialect == "sqlite":
            scene.go_on()  # SQLite's only writer stands still
        SchedulerLoop(scene.site).round()
    if not (where == "in-the-second" and scene.site.database.dialect == "sqlite"):
        scene.go_on()
    assert _runs(scene) == NAMES
    scene.relay().round()
    assert scene.drain() == 2
    assert scene.notes == ["run", "run"]
