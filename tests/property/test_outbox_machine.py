"""The outbox against a plain model: whatever order things happen in, no job is lost, doubled or a ghost.

Writers stage jobs in frames that commit or do not; workers claim, finish, fail, die, and wake up
again after others took their jobs; somebody cancels; time passes; the broker repeats, loses and
refuses; the relay mends and prunes. At the end everything is drained, and each job that was committed
and neither failed nor was cancelled has left exactly one effect.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, invariant, precondition, rule
from sqlalchemy import select

from doclife.core import clock
from doclife.core.errors import BrokerUnavailable
from doclife.outbox import complete
from doclife.outbox.cancel import cancel
from doclife.outbox.claim import ClaimedJob, claim, claim_next
from doclife.outbox.complete import LeaseLost
from doclife.outbox.delivery import Reconciler, release_due
from doclife.outbox.prune import prune
from doclife.queue.protocol import Ticket
from doclife.schema.tables import background_job, scheduled_job_log
from tests.property.outbox_writers import QUEUES, WritingMachine

_job, _log = background_job.c, scheduled_job_log.c

#: a job's status, as its log says it
LOGGED = {
    "queued": "scheduled",
    "started": "started",
    "finished": "complete",
    "failed": "failed",
    "cancelled": "cancelled",
}

#: what a worker claimed, if anything, and its name
Taken = tuple[ClaimedJob | None, str]


class OutboxMachine(WritingMachine):
    """One writer, any number of workers, one relay."""

    claims = Bundle("claims")

    # -- workers ---------------------------------------------------------------------------------

    @precondition(lambda self: not self.unit.link.writing and set(self.committed) - self.ended)
    @rule(target=claims, polls=st.booleans())
    def take(self, polls: bool) -> Taken:
        return self._take(polls)

    @precondition(lambda self: not self.unit.link.writing)
    @rule(taken=claims, target=claims, goes_on=st.booleans())
    def take_over(self, taken: Taken, goes_on: bool) -> Taken:
        """Another worker gets the job of one that is thought dead, and that may still go on."""
        self.living.workers.discard(taken[1])
        self.rescue()
        if goes_on:
            self.living.workers.add(taken[1])
        return self._take(polls=False)

    @precondition(lambda self: not self.unit.link.writing and self.committed)
    @rule(target=claims, data=st.data())
    def take_again(self, data: st.DataObject) -> Taken:
        """An id is delivered again, whatever has become of its job."""
        self.deliver_again(data)
        return self._take(polls=False)

    def _take(self, polls: bool) -> Taken:
        self.number += 1
        worker = f"w{self.number}"
        self.living.workers.add(worker)
        if polls:
            return claim_next(self.outbox.database, QUEUES, worker), worker
        id = self.outbox.broker.pop(QUEUES, worker)
        claimed = None if id is None else claim(self.outbox.database, id, worker)
        if id is not None and claimed is None:
            self.outbox.broker.done(id, worker)
        return claimed, worker

    @precondition(lambda self: not self.unit.link.writing)
    @rule(taken=consumes(claims), commits_midway=st.booleans())
    def finish(self, taken: Taken, commits_midway: bool) -> None:
        self._finish(taken, commits_midway)

    def _finish(self, taken: Taken, commits_midway: bool = False) -> None:
        claimed, worker = taken
        if claimed is None:
            return
        mine = self._is_mine(taken)
        unit = self.outbox.unit()
        try:
            if commits_midway:
                unit.fence = lambda link: complete.verify(link, claimed, writing=link.writing)
                unit.commit()
            unit.before_write()
            unit.link.execute(self.outbox.effects.insert().values(key=claimed.id))
            unit.fence = lambda link: complete.finish(link, claimed, None)
            unit.commit()
        except LeaseLost:
            assert not mine
        else:
            assert mine
            self.ended.add(claimed.id)
        unit.close()
        self._done(claimed, worker)

    @precondition(lambda self: not self.unit.link.writing)
    @rule(taken=consumes(claims), how=st.sampled_from(["back", "retry", "later"]))
    def queue_again(self, taken: Taken, how: str) -> None:
        claimed, worker = taken
        if claimed is None:
            return
        mine = self._is_mine(taken)
        with self.outbox.database.transaction() as connection:
            if how == "back":
                was = complete.give_back(connection, claimed)
            else:
                was = complete.requeue(connection, claimed, error="again", after_s=3600 if how == "later" else 0)
        assert was == mine
        if was and how != "later":
            self.outbox.broker.release([Ticket(claimed.id, claimed.queue)])
        self._done(claimed, worker)

    @precondition(lambda self: not self.unit.link.writing)
    @rule(taken=consumes(claims))
    def fail(self, taken: Taken) -> None:
        claimed, worker = taken
        if claimed is None:
            return
        mine = self._is_mine(taken)
        with self.outbox.database.transaction() as connection:
            assert complete.fail(connection, claimed, "no") == mine
        if mine:
            self.ended.add(claimed.id)
            self.dead.add(claimed.id)
        self._done(claimed, worker)

    @rule(taken=consumes(claims), target=claims)
    def freeze(self, taken: Taken) -> Taken:
        """A worker that is thought dead; it may still go on later, or never."""
        self.living.workers.discard(taken[1])
        return taken

    @rule(taken=consumes(claims))
    def kill(self, taken: Taken) -> None:
        self.living.workers.discard(taken[1])

    def _is_mine(self, taken: Taken) -> bool:
        """Tells by the worker's name, which the fence must agree with."""
        claimed, worker = taken
        assert claimed is not None
        if claimed.id in self.pruned:
            return False
        row = self.outbox.row(claimed.id)
        return bool(row.status == "started" and row.worker == worker)

    def _done(self, claimed: ClaimedJob, worker: str) -> None:
        self.outbox.broker.done(claimed.id, worker)

    # -- whoever cancels -------------------------------------------------------------------------

    @precondition(lambda self: not self.unit.link.writing and set(self.committed) - self.ended)
    @rule(data=st.data(), broker_down=st.booleans())
    def cancel(self, data: st.DataObject, broker_down: bool) -> None:
        self._cancel(data.draw(st.sampled_from(sorted(set(self.committed) - self.ended))), broker_down)

    @precondition(lambda self: not self.unit.link.writing)
    @rule(taken=consumes(claims))
    def cancel_and_die(self, taken: Taken) -> None:
        """A worker dies before it has done what it was asked to do."""
        claimed, worker = taken
        if claimed is not None and claimed.id not in self.ended:
            self._cancel(claimed.id, broker_down=False)
            self.living.workers.discard(worker)
            self.rescue()

    def _cancel(self, id: str, broker_down: bool) -> None:
        row = self.outbox.row(id)
        runs = row.status == "started" and row.worker in self.living.workers
        self.outbox.broker.down = broker_down
        status = cancel(self.outbox.database, self.outbox.broker, self.living, id, wait_s=0)
        self.outbox.broker.down = False
        assert status == ("started" if runs else "cancelled")
        if runs:
            assert self.living.asked(row.worker) == {"cancel": id, "fence": row.fence}
        else:
            self._cancelled(id)

    @precondition(lambda self: not self.unit.link.writing and self.ended - self.pruned)
    @rule(data=st.data())
    def cancel_too_late(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.ended - self.pruned)))
        before = self.outbox.row(id)
        assert cancel(self.outbox.database, self.outbox.broker, self.living, id, wait_s=0) == before.status
        assert self.outbox.row(id) == before

    @precondition(lambda self: not self.unit.link.writing)
    @rule(taken=consumes(claims))
    def stop(self, taken: Taken) -> None:
        """A worker does what it was asked to do, perhaps after others took its job."""
        claimed, worker = taken
        if claimed is None:
            return
        mine = self._is_mine(taken)
        with self.outbox.database.transaction() as connection:
            assert complete.cancel(connection, claimed) == mine
        if mine:
            self._cancelled(claimed.id)
        self._done(claimed, worker)

    def _cancelled(self, id: str) -> None:
        self.ended.add(id)
        self.cancelled.add(id)

    # -- the broker ------------------------------------------------------------------------------

    @rule()
    def lose_everything(self) -> None:
        self.outbox.broker.lose_everything()

    @precondition(lambda self: self.committed)
    @rule(data=st.data())
    def deliver_again(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.committed)))
        self.outbox.broker.release([Ticket(id, "short", at_front=True)], again=True)

    # -- the relay -------------------------------------------------------------------------------

    @precondition(lambda self: not self.unit.link.writing)
    @rule(broker_down=st.booleans())
    def relay(self, broker_down: bool) -> None:
        self.outbox.broker.down = broker_down
        self.rescue()
        try:
            release_due(self.outbox.database, self.outbox.broker)
            Reconciler(self.outbox.database, self.outbox.broker, grace_s=0).run()
        except BrokerUnavailable:
            assert broker_down
        self.outbox.broker.down = False

    def rescue(self) -> None:
        started = {id: self.outbox.row(id) for id in self.outbox.ids("started")}
        lost = [row for row in started.values() if row.worker not in self.living.workers]
        rescued = self.rescuer.run()
        assert rescued == len(lost)
        for row in lost:
            if self.living.asked(row.worker) == {"cancel": row.name, "fence": row.fence}:
                self._cancelled(row.name)
            elif row.kills + 1 >= row.max_attempts:
                self.ended.add(row.name)
                self.dead.add(row.name)

    @rule(hours=st.integers(1, 3))
    def pass_time(self, hours: int) -> None:
        self.stack.enter_context(clock.travel(by=timedelta(hours=hours)))

    @precondition(lambda self: not self.unit.link.writing and self.ended)
    @rule(days=st.sampled_from([2, 31]))
    def prune(self, days: int) -> None:
        """Somebody whose clock is days ahead prunes; what has not ended stays."""
        kept = (self.dead | self.cancelled) if days < 30 else set()
        gone = self.ended - self.pruned - kept
        with clock.travel(by=timedelta(days=days)):
            assert prune(self.outbox.database) == len(gone)
        self.pruned |= gone

    # -- what must hold --------------------------------------------------------------------------

    @invariant()
    def logs_agree(self) -> None:
        """A log of a scheduled run says what its job says, whoever has done what."""
        if not hasattr(self, "outbox"):
            return
        columns = (_job.name, _job.status, _job.error, _log.status.label("logged"), _log.error.label("why"))
        query = select(*columns, _log.started_at, _log.ended_at, _log.duration).join(
            scheduled_job_log, _log.name == _job.name
        )
        with self.outbox.database.reading() as connection:
            for row in connection.execute(query):
                assert (row.logged, row.why) == (LOGGED[row.status], row.error)
                assert (row.ended_at is None) == (row.status in ("queued", "started"))
                assert row.started_at is None if row.status == "queued" else row.started_at or row.status == "cancelled"
                assert (row.duration is None) == (row.ended_at is None or row.started_at is None)

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        with self.stack:
            self.unit.close()
            self.logs_agree()
            self.living.workers.clear()
            with clock.travel(by=timedelta(days=1)):
                self._drain()
            self.logs_agree()
            effects = Counter(self.outbox.keys())
            for dead in [key for key in effects if key.startswith("dead ")]:
                del effects[dead]
            lost = set(self.committed) - self.dead - self.cancelled - set(effects)
            doubled = {id for id, count in effects.items() if count > 1}
            ghosts = set(effects) - (set(self.committed) - self.dead - self.cancelled)
            assert (lost, doubled, ghosts) == (set(), set(), set())
            assert set(self.outbox.ids("finished")) == set(effects) - self.pruned
            assert set(self.outbox.ids("failed")) == self.dead - self.pruned
            assert set(self.outbox.ids("cancelled")) == self.cancelled - self.pruned
            assert self.outbox.ids("queued") == self.outbox.ids("started") == []

    def _drain(self) -> None:
        """Lets one healthy worker do everything that is left, fed by the broker alone."""
        self.rescue()
        self.living.workers.add("last")
        release_due(self.outbox.database, self.outbox.broker)
        Reconciler(self.outbox.database, self.outbox.broker, grace_s=0).run()
        while (id := self.outbox.broker.pop(QUEUES, "last")) is not None:
            claimed = claim(self.outbox.database, id, "last")
            if claimed is None:
                self.outbox.broker.done(id, "last")
            else:
                self._finish((claimed, "last"))


#: an example takes a tenth of a second and a database, so a failing one is shown as it was found
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


class TestOutbox(OutboxMachine.TestCase):
    settings = settings(max_examples=60, stateful_step_count=40, phases=PHASES, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
class TestOutboxAtLength(OutboxMachine.TestCase):
    settings = settings(
        max_examples=600, stateful_step_count=60, phases=PHASES, suppress_health_check=list(HealthCheck)
    )
