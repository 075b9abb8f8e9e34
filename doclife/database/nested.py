"""Links inside a test's outer transaction: BEGIN, COMMIT and ROLLBACK are savepoints of a connection it owns."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from doclife.database.link import Link


class NestedLink(Link):
    """A link whose transaction is a savepoint on a connection somebody else owns (tests)."""

    def __init__(self, engine: Engine, outer: Connection, name: str) -> None:
        """Prepares the link on `outer`, which has an open transaction; `name` is its savepoint."""
        super().__init__(engine)
        self._outer = outer
        self._name = name
        self._marked = False

    def _connect(self) -> Connection:
        return self._outer

    def _open(self) -> None:
        super()._open()
        if self.dialect == "postgresql":
            self._mark()  # a refused read must be undone too, or the whole test ends with it

    def _mark(self) -> None:
        """Sets the savepoint that stands for BEGIN here, whatever others have committed since it was set."""
        if self._marked:
            self.run(f"RELEASE SAVEPOINT {self._name}")
        self.savepoint(self._name)
        self._marked = True

    def begin_write(self) -> None:
        """Sets the savepoint that stands for BEGIN."""
        if self._connection is None:
            self._open()
        self._mark()
        self.writing = True

    def commit(self) -> None:
        """Releases the savepoint.

        Raises:
            TransactionError and its kinds: as a link that is not nested.
        """
        if self.doomed:
            self._refuse()
        self.check_alive()
        self._end(undo=False)

    def rollback(self) -> None:
        """Rolls back to the savepoint."""
        undo = self.writing or (self.dialect == "postgresql" and self._is_aborted())
        self.doomed = self.failed = ""
        self._end(undo=undo)

    def _end(self, *, undo: bool) -> None:
        if self._marked:
            if undo:
                self.run(f"ROLLBACK TO SAVEPOINT {self._name}")
            self.run(f"RELEASE SAVEPOINT {self._name}")
        self.writing = self._marked = False
        self._connection = self._cursor = None  # the next statement begins anew

    def close(self) -> None:
        """Rolls back what was not committed; the connection stays with its owner."""
        self.rollback()
