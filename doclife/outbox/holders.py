"""Who holds a lock, and whether that one lives: rows of tabLease.

A holder is named by text:

    job:<id>          a lock that counts while the job is queued or started, whoever runs it
    job:<id>:<fence>  one that counts while the job is started and has this fence: this run of it
    anything else     one that counts until its time is over

So the lock of a job that has ended, was killed or belongs to another worker by now counts no more in
the moment in which its row says so: nobody has to find and free it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, update

from doclife.core import clock
from doclife.database.executes import Executes
from doclife.database.now import database_now
from doclife.schema.tables import background_job
from doclife.schema.tables import lease as lease_table

LOCK, DOCUMENT = "lock:", "doc:"

#: days for which the row of a lock that nobody holds is kept: its token goes on from there
KEEP_DAYS = 1
#: rows that one call removes
_BATCH = 1000
#: room for a lease's name
_NAME_LENGTH = 255
_JOB = "job:"

_lease, _job = lease_table.c, background_job.c


class Holding(NamedTuple):
    """A lease as it is held, or was."""

    name: str
    #: None: it was given back
    holder: str | None
    token: int
    #: UTC
    since: datetime | None
    #: whether its time is over
    is_over: bool


class JobState(NamedTuple):
    """What is to be known of a job that holds a lease."""

    id: str
    status: str
    fence: int
    label: str


def lease_name(kind: str, key: str) -> str:
    """Returns the name of a lease; of a long key its hash.

    Args:
        kind: LOCK or DOCUMENT.
        key: any text.
    """
    name = kind + key
    return name if len(name) <= _NAME_LENGTH else kind + hashlib.sha256(key.encode()).hexdigest()


def of_job(id: str, fence: int | None = None) -> str:
    """Returns the name of a job as a holder: any run of it, or that with this fence."""
    return f"{_JOB}{id}" if fence is None else f"{_JOB}{id}:{fence}"


def job_id(holder: str | None) -> str | None:
    """Returns the id of the job that a holder is, or None."""
    return holder.split(":")[1] if holder is not None and holder.startswith(_JOB) else None


def read(executes: Executes, dialect: str, name: str) -> Holding | None:
    """Returns how a lease is held, or None where nobody ever had it."""
    is_over = func.coalesce(_lease.until <= database_now(dialect), false())
    query = select(_lease.holder, _lease.token, _lease.since, is_over.label("is_over")).where(_lease.name == name)
    row = executes.execute(query).first()
    return None if row is None else Holding(name, row.holder, int(row.token), row.since, bool(row.is_over))


def job_of(executes: Executes, holder: str | None) -> JobState | None:
    """Returns the job that a holder is, or None: it is none, or its row is gone."""
    id = job_id(holder)
    if id is None:
        return None
    row = executes.execute(
        select(_job.name, _job.status, _job.fence, _job.label, _job.method).where(_job.name == id)
    ).first()
    return None if row is None else JobState(row.name, row.status, int(row.fence), row.label or row.method)


def counts(executes: Executes, holding: Holding | None) -> bool:
    """Tells whether a lease keeps others out now."""
    if holding is None or holding.holder is None or holding.is_over:
        return False
    if job_id(holding.holder) is None:
        return True
    job = job_of(executes, holding.holder)
    if job is None:
        return False
    fence = holding.holder.split(":")[2:]
    if fence:
        return job.status == "started" and fence == [str(job.fence)]
    return job.status in ("queued", "started")


def take(
    executes: Executes,
    dialect: str,
    found: Holding | None,
    name: str,
    holder: str,
    *,
    ttl: float | None,
    token: int = 0,
) -> int:
    """Takes a lease that does not count, and returns its token; 0 where somebody else was faster.

    Args:
        executes: a unit's link in a write, or a connection.
        dialect: of the database.
        found: what `read` has found; only if it is still so the lease is taken.
        name: of the lease.
        holder: who takes it.
        ttl: seconds it counts at most; None: without end.
        token: the token it had before it was undone; 0: a new one.
    Raises:
        DuplicateKey: nobody ever had it, and in this moment somebody else takes it.
    """
    # Rows are kept for a day only. So the first token of a row is the time, which is greater than any before.
    new = token or max(found.token + 1 if found is not None else 0, int(clock.utc_now().timestamp() * 1_000_000))
    values = {
        "holder": holder,
        "token": new,
        "since": database_now(dialect),
        "until": None if ttl is None else database_now(dialect, ttl),
    }
    if found is None:
        executes.execute(lease_table.insert().values(name=name, **values))
        return new
    unchanged = _lease.holder.is_(None) if found.holder is None else _lease.holder == found.holder
    statement = update(lease_table).where(_lease.name == name, _lease.token == found.token, unchanged)
    return new if executes.execute(statement.values(values)).rowcount else 0


def renew(executes: Executes, dialect: str, name: str, holder: str, token: int, ttl: float) -> bool:
    """Has a lease count for `ttl` more seconds from now; returns whether it was still held."""
    held = (_lease.name == name, _lease.token == token, _lease.holder == holder)
    statement = update(lease_table).where(*held).values(until=database_now(dialect, ttl))
    return executes.execute(statement).rowcount == 1


def give_back(executes: Executes, dialect: str, name: str, holder: str, token: int | None = None) -> bool:
    """Gives a lease back; returns whether it was still held.

    Args:
        executes: a unit's link in a write, or a connection.
        dialect: of the database.
        name: of the lease.
        holder: who has it.
        token: as it was taken; None: any.
    """
    held = [_lease.name == name, _lease.holder == holder]
    if token is not None:
        held.append(_lease.token == token)
    statement = update(lease_table).where(*held).values(holder=None, until=database_now(dialect))
    return executes.execute(statement).rowcount == 1


def has_useless(executes: Executes, dialect: str) -> bool:
    """Tells whether there is something to prune."""
    return executes.execute(select(_lease.name).where(_useless(dialect)).limit(1)).first() is not None


def prune(executes: Executes, dialect: str) -> int:
    """Removes rows of locks that nobody has had for a day, or whose job is over; returns how many, at most 1000.

    Args:
        executes: in a transaction of its own.
        dialect: of the database.
    """
    useless = _useless(dialect)
    query = select(_lease.name, _lease.token).where(useless)
    found: dict[str, int] = {row.name: row.token for row in executes.execute(query.limit(_BATCH))}
    # A row that somebody has locked is being taken. One that was taken in this moment has another token: PostgreSQL
    # looks at it as it is now, but for its new holder among the jobs as they were before.
    mine = executes.execute(query.where(_lease.name.in_(found)).with_for_update(skip_locked=True))
    names = [row.name for row in mine if found[row.name] == row.token]
    return executes.execute(delete(lease_table).where(_lease.name.in_(names))).rowcount if names else 0


def _useless(dialect: str) -> ColumnElement[bool]:
    ours = or_(_lease.name.startswith(LOCK), _lease.name.startswith(DOCUMENT))
    old = _lease.until < database_now(dialect, -KEEP_DAYS * 86_400)
    open_job = (
        select(_job.name)
        # the job by its key: to compare all that are open with each lock takes minutes when many wait
        .where(_job.name == func.substr(_lease.holder, len(_JOB) + 1), _job.status.in_(("queued", "started")))
        .correlate(lease_table)
        .exists()
    )
    endless = and_(_lease.until.is_(None), or_(_lease.holder.is_(None), ~open_job))
    return and_(ours, or_(old, endless))
