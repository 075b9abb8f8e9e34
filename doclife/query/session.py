"""SQLAlchemy's ORM for an app's own classes, inside the same transaction."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from doclife.uow.unit import UnitOfWork


class JoinedSession(Session):
    """A session whose transaction is a savepoint of the unit of work.

    `session.commit()` makes what it did a part of the unit, which `db.commit()` commits. As a
    context manager it does so at the end of the block; an exception undoes what the session did.
    """

    def __init__(self, unit: UnitOfWork) -> None:
        """Opens it in the unit's transaction."""
        super().__init__(bind=unit.link.lend(), join_transaction_mode="create_savepoint")
        self._unit = unit

    def get_bind(self, *args: Any, **kwargs: Any) -> Connection:
        """Returns the unit's connection, ready for a write: what a session sends is not known before."""
        self._unit.before_write()
        self._unit.outdate()
        return self._unit.link.connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.close()
