"""The growth rows of design 17: the same work where there is ten times as much, side by side.

Flat is a ratio of 1. What looks into a tree grows with the logarithm: from 1,000 to 10,000 by 4/3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from time import perf_counter

from benchmarks.doctypes.bench_invoice import BenchEntry
from benchmarks.documents import bench_site, fire_chain
from benchmarks.harness import Measure, Timed
from doclife.jobs.enqueue import enqueue
from doclife.model.bulk import insert_many
from doclife.outbox.claim import claim
from doclife.query.lists import get_list
from doclife.site.runtime import Site

#: documents of one group, so many a list finds
GROUP = 10


def _filled(site: Site, amount: int) -> Site:
    """Stores documents and waiting jobs, `amount` of each."""
    with site.work():
        insert_many([BenchEntry(title="entry", category=f"group {n // GROUP}") for n in range(amount)])
        for number in range(amount):
            enqueue("benchmarks.bodies.noop", number=number)
    return site


def _inserts(site: Site) -> Timed:
    def way(count: int) -> float:
        with site.work():
            BenchEntry(title="first write").insert()
            begun = perf_counter()
            for n in range(count):
                BenchEntry(title="entry", category=f"more {n // GROUP}").insert()
            return perf_counter() - begun

    return way


def _lists(site: Site, amount: int) -> Timed:
    def way(count: int) -> float:
        with site.work():
            begun = perf_counter()
            for n in range(count):
                found = get_list("Bench Entry", filters={"category": f"group {n * 7 % (amount // GROUP)}"})
                assert len(found) == GROUP
            return perf_counter() - begun

    return way


def _enqueues(site: Site, jobs: int) -> Timed:
    """A transaction of jobs, committed and released."""

    def way(count: int) -> float:
        begun = perf_counter()
        for _ in range(count):
            with site.work():
                for number in range(jobs):
                    enqueue("benchmarks.bodies.noop", number=number)
        return (perf_counter() - begun) / jobs

    return way


def _claims(site: Site) -> Timed:
    """Claims of jobs by their ids, each a transaction of its own."""

    def way(count: int) -> float:
        with site.work():
            jobs = [enqueue("benchmarks.bodies.noop", number=number) for number in range(count)]
        begun = perf_counter()
        for job in jobs:
            assert claim(site.database, job.id, "bench") is not None
        return perf_counter() - begun

    return way


def dispatch(site: Site, *, quick: bool) -> Measure:
    """Returns what a handler costs where an event has ten times as many; no database has a part in it."""

    def way(handlers: int) -> Timed:
        def per_handler(count: int) -> float:
            with site.work() as context:
                return fire_chain(context, handlers, count) / handlers

        return per_handler

    count = 200 if quick else 2_000
    return Measure("dispatch to 100 handlers, per handler", way(100), {"to 10": (way(10), limit(10))}, count)


def limit(small: int) -> float:
    """Returns what grows with the logarithm when `small` grows tenfold; of the few handlers at most flat."""
    return round(math.log(small * 10) / math.log(small), 2) if small > 10 else 1.1


def measures(stack: ExitStack, database: str, *, quick: bool) -> Iterator[Measure]:
    """Yields the measures on two sites, one of which has ten times as much; `stack` ends them."""
    small, count = (200, 10) if quick else (1_000, 30)
    few = _filled(stack.enter_context(bench_site(database)), small)
    many = _filled(stack.enter_context(bench_site(database)), small * 10)
    where, factor = f"{small:,}", limit(small)
    yield Measure(f"insert, {small * 10:,} stored", _inserts(many), {where: (_inserts(few), factor)}, count)
    yield Measure(
        f"get_list by index, {small * 10:,} stored",
        _lists(many, small * 10),
        {where: (_lists(few, small), factor)},
        count,
    )
    jobs = 100
    yield Measure(
        f"enqueue, {small * 10:,} waiting",
        _enqueues(many, jobs),
        {where: (_enqueues(few, jobs), factor)},
        1,
    )
    yield Measure(f"claim, {small * 10:,} waiting", _claims(many), {where: (_claims(few), factor)}, count)
