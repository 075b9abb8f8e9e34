"""Whether every committed job took effect once, nothing else did, and what came in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

import doclife
from doclife.core import json
from doclife.schema.tables import background_job
from doclife.site.runtime import Site
from tests.integration.chaos.bodies import DONE
from tests.integration.chaos.documents import ChaosEffect, ChaosOrder, ChaosSum
from tests.integration.chaos.journal import Told
from tests.integration.chaos.plan import PlannedJob

#: follow-ups by the name of their method, and what they add to the key of the job they follow
FOLLOW_UPS = {"succeeded": "/success", "gave_up": "/failure"}
#: dead after so many deaths of workers
MAX_KILLS = 3
OPEN = ("queued", "started")
ENDED = ("finished", "failed", "cancelled")


@dataclass
class Report:
    """What was found; each fault is a sentence."""

    committed: int = 0
    run: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)
    #: jobs whose workers died
    rescued: int = 0
    #: jobs that were given up because their workers died three times
    dead: int = 0
    cancelled: int = 0
    dropped: int = 0
    #: transactions, and how they ended
    transactions: Counter[str] = field(default_factory=Counter)
    #: what was enqueued by transactions and savepoints that were undone
    undone: int = 0
    #: runs of the first part of jobs that commit midway, beyond one each
    repeated_first_parts: int = 0
    #: seconds from the time at which a job could run to the start of the run that ended it
    longest_delay: float = 0
    #: the jobs that waited longest: seconds, and which
    slowest: list[tuple[float, str]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> list[str]:
        """All that must not be."""
        return [*self.lost, *self.doubled, *self.ghosts]


def examine(site: Site, told: dict[str, Told]) -> Report:
    """Compares what writers have told with what is in the database, once no job is open any more."""
    with site.database.reading() as connection:
        report = _Examination(connection, told).report()
    with site.work():
        acted_on = [job.key for one in told.values() for job, _ in one.plan.jobs() if job.kind == "action"]
        for order in doclife.get_docs(ChaosOrder, {"name": ["in", acted_on]}):
            if order.is_locked:
                report.lost.append(f"the document {order.name} is locked although its job has ended")
    return report


class _Examination:
    def __init__(self, connection: sa.Connection, told: dict[str, Told]) -> None:
        self.told = told
        self.result = Report()
        #: how many jobs have added to each sum, and the runs of jobs with each key
        self.added: Counter[str] = Counter()
        self.unique: dict[str, list[tuple[datetime, datetime, str]]] = {}
        order, effect, total = ChaosOrder.__table__.c, ChaosEffect.__table__.c, ChaosSum.__table__.c
        #: how often the job of each was done that acts on it
        self.documents = dict(connection.execute(sa.select(order.name, order.closed)).all())
        self.effects: dict[str, Counter[str]] = {}
        for of, part in connection.execute(sa.select(effect.of, effect.part)):
            self.effects.setdefault(of, Counter())[part] += 1
        self.sums = dict(connection.execute(sa.select(total.name, total.total)).all())
        self.rows: dict[str, list[Any]] = {}
        for row in connection.execute(sa.select(background_job)).mappings():
            self.rows.setdefault(_key(row), []).append(row)

    def report(self) -> Report:
        self._planned()
        self._left_over()
        self._sums()
        self._one_at_a_time()
        return self.result

    def _planned(self) -> None:
        for tag, one in self.told.items():
            self.result.transactions[one.outcome or "killed"] += 1
            is_there = one.plan.frame.document in self.documents
            if one.outcome == "committed" and not is_there:
                self.result.lost.append(f"the transaction {tag} was committed, and its document is not there")
            if one.outcome == "rolled back" and is_there:
                self.result.ghosts.append(f"the transaction {tag} was rolled back, and its document is there")
            for job, documents in one.plan.jobs():
                self._call(one, job, documents)

    def _call(self, one: Told, job: PlannedJob, documents: list[str]) -> None:
        """Looks at what came of one call of enqueue."""
        rows, known = self.rows.pop(job.key, []), one.outcome not in ("", "error")
        if not set(documents) <= set(self.documents):
            self.result.undone += 1
            self._must_not_be(job.key, rows, "was enqueued by what was undone")
        elif job.key in one.dropped:
            self.result.dropped += 1
            self._must_not_be(job.key, rows, "was dropped as a duplicate")
        elif rows:
            self._job(job, rows, one)
        elif known or (not job.apart and not job.unique):
            # Unknown is whether a duplicate was dropped, or what is written apart was written, if nobody lived to tell.
            self.result.committed += 1
            self.result.lost.append(f"{_name(job)} was committed, and has no row")

    def _must_not_be(self, key: str, rows: list[Any], why: str) -> None:
        if rows:
            self.result.ghosts.append(f"{key} {why}, and is {rows[0]['status']}")
        if effects := self.effects.pop(key, None):
            self.result.ghosts.append(f"{key} {why}, and has left {dict(effects)}")

    def _job(self, job: PlannedJob, rows: list[Any], one: Told | None) -> None:
        """Looks at a job that has a row."""
        result, name, row = self.result, _name(job), rows[0]
        effects = self.effects.pop(job.key, Counter())
        result.committed += 1
        result.kinds[job.kind] += 1
        result.rescued += row["kills"] > 0
        if len(rows) > 1:
            result.doubled.append(f"{name} has {len(rows)} rows")
        self._ended(job, row, effects, one)
        for part, number in effects.items():
            if number > 1 and not (job.kind == "midway" and part == "first"):
                result.doubled.append(f"{name} has left {part!r} {number} times")
        if job.kind == "midway" and effects["first"] > 1:
            result.repeated_first_parts += effects["first"] - 1
            if effects["first"] > row["fence"]:  # not its attempts: one that was given back does not count
                result.doubled.append(f"{name} has left 'first' {effects['first']} times in {row['fence']} claims")
        if job.kind in ("add", "locked"):
            self.added[job.kwargs["to"]] += effects[DONE]
        if job.kind == "action" and self.documents.get(job.key) != effects[DONE]:
            found = self.documents.get(job.key)
            result.doubled.append(f"{name} has left {effects[DONE]} effects, and its document says {found}")
        if job.unique and row["started_at"] is not None and row["ended_at"] is not None:
            self.unique.setdefault(job.unique, []).append((row["started_at"], row["ended_at"], name))
        self._delay(job, row)
        self._followers(job, row, effects)

    def _ended(self, job: PlannedJob, row: Any, effects: Counter[str], one: Told | None) -> None:
        result, name, status = self.result, _name(job), row["status"]
        wanted = set(parts_of(job))
        said = "" if one is None else one.cancelled.get(job.key, "")
        if said in ENDED and status != said:
            result.ghosts.append(f"{name} was said to be {said}, and is {status}")
        kept = {part for part, number in effects.items() if number}
        story = f"attempt {row['attempt']}, {row['kills']} kills, error: {(row['error'] or '-').strip()[-300:]}"
        if status == "finished" and job.kind != "failing":
            if missing := wanted - kept:
                result.lost.append(f"{name} is finished without {sorted(missing)} ({story})")
            else:
                result.run += 1
            if more := kept - wanted:
                result.ghosts.append(f"{name} has left {sorted(more)}, which it had undone")
            return
        if DONE in kept or "ghost" in kept:
            result.ghosts.append(f"{name} is {status} and has left {sorted(kept)} ({story})")
        if status == "failed" and job.kind == "failing" and "it was to fail" in (row["error"] or ""):
            result.run += 1
        elif status == "failed" and row["kills"] >= MAX_KILLS:
            result.dead += 1
        elif status == "cancelled" and one is not None and job.key in one.cancelled:
            result.cancelled += 1
        else:
            result.lost.append(f"{name} is {status} ({story})")

    def _followers(self, job: PlannedJob, row: Any, effects: Counter[str]) -> None:
        """Looks at the jobs that this one has enqueued, which are there exactly when its end is."""
        followers = []
        if job.kind == "chain":
            left = job.kwargs["left"]
            child = PlannedJob(
                key=f"{job.key}>", kind="chain", method="chain", kwargs={"left": left - 1}, queue="default"
            )
            followers.append((child, bool(effects[DONE]) and left > 0))
        if job.followed:
            for status, end in (("finished", "/success"), ("failed", "/failure")):
                follow_up = PlannedJob(key=job.key + end, kind="follow-up", method="", kwargs={}, queue=job.queue)
                followers.append((follow_up, row["status"] == status))
        for follower, is_due in followers:
            rows = self.rows.pop(follower.key, [])
            if not is_due:
                self._must_not_be(follower.key, rows, f"follows {job.key}, which has not come so far")
            elif rows:
                self._job(follower, rows, None)
            else:
                self.result.committed += 1
                self.result.lost.append(f"{_name(follower)} follows {job.key}, which has ended, and has no row")

    def _delay(self, job: PlannedJob, row: Any) -> None:
        # the id holds the time of the call, by whose clock the delay was counted
        called = datetime.fromtimestamp((UUID(row["name"]).int >> 80) / 1000, UTC).replace(tzinfo=None)
        started, due = row["started_at"], max(row["enqueued_at"], called + timedelta(seconds=job.delay))
        if started is None:
            return
        early = (due - started).total_seconds()
        if job.delay and early > 0.5:  # the writer has asked the clock a little before enqueue did
            self.result.ghosts.append(f"{_name(job)} ran {early:.1f} s too early")
        if not row["exceptions"] and not row["conflicts"]:
            self.result.longest_delay = max(self.result.longest_delay, -early)
            told = (
                f"{_name(job)} on {row['queue']}, due at {due:%H:%M:%S}, attempt {row['attempt']}, {row['kills']} kills"
            )
            self.result.slowest = sorted([*self.result.slowest, (-early, told)], reverse=True)[:5]

    def _left_over(self) -> None:
        for key, rows in self.rows.items():
            self.result.ghosts.append(f"nobody has enqueued {key}, which is {rows[0]['status']}")
        for key, effects in self.effects.items():
            self.result.ghosts.append(f"nobody has enqueued {key}, which has left {dict(effects)}")
        unplanned = set(self.documents) - {
            document for one in self.told.values() for document in _documents(one.plan.frame)
        }
        self.result.ghosts += [f"nobody has planned the document {name}" for name in sorted(unplanned)]

    def _sums(self) -> None:
        """Each sum says how many jobs have added to it, whose rows were counted above."""
        for name, total in self.sums.items():
            added = self.added.get(name, 0)
            if total != added:
                where = self.result.lost if total < added else self.result.doubled
                where.append(f"the sum {name} is {total}, and {added} jobs have added to it")

    def _one_at_a_time(self) -> None:
        """Of jobs with the same key one had ended before the next one began."""
        for key, runs in self.unique.items():
            last: tuple[datetime, str] | None = None
            for started, ended, name in sorted(runs):
                if last is not None and started < last[0]:
                    self.result.doubled.append(f"{name} with the key {key} ran before {last[1]} had ended")
                last = (ended, name)


def parts_of(job: PlannedJob) -> Iterable[str]:
    """Returns what a job leaves that comes to its end."""
    if job.kind == "failing":
        return ()
    if job.kind == "steps":
        return (*(f"row {n}" for n in range(job.kwargs["rows"])), DONE)
    return ("first", DONE) if job.kind == "midway" else (DONE,)


def _key(row: Any) -> str:
    method = row["method"].rpartition(".")[2]
    kwargs = json.unpack(row["kwargs"])
    if method in FOLLOW_UPS:
        return kwargs["kwargs"]["key"] + FOLLOW_UPS[method]
    return kwargs["arguments"]["key"] if "arguments" in kwargs else kwargs["key"]


def _documents(frame: Any) -> list[str]:
    acted_on = (job.key for job in frame.jobs if job.kind == "action")
    return [frame.document, *acted_on, *(document for inside in frame.inside for document in _documents(inside))]


def _name(job: PlannedJob) -> str:
    return f"{job.kind} {job.key}"
