"""The tick of the scheduler: what it costs beside ten times as many schedules, and what each one that is due costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from time import perf_counter

from sqlalchemy import delete, insert, update

from benchmarks.documents import bench_site
from benchmarks.growth import limit
from benchmarks.harness import Measure, Timed
from benchmarks.statements import counted, is_control
from doclife.core import clock
from doclife.jobs.enqueue import enqueue
from doclife.scheduler.tick import tick
from doclife.schema.tables import background_job, scheduled_job_run, scheduled_job_type
from doclife.site.runtime import Site

FAR = datetime(2999, 1, 1)
#: one schedule of so many is due
DUE = 20


def _filled(site: Site, amount: int) -> Site:
    """Stores schedules of which none is due."""
    schedules = [
        {"name": f"schedule {n}", "app": "benchmarks", "method": "benchmarks.bodies.noop", "entry": n + 1}
        | {"frequency": "daily", "queue": "default", "next_execution": FAR, "server_script": "x"}
        for n in range(amount)
    ]
    with site.database.transaction() as connection:
        connection.execute(delete(scheduled_job_type))
        connection.execute(insert(scheduled_job_type), schedules)
    return site


def _make_due(site: Site, names: list[str]) -> None:
    """Makes schedules due; what earlier ticks have left is gone."""
    kind = scheduled_job_type
    with site.database.transaction() as connection:
        for table in (background_job, scheduled_job_run):
            connection.execute(delete(table))
        past = clock.utc_now() - timedelta(seconds=1)
        connection.execute(update(kind).where(kind.c.name.in_(names)).values(next_execution=past))


def _idle(site: Site) -> Timed:
    def way(count: int) -> float:
        begun = perf_counter()
        for _ in range(count):
            assert not tick(site).fired
        return perf_counter() - begun

    return way


def _busy(site: Site, amount: int) -> Timed:
    """Ticks in which one schedule of twenty is due; the seconds of each of these."""
    names = [f"schedule {n}" for n in range(0, amount, DUE)]

    def way(count: int) -> float:
        seconds = 0.0
        for _ in range(count):
            _make_due(site, names)
            begun = perf_counter()
            assert len(tick(site).fired) == len(names)
            seconds += perf_counter() - begun
        return seconds / len(names)

    return way


def _enqueues(site: Site, jobs: int) -> Timed:
    """As many jobs as schedules are due, each in a transaction of its own."""

    def way(count: int) -> float:
        begun = perf_counter()
        for _ in range(count):
            for _ in range(jobs):
                with site.work():
                    enqueue("benchmarks.bodies.noop")
        return (perf_counter() - begun) / jobs

    return way


def measures(stack: ExitStack, database: str, *, quick: bool) -> Iterator[Measure]:
    """Yields the measures on two sites, one of which has ten times as many schedules; `stack` ends them."""
    small = 200 if quick else 1_000
    few = _filled(stack.enter_context(bench_site(database)), small)
    many = _filled(stack.enter_context(bench_site(database)), small * 10)
    where, factor = f"{small:,}", limit(small)
    yield Measure(f"tick, {small * 10:,} schedules, none due", _idle(many), {where: (_idle(few), factor)}, 30)
    yield Measure(
        f"tick, {small * 10:,} schedules, 5 % due, per schedule",
        _busy(many, small * 10),
        {where: (_busy(few, small), factor), "enqueue in its own transaction": (_enqueues(few, small // DUE), 0)},
        1,
        rounds=5,
    )


def statements(site: Site) -> list[tuple[str, int | None, int, int]]:
    """Returns for a tick its budget, the statements it sent, and those of transaction control among them.

    A schedule that is due is what a tick with two of them sends more than one with one.
    """
    _filled(site, 100)
    found = []
    for due in range(3):
        _make_due(site, [f"schedule {n}" for n in range(due)])
        with counted(site) as sent:
            assert len(tick(site).fired) == due
        control = sum(1 for each in sent if is_control(each))
        found.append((len(sent) - control, control))
    more = tuple(second - first for first, second in zip(found[1], found[2], strict=True))
    return [("tick, none due", 1, *found[0]), ("each schedule that is due", None, *more)]
