"""Locks of documents: who may change one while a job is to work on it, or somebody has locked it.

A lock is a row of tabLease with a holder (`outbox.holders`). Saving and deleting ask for it in the
statement that writes, so it costs no statement of its own: while there is a row with a holder, nothing
is written, and only then is looked who that is. A lock whose job is over is cleared there.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection

from doclife.core.context import current
from doclife.core.errors import DocumentLockedError, ValidationError
from doclife.database.errors import DuplicateKey
from doclife.jobs.holding import Held, describe, locks
from doclife.outbox import holders
from doclife.outbox.holders import DOCUMENT, Holding, lease_name
from doclife.uow.unit import UnitOfWork

#: seconds after which a lock that no job holds is over, should nobody unlock
LOCKED_S = 600.0


def name_of(doc: Any) -> str:
    """Returns the name of a document's lease."""
    name = doc._state.row[0] if doc._state.row is not None else doc.name
    return lease_name(DOCUMENT, f"{doc.meta.doctype}:{name}")


def lock(doc: Any, timeout: float | None) -> None:
    """Is `Document.lock`."""
    if doc._state.row is None:
        raise ValidationError(f"{doc.doctype} {doc.name or '(new)'} is not stored; insert it before it is locked")
    what = f"{doc.doctype} {doc.name}"
    taken = locks().acquire(name_of(doc), what, ttl=LOCKED_S, wait=timeout or 0)
    if not isinstance(taken, Held):
        raise _locked(doc, taken)


def unlock(doc: Any) -> None:
    """Is `Document.unlock`."""
    mine, name = locks(), name_of(doc)
    held = mine.held(name)
    if held is not None and held.depth > 0:
        mine.release(held)
        return
    unit: UnitOfWork = current().unit
    found = _read(unit, name)
    if found is None or found.holder is None or _is_staged(unit, found):  # of a job to come: its end unlocks
        return
    if not _is_own(unit, found) and holders.counts(unit.link, found):
        raise _locked(doc, found)
    _clear(unit, found)


def is_locked(doc: Any) -> bool:
    """Is `Document.is_locked`."""
    unit: UnitOfWork = current().unit
    found = _read(unit, name_of(doc))
    return found is not None and (_is_staged(unit, found) or holders.counts(unit.link, found))


def refuse_locked(doc: Any) -> None:
    """Refuses to go on with a document that somebody else has locked; asks with a statement.

    Raises:
        DocumentLockedError: names who and since when.
    """
    may_write(current().unit, doc)


def may_write(unit: UnitOfWork, doc: Any) -> bool:
    """Tells whether a lock has kept a statement from writing that may write all the same.

    Returns:
        True: the lock is this context's own, or counts no more; False: there is none.
    Raises:
        DocumentLockedError: it is somebody else's.
    """
    found = _read(unit, name_of(doc))
    if found is None or found.holder is None:
        return False
    if _is_own(unit, found):
        return True
    if holders.counts(unit.link, found):
        raise _locked(doc, found)
    _clear(unit, found)
    return True


def refuse_queued(unit: UnitOfWork, doc: Any) -> Holding | None:
    """Refuses a job for a document that somebody has locked, or that has one already; returns how it was locked.

    Raises:
        DocumentLockedError: names who and since when.
    """
    found = _read(unit, name_of(doc))
    if found is not None and not _is_held_here(found) and (_is_staged(unit, found) or holders.counts(unit.link, found)):
        raise _locked(doc, found)
    return found


def lock_for_job(unit: UnitOfWork, doc: Any, job: str) -> None:
    """Locks a document for a job that is staged: with its commit, until it has ended, however that is.

    Raises:
        DocumentLockedError: somebody else has locked it.
    """
    for _ in range(2):
        found = refuse_queued(unit, doc)
        with suppress(DuplicateKey), unit.savepoint():  # somebody else does the same, and has just committed
            unit.before_write()
            if holders.take(unit.link, unit.link.dialect, found, name_of(doc), holders.of_job(job), ttl=None):
                locks().hand_over(name_of(doc))
                return
    raise DocumentLockedError(
        f"{doc.doctype} {doc.name} is being locked by somebody else in this moment; try again",
        doctype=doc.doctype,
        name=doc.name,
    )


def lock_for_job_later(unit: UnitOfWork, doc: Any, job: str) -> None:
    """Does so for a job that is written after the transaction's end, right after it."""
    unit.after_end(partial(_lock_apart, unit.database.dialect, name_of(doc), job))


def _lock_apart(dialect: str, name: str, job: str, connection: Connection) -> None:
    found = holders.read(connection, dialect, name)
    if not holders.counts(connection, found):
        holders.take(connection, dialect, found, name, holders.of_job(job), ttl=None)


def _read(unit: UnitOfWork, name: str) -> Holding | None:
    return holders.read(unit.link, unit.link.dialect, name)


def _clear(unit: UnitOfWork, found: Holding) -> None:
    assert found.holder is not None
    unit.before_write()
    holders.give_back(unit.link, unit.link.dialect, found.name, found.holder, found.token)


def _is_own(unit: UnitOfWork, found: Holding) -> bool:
    """Tells whether this context has the lock, runs its job, or has that still to commit."""
    return _is_held_here(found) or _is_staged(unit, found)


def _is_held_here(found: Holding) -> bool:
    return locks().is_mine(found.holder)


def _is_staged(unit: UnitOfWork, found: Holding) -> bool:
    job = holders.job_id(found.holder)
    return job is not None and any(staged.id == job for staged in unit.staged())


def _locked(doc: Any, found: Holding) -> DocumentLockedError:
    is_job = holders.job_id(found.holder) is not None
    until = "that job has ended" if is_job else "it is unlocked"
    return DocumentLockedError(
        f"{doc.doctype} {doc.name} is locked by {describe(found)}; it can be changed when {until}",
        doctype=doc.doctype,
        name=doc.name,
        holder=found.holder,
    )
