"""A short run of `make failover`, and what its examination would find."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.failover.check import Job, Left, Run, examine
from tests.integration.failover.run import Options, run
from tests.integration.failover.schedules import ENTRIES


@pytest.mark.slow
@pytest.mark.chaos
def test_a_short_run_misses_and_doubles_nothing(doclife_db_url, tmp_path):
    database = doclife_db_url.partition("+")[0].partition(":")[0] or "sqlite"
    result = run(
        Options(database=database, server=doclife_db_url, seed=3, duration=6, workers=1, schedulers=2), tmp_path
    )
    assert result.report.faults == []
    assert result.tracebacks == []
    assert result.kills >= 1
    assert result.report.done == result.report.runs >= 10


@pytest.mark.slow
@pytest.mark.chaos
def test_schedulers_that_all_believe_to_lead_start_nothing_twice(doclife_db_url, tmp_path):
    database = doclife_db_url.partition("+")[0].partition(":")[0] or "sqlite"
    options = Options(database=database, server=doclife_db_url, duration=8, workers=1, plant="everybody_leads")
    result = run(options, tmp_path)
    assert result.report.faults == []
    assert result.report.done == result.report.runs >= 10


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.one_database
def test_a_run_finds_a_planted_defect(tmp_path):
    options = Options(seed=3, duration=12, drain=15, workers=1, leads=(0.3, 1.0), plant="forgets_missed_runs")
    assert any("every 2 s, all did not run for" in fault for fault in run(options, tmp_path).report.missed)


# the examination: twenty seconds, from 1,000,000,000 on; nobody led from 4.5 s to 9.1 s

START = 1_000_000_000
TWO, FIVE, EACH_TICK = "every 2 s", "every 5 s", "each tick"


def _left():
    """What a healthy run leaves."""
    dues = {
        # worked by hand: from the first tick after the gap on, at 9.1 s, one of the missed each second
        f"{FIVE}, all": [(5, 9.1), (10, 10.1), (15, 15.1), (20, 20.1)],
        f"{FIVE}, once": [(5, 9.1), (10, 10.1), (15, 15.1), (20, 20.1)],
        f"{TWO}, all": [
            (2, 2.1), (4, 4.1), (6, 9.1), (8, 10.1), (10, 11.1), (12, 12.1), (14, 14.1), (16, 16.1), (18, 18.1),
            (20, 20.1),
        ],
        # 8 is coalesced with 6; at 14 the job of 12 was still running
        f"{TWO}, once": [(2, 2.1), (4, 4.1), (6, 9.1), (10, 10.1), (12, 12.1), (16, 16.1), (18, 18.1), (20, 20.1)],
        EACH_TICK: [(n, n + 0.1) for n in range(1, 21) if not 5 <= n <= 8],
    }  # fmt: skip
    left = Left(START, START + 20)
    for name, times in dues.items():
        left.runs[name] = [Run(START + due, START + started, f"{name} {due}") for due, started in times]
        for run_, (_, started) in zip(left.runs[name], times, strict=True):
            left.jobs[run_.job] = Job(name, "finished", START + started + 0.2)
            left.effects[run_.job] += 1
    left.jobs[f"{TWO}, once 12"].ended = START + 14.3
    return left


def _look(left):
    return examine([entry for entry in ENTRIES if entry.name in left.runs], left)


def test_the_examination_finds_nothing_where_nothing_is_wrong():
    report = _look(_left())
    assert report.faults == []
    # 4 + 4 + 10 + 10 + 20 times due; 4 + 4 + 10 + 8 + 16 runs
    assert (report.due, report.runs, report.done) == (48, 42, 42)
    assert (report.coalesced, report.overlapped, report.without_tick) == (1, 1, 4)


def _gone(name, due):
    def spoil(left):
        left.runs[name] = [run for run in left.runs[name] if run.job != f"{name} {due}"]
        del left.jobs[f"{name} {due}"], left.effects[f"{name} {due}"]

    return spoil


def _more(name, due, started):
    def spoil(left):
        id = f"{name} {due}, again"
        left.runs[name].append(Run(START + due, START + started, id))
        left.runs[name].sort(key=lambda run: run.due)
        left.jobs[id] = Job(name, "finished", START + started + 0.2)
        left.effects[id] += 1

    return spoil


def _job(name, due, **changes):
    def spoil(left):
        for key, value in changes.items():
            setattr(left.jobs[f"{name} {due}"], key, value)

    return spoil


def _effects(id, number):
    return lambda left: left.effects.update({id: number})


def _second_job(left):
    left.jobs["x"] = Job(EACH_TICK, "finished", START + 3)


FAULTS = {
    "a run of all is gone": ("missed", _gone(f"{TWO}, all", 8), "every 2 s, all did not run for 01:46:48"),
    "the last is gone": ("missed", _gone(f"{FIVE}, all", 20), "every 5 s, all did not run for 01:47:00"),
    "a run of once is gone": ("missed", _gone(f"{TWO}, once", 18), "every 2 s, once did not run for 01:46:58"),
    "the first of once is gone": ("missed", _gone(f"{FIVE}, once", 5), "every 5 s, once did not run for 01:46:45"),
    "the last of once is gone": ("missed", _gone(f"{FIVE}, once", 20), "every 5 s, once did not run for 01:47:00"),
    "it was not open": ("missed", _job(f"{TWO}, once", 12, ended=START + 13), "once did not run for 01:46:54"),
    "a job did not run": ("missed", _job(f"{TWO}, all", 8, status="queued"), "its job is queued"),
    "an effect is gone": ("missed", _effects(f"{TWO}, all 8", -1), "its job is finished and took effect 0 times"),
    "an effect twice": ("doubled", _effects(f"{TWO}, all 8", 1), "its job took effect 2 times"),
    "an effect from nowhere": ("doubled", _effects("y", 1), "job y took effect and is no run's"),
    "a job from nowhere": ("doubled", _second_job, "no run stands for job x of each tick"),
    "a time twice": ("doubled", _more(f"{FIVE}, all", 10, 10.9), "every 5 s, all ran 2 times for 01:46:50"),
    "a coalesced time": ("doubled", _more(f"{TWO}, once", 8, 9.9), "ran for 01:46:48, and was planned for 01:46:50"),
    "between two times": ("doubled", _more(f"{TWO}, all", 7, 9.9), "every 2 s, all ran for 01:46:47, when it was not"),
    "in the midst of a second": ("doubled", _more(f"{TWO}, once", 18.5, 19), "01:46:58.500000, and was planned for"),
    "a tick twice": ("doubled", _more(EACH_TICK, 12.4, 12.5), "each tick ran 2 times in 01:46:52"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_the_examination_finds_what_is_wrong(what):
    kind, spoil, expected = FAULTS[what]
    left = _left()
    spoil(left)
    left.effects = Counter({id: number for id, number in left.effects.items() if number})
    found = getattr(_look(left), kind)
    assert any(expected in fault for fault in found), found
