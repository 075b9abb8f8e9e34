"""The model of the outbox: what was committed, what has ended and how; and the writer that fills it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from doclife.core import clock
from doclife.outbox.rescue import Rescuer
from doclife.outbox.runs import PREFIX
from doclife.outbox.staging import StagedJob
from doclife.schema.tables import scheduled_job_log
from tests.contract.databases import fresh_engine
from tests.contract.outbox import Outbox, job

QUEUES = ("short", "default")
#: all jobs of this queue are a schedule's, and have a log
SCHEDULED = "short"


class Living:
    """Liveness as the machine says."""

    def __init__(self) -> None:
        self.workers: set[str] = set()
        #: what each worker was asked to cancel: id and fence
        self.questions: dict[str, dict[str, Any]] = {}

    def hold(self, worker: str) -> None: ...
    def let_go(self, worker: str) -> None: ...
    def beat(self, worker: str) -> bool:
        return True

    def dead(self, workers: Iterable[str]) -> set[str]:
        return set(workers) - self.workers

    def forget(self, worker: str) -> None: ...
    def ask(self, worker: str, request: dict[str, Any]) -> None:
        self.questions[worker] = request

    def asked(self, worker: str) -> dict[str, Any] | None:
        return self.questions.get(worker)

    def answer(self, worker: str, text: str) -> None: ...
    def answered(self, worker: str) -> str | None: ...


class WritingMachine(RuleBasedStateMachine):
    """One writer, and what is known of its jobs."""

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        engine = self.stack.enter_context(fresh_engine("sqlite", Path(folder)))
        self.outbox = Outbox(engine)
        self.unit = self.outbox.unit()
        self.living = Living()
        self.rescuer = Rescuer(self.outbox.database, self.outbox.broker, self.living, self.outbox.record_dead)
        #: staged, by frame
        self.frames: list[list[StagedJob]] = [[]]
        #: id -> key, of all that are committed and not dropped
        self.committed: dict[str, str | None] = {}
        self.ended: set[str] = set()
        self.dead: set[str] = set()
        self.cancelled: set[str] = set()
        self.pruned: set[str] = set()
        self.number = 0

    # -- the writer ------------------------------------------------------------------------------

    @rule(
        queue=st.sampled_from(QUEUES),
        key=st.sampled_from([None, None, "a", "b"]),
        late=st.booleans(),
        front=st.booleans(),
    )
    def stage(self, queue: str, key: str | None, late: bool, front: bool) -> None:
        run_at = clock.now() + timedelta(hours=1) if late else None
        label = f"{PREFIX}x" if queue == SCHEDULED else None
        staged = job(queue=queue, dedup_key=key, run_at=run_at, at_front=front, label=label)
        self.unit.stage(staged)
        self.frames[-1].append(staged)

    @precondition(lambda self: len(self.frames) == 1)
    @rule(queue=st.sampled_from(QUEUES), key=st.sampled_from([None, "a", "b"]), count=st.integers(1, 3))
    def enqueue(self, queue: str, key: str | None, count: int) -> None:
        for _ in range(count):
            self.stage(queue, key, late=False, front=False)
        self.commit("at once")

    @rule(writes=st.booleans())
    def open_savepoint(self, writes: bool) -> None:
        self.unit.push()
        self.frames.append([])
        if writes:
            self.unit.before_write()

    @precondition(lambda self: len(self.frames) > 1)
    @rule(fails=st.booleans())
    def close_savepoint(self, fails: bool) -> None:
        frame = self.unit.frames[-1]
        inner = self.frames.pop()
        if fails:
            self.unit.roll_back(frame)
            assert {each.state for each in inner} <= {"dropped"}
        else:
            self.unit.release(frame)
            self.frames[-1] += inner

    @precondition(lambda self: len(self.frames) == 1)
    @rule(released=st.sampled_from(["at once", "broker down", "writer dies"]))
    def commit(self, released: str) -> None:
        self.outbox.broker.down = released == "broker down"
        release, self.unit._release = self.unit._release, None if released == "writer dies" else self.unit._release
        self.unit.commit()
        self.unit._release, self.outbox.broker.down = release, False
        self._committed()

    def _committed(self) -> None:
        staged, self.frames = self.frames[0], [[]]
        taken = {key for id, key in self.committed.items() if key and id not in self.ended}
        for each in sorted(staged, key=lambda each: each.dedup_key or ""):
            if each.dedup_key in taken:
                assert each.state == "dropped"
                continue
            assert each.state == "queued"
            self.committed[each.id] = each.dedup_key
            if each.label:
                self._log(each)
            taken.add(each.dedup_key or "-")

    def _log(self, staged: StagedJob) -> None:
        log = {"name": staged.id, "scheduled_job_type": "x", "status": "scheduled", "due": clock.utc_now()}
        with self.outbox.database.transaction() as connection:
            connection.execute(scheduled_job_log.insert().values(log | {"creation": clock.now()}))

    @precondition(lambda self: len(self.frames) == 1)
    @rule()
    def roll_back(self) -> None:
        self.unit.rollback()
        self.frames = [[]]
