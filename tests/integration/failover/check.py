"""Whether each schedule has run once for each time it was due, from what a run has left in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa

from doclife.doctypes.notification_log import NotificationLog
from doclife.schema.tables import background_job, scheduled_job_run
from tests.integration.failover.schedules import Entry

#: seconds by which clocks and looks may differ: a tick that begins right before its second, the pause between two looks
SLACK_S = 0.25


@dataclass
class Run:
    """A run of a schedule, in seconds since 1970."""

    due: float
    #: when the tick that started it began
    started: float
    job: str


@dataclass
class Job:
    """A job of a schedule."""

    schedule: str
    status: str
    #: seconds since 1970; None: it has not ended
    ended: float | None


@dataclass
class Left:
    """What a run of the suite has left."""

    #: seconds since 1970 between which the schedules were to run
    start: float
    end: float
    runs: dict[str, list[Run]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    #: by job, how often it took effect
    effects: Counter[str] = field(default_factory=Counter)
    #: from when until when nobody led, as far as was seen
    gaps: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Report:
    """What was found; each fault is a sentence."""

    due: int = 0
    runs: int = 0
    done: int = 0
    #: times that one run stands for together, after nobody had led: catch_up "once"
    coalesced: int = 0
    #: times at which the last job of the schedule was open still
    overlapped: int = 0
    #: moments of the grid at which nobody ticked, because nobody led, or because a tick took longer than an interval
    without_tick: int = 0
    doubled: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """All that must not be."""
        return [*self.doubled, *self.missed]


def read(connection: sa.Connection, start: float, end: float, gaps: list[tuple[float, float]]) -> Left:
    """Returns what is in the database, once no job is open any more."""
    run, job, note = scheduled_job_run.c, background_job.c, NotificationLog.__table__.c
    left = Left(start, end, gaps=gaps)
    for row in connection.execute(sa.select(run.schedule, run.due, run.created_at, run.job).order_by(run.due)):
        left.runs.setdefault(row.schedule, []).append(Run(_seconds(row.due), _seconds(row.created_at), row.job))
    for row in connection.execute(sa.select(job.name, job.label, job.status, job.ended_at)):
        ended = None if row.ended_at is None else _seconds(row.ended_at)
        left.jobs[row.name] = Job(row.label.removeprefix("scheduled: "), row.status, ended)
    left.effects = Counter(connection.execute(sa.select(note.subject)).scalars())
    return left


def examine(entries: Iterable[Entry], left: Left) -> Report:
    """Compares what was left with when each schedule was due."""
    report = Report()
    for entry in entries:
        runs = [run for run in left.runs.get(entry.name, []) if run.due <= left.end]
        report.runs += len(runs)
        _jobs(entry, runs, left, report)
        if entry.is_all:
            _each_tick(entry, runs, left, report)
        elif entry.catch_up == "all":
            _each_time(entry, runs, left, report)
        else:
            _once(entry, runs, left, report)
    known = {run.job for runs in left.runs.values() for run in runs}
    report.doubled += [
        f"no run stands for job {id} of {job.schedule}" for id, job in left.jobs.items() if id not in known
    ]
    report.doubled += [f"job {id} took effect and is no run's" for id in left.effects if id not in known]
    return report


def _jobs(entry: Entry, runs: Sequence[Run], left: Left, report: Report) -> None:
    seen: set[str] = set()
    for run in runs:
        job, number, what = left.jobs.get(run.job), left.effects[run.job], f"{entry.name}, due at {_text(run.due)}"
        report.done += number > 0
        if job is None or job.status != "finished" or not number:
            status = "gone" if job is None else job.status
            report.missed.append(f"{what}: its job is {status} and took effect {number} times")
        if number > 1:
            report.doubled.append(f"{what}: its job took effect {number} times")
        if run.job in seen:
            report.doubled.append(f"{what}: its job is that of another run too")
        seen.add(run.job)


def _each_time(entry: Entry, runs: Sequence[Run], left: Left, report: Report) -> None:
    """Of a schedule that catches up with all: one run for each time."""
    expected, found = entry.between(left.start, left.end), Counter(run.due for run in runs)
    report.due += len(expected)
    report.missed += [f"{entry.name} did not run for {_text(each)}" for each in expected if not found[each]]
    report.doubled += [
        f"{entry.name} ran {number} times for {_text(each)}" for each, number in found.items() if number > 1
    ]
    report.doubled += [
        f"{entry.name} ran for {_text(each)}, when it was not due" for each in set(found) - set(expected)
    ]


def _once(entry: Entry, runs: Sequence[Run], left: Left, report: Report) -> None:
    """Of a schedule that catches up once: after each run, the first time that follows the tick which started it."""
    report.due += len(entry.between(left.start, left.end))
    planned, before = entry.after(left.start), None
    for run in [*runs, None]:
        due = left.end + 1 if run is None else run.due
        for second in entry.between(planned - 1, min(due - 1, left.end)):
            if _was_open(before, second, left):
                report.overlapped += 1
            else:
                report.missed.append(f"{entry.name} did not run for {_text(second)}")
        if run is None:
            break
        if due < planned:
            report.doubled.append(f"{entry.name} ran for {_text(due)}, and was planned for {_text(planned)}")
        elif not entry.matches(int(due)) or due != int(due):
            report.doubled.append(f"{entry.name} ran for {_text(due)}, when it was not due")
        report.coalesced += len(entry.between(due, min(run.started, left.end)))
        planned, before = entry.after(max(run.started, due)), run


def _each_tick(entry: Entry, runs: Sequence[Run], left: Left, report: Report) -> None:
    """Of a schedule that comes with each tick: one run for a moment of the grid, but where nobody ticked."""
    expected, found = entry.between(left.start, left.end), Counter(int(run.due) for run in runs)
    report.due += len(expected)
    report.doubled += [
        f"{entry.name} ran {number} times in {_text(each)}" for each, number in found.items() if number > 1
    ]
    before = None
    dues = {int(run.due): run for run in runs}
    for second in expected:
        if second in dues:
            before = dues[second]
        elif _was_open(before, second, left):
            report.overlapped += 1
        else:
            report.without_tick += 1


def _was_open(run: Run | None, second: int, left: Left) -> bool:
    """Tells whether the job of the run before was open still when its schedule was due again."""
    job = None if run is None else left.jobs.get(run.job)
    return job is not None and (job.ended is None or job.ended > second - SLACK_S)


def _seconds(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


def _text(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S.%f}".removesuffix(".000000")
