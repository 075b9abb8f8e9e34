"""Delivery by the relay: jobs whose time has come, and those that the broker has lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, update

from doclife.core import clock
from doclife.database.link import Database
from doclife.database.now import database_now
from doclife.queue.protocol import Broker, Ticket
from doclife.schema.tables import background_job

#: jobs in one statement and one call of the broker
BATCH = 500
#: jobs that one call of the reconciliation compares: of a backlog of 100,000 all within 20 rounds of the relay
PAGE = 5000
#: seconds that a job which the broker does not hold may be on its way: being released, or popped and not yet claimed
GRACE_S = 30.0

_job = background_job.c
_TICKET = (_job.name, _job.queue, _job.at_front, _job.method, _job.timeout)


def release_due(database: Database, broker: Broker) -> int:
    """Releases queued jobs whose time has come and that were never released; returns how many.

    Raises:
        BrokerUnavailable: the rest waits for the next call.
    """
    released = 0
    while True:
        query = (
            select(*_TICKET)
            .where(_job.status == "queued", _job.released_at.is_(None), _job.run_at <= database_now(database.dialect))
            .order_by(_job.run_at)
            .limit(BATCH)
        )
        tickets = _tickets(database, query)
        if not tickets:
            return released
        # Pushed before it is noted: a crash in between repeats the push, which is idempotent.
        broker.release(tickets)
        _note_released(database, tickets, _job.released_at.is_(None), _job.run_at <= database_now(database.dialect))
        released += len(tickets)
        if len(tickets) < BATCH:
            return released


class Reconciler:
    """Finds released jobs that no queue of the broker holds, by comparing sets: a long backlog is not pushed again.

    Each call compares one page of the oldest and goes on from there with the next call; while
    pages have gaps it reads on at once.
    """

    def __init__(self, database: Database, broker: Broker, *, grace_s: float = GRACE_S) -> None:
        """Compares `database` with `broker`; jobs released less than `grace_s` seconds ago are not asked for."""
        self._database, self._broker, self._grace_s = database, broker, grace_s
        #: the last job of the page before
        self._after: tuple[Any, str] | None = None

    def run(self, *, every_page: bool = False) -> int:
        """Pushes what is missing and returns how many that were.

        Args:
            every_page: compare all that there is, not one page.
        Raises:
            BrokerUnavailable: the rest waits for the next call.
        """
        pushed = 0
        oldest = database_now(self._database.dialect, -self._grace_s)
        while True:
            missing, full = self._page(oldest)
            for start in range(0, len(missing), BATCH):
                batch = missing[start : start + BATCH]
                self._broker.release(batch, again=True)
                _note_released(self._database, batch, _job.released_at <= oldest)
                pushed += len(batch)
            if not (full and (missing or every_page)):
                return pushed

    def _page(self, oldest: ColumnElement[datetime]) -> tuple[list[Ticket], bool]:
        query = (
            select(*_TICKET, _job.released_at)
            .where(_job.status == "queued", _job.released_at <= oldest)
            .order_by(_job.released_at, _job.name)
            .limit(PAGE)
        )
        if self._after is not None:
            released_at, name = self._after
            query = query.where(
                (_job.released_at > released_at) | ((_job.released_at == released_at) & (_job.name > name))
            )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        full = len(rows) == PAGE
        self._after = (rows[-1].released_at, rows[-1].name) if full else None
        by_queue: dict[str, list[Ticket]] = {}
        for row in rows:
            by_queue.setdefault(row.queue, []).append(_ticket(row))
        missing: list[Ticket] = []
        for queue, tickets in by_queue.items():
            held = self._broker.held(queue, [each.id for each in tickets])
            missing += [each for each in tickets if each.id not in held]
        return missing, full


def release_again(database: Database, broker: Broker, ids: Iterable[str]) -> int:
    """Releases those of `ids` that are queued and due: what a worker popped and did not claim.

    Raises:
        BrokerUnavailable: reconciliation finds them later.
    """
    wanted = list(ids)
    if not wanted:
        return 0
    due = or_(_job.released_at.is_not(None), _job.run_at <= database_now(database.dialect))
    query = select(*_TICKET).where(_job.name.in_(wanted), _job.status == "queued", due)
    tickets = _tickets(database, query)
    broker.release(tickets)
    return len(tickets)


def _tickets(database: Database, query: Select[Any]) -> list[Ticket]:
    with database.reading() as connection:
        return [_ticket(row) for row in connection.execute(query)]


def _ticket(row: Any) -> Ticket:
    return Ticket(row.name, row.queue, bool(row.at_front), row.method, row.timeout)


def _note_released(database: Database, tickets: Sequence[Ticket], *still: ColumnElement[bool]) -> None:
    """Notes the release where the row is still as it was when it was found.

    A job that a worker has taken in between and queued again for later must not look released: who
    has its id could claim it before its time.
    """
    statement = (
        update(background_job)
        .where(_job.name.in_([each.id for each in tickets]), _job.status == "queued", *still)
        .values(released_at=clock.utc_now())
    )
    with database.transaction() as connection:
        connection.execute(statement)
