"""Running the statements of this package: reads as they are, writes each in a frame of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import StatementError

from doclife.core.errors import DoclifeError
from doclife.uow.unit import UnitOfWork


def read(unit: UnitOfWork, statement: Executable, *, locking: bool = False) -> CursorResult[Any]:
    """Runs a SELECT.

    Args:
        unit: in whose transaction.
        statement: what.
        locking: it takes locks, so it counts as a write.
    Raises:
        DataError, QueryTimeoutError, ...: the database refused it; the transaction goes on.
    """
    if locking:
        return write(unit, statement)
    try:
        return _execute(unit, statement)
    except DoclifeError:
        forgive_read(unit)
        raise


def forgive_read(unit: UnitOfWork) -> None:
    """Lets the transaction go on after a refused read.

    PostgreSQL aborts the transaction even then. Where nothing was written or locked there is
    nothing to lose; otherwise the frame around the read goes back to its savepoint.
    """
    link = unit.link
    if link.dialect == "postgresql" and not link.writing:
        link.rollback()


def write(unit: UnitOfWork, statement: Executable, params: Any = None) -> CursorResult[Any]:
    """Runs a statement that writes or locks, in a frame: refused, it leaves the transaction as it was."""
    with unit.savepoint():
        unit.before_write()
        return _execute(unit, statement, params)


def _execute(unit: UnitOfWork, statement: Executable, params: Any = None) -> CursorResult[Any]:
    try:
        return unit.link.execute(statement, params)
    except StatementError as error:  # SQLAlchemy wraps what the conversion of a value raises
        if isinstance(error.orig, DoclifeError):
            raise error.orig from None
        raise
