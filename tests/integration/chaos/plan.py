"""What a writer does in one transaction, drawn from a seed and kept as plain data."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from tests.integration.chaos.documents import LOCKED

#: kinds of jobs, and how often they come
KINDS = {
    "note": 6, "slow": 7, "add": 3, "locked": 2, "action": 2, "chain": 2, "midway": 2, "steps": 3,
    "flaky": 2, "failing": 1, "unique": 2,
}  # fmt: skip
QUEUES = ("default", "default", "short", "long", "bulk")
#: keys that jobs compete for
UNIQUE = 4


class PlannedJob(msgspec.Struct, kw_only=True):
    """One call of enqueue."""

    key: str
    kind: str
    #: name of the method in bodies.py; of an action it is the document's, which has the key for its name
    method: str
    kwargs: dict[str, Any]
    queue: str
    at_front: bool = False
    #: seconds after the call; 0: at once
    delay: float = 0
    #: whether it is queued however the transaction ends
    apart: bool = False
    #: key for deduplication, or ""
    unique: str = ""
    #: runs after exceptions
    retry: int = 0
    #: whether it has follow-ups
    followed: bool = False
    #: whether it is cancelled after the commit
    cancel: bool = False


class Frame(msgspec.Struct, kw_only=True):
    """The transaction itself, or a savepoint in it."""

    #: name of the document that it inserts
    document: str
    jobs: list[PlannedJob]
    #: whether it is undone
    undone: bool = False
    inside: list[Frame] = []


class PlannedTransaction(msgspec.Struct, kw_only=True):
    """One transaction."""

    tag: str
    frame: Frame
    #: commit, roll back, or raise
    ends: str

    def jobs(self) -> list[tuple[PlannedJob, list[str]]]:
        """Returns all calls, each with the documents that must be there for it to be."""
        return list(_jobs(self.frame, []))


def _jobs(frame: Frame, outer: list[str]) -> Any:
    documents = [*outer, frame.document]
    for job in frame.jobs:
        yield job, [] if job.apart else documents
    for inside in frame.inside:
        yield from _jobs(inside, documents)


def transaction_of(data: Any) -> PlannedTransaction:
    """Returns the transaction of its plain data."""
    return msgspec.convert(data, PlannedTransaction)


def draw(tag: str, kinds: dict[str, int] | None = None) -> PlannedTransaction:
    """Returns the transaction of a tag, which is all of its seed."""
    return _Drawer(tag, kinds or KINDS).transaction()


class _Drawer:
    def __init__(self, tag: str, kinds: dict[str, int]) -> None:
        self.tag = tag
        self.random = random.Random(tag)
        self.kinds, self.weights = list(kinds), list(kinds.values())
        self.frames = 0
        self.calls = 0

    def transaction(self) -> PlannedTransaction:
        ends = self.random.choices(["commit", "roll back", "raise"], [16, 3, 2])[0]
        return PlannedTransaction(tag=self.tag, frame=self.frame(0), ends=ends)

    def frame(self, depth: int) -> Frame:
        drawn = self.random
        self.frames += 1
        return Frame(
            document=f"{self.tag}.{self.frames}",
            jobs=[self.job() for _ in range(drawn.choice([0, 1, 1, 2, 4] if depth == 0 else [0, 1, 2]))],
            undone=depth > 0 and drawn.random() < 0.4,
            inside=[self.frame(depth + 1) for _ in range(drawn.choice([0, 0, 1, 2]))] if depth < 2 else [],
        )

    def job(self) -> PlannedJob:
        drawn = self.random
        kind = drawn.choices(self.kinds, self.weights)[0]
        self.calls += 1
        job = PlannedJob(
            key=f"{self.tag}-{self.calls}", kind=kind, method=kind, kwargs={}, queue=drawn.choice(QUEUES),
            at_front=drawn.random() < 0.1,
            delay=round(drawn.uniform(1, 3), 3) if drawn.random() < 0.08 else 0,
            apart=drawn.random() < 0.07,
            followed=drawn.random() < 0.1,
            cancel=drawn.random() < 0.03,
        )  # fmt: skip
        getattr(self, f"_{kind}", lambda job: None)(job)
        job.kwargs["key"] = job.key
        return job

    def _slow(self, job: PlannedJob) -> None:
        job.kwargs = {"before": round(self.random.uniform(0, 0.8), 3), "after": round(self.random.uniform(0, 0.15), 3)}

    def _add(self, job: PlannedJob) -> None:
        job.kwargs = {"to": self.random.choice("ABC")}

    def _locked(self, job: PlannedJob) -> None:
        job.kwargs = {"to": LOCKED}
        job.retry = 8  # the lock was not had in time: its holder stands still

    def _action(self, job: PlannedJob) -> None:
        job.apart = job.followed = False

    def _chain(self, job: PlannedJob) -> None:
        job.kwargs = {"left": self.random.randint(1, 4)}

    def _steps(self, job: PlannedJob) -> None:
        job.kwargs = {"rows": self.random.randint(3, 12), "stride": self.random.randint(1, 4)}

    def _flaky(self, job: PlannedJob) -> None:
        job.kwargs = {"fails": self.random.randint(1, 2), "politely": self.random.random() < 0.5}
        job.retry = 4

    def _failing(self, job: PlannedJob) -> None:
        job.retry = self.random.choice([0, 0, 1])

    def _unique(self, job: PlannedJob) -> None:
        job.method, job.unique, job.apart = "slow", f"unique {self.random.randrange(UNIQUE)}", False
        self._slow(job)
