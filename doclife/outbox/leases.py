"""Leases: of several processes one leads, until it ends, dies, or is late."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, or_, select, update

from doclife.core import clock
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.database.errors import DuplicateKey
from doclife.database.link import Database
from doclife.database.now import database_now
from doclife.schema.tables import lease as lease_table

LEASE_TAKEN = "lease_taken"
LEASE_LOST = "lease_lost"
LEASE_UNKNOWN = "lease_unknown"

#: seconds a lease lasts
LEASE_S = 20.0
#: seconds between two renewals of such a lease
RENEW_S = 5.0
#: renewals that a lease lasts: three may fail
RENEWALS = 4
#: seconds until a renewal that failed is tried again, at most
AGAIN_S = 1.0

_lease = lease_table.c

log = get_logger(__name__)


class Lease:
    """The wish to lead under one name; held or not."""

    def __init__(self, database: Database, name: str, holder: str, *, seconds: float = LEASE_S) -> None:
        """Wants the lease; nothing is taken yet.

        Args:
            database: the site's.
            name: of the lease.
            holder: a name that nobody else has.
            seconds: it lasts.
        """
        self._database, self.name, self.holder = database, name, holder
        #: that it lasts from the next renewal on; may be changed while it is held
        self.seconds = seconds
        #: grows with each change of holder; 0 while not held
        self.token = 0
        #: by `clock.steady`: when it is to be renewed, and when it ends unless it is
        self._renew_at = self._ends_at = clock.steady()

    @property
    def renewal_s(self) -> float:
        """Seconds between two renewals, and between two looks of who waits for the lease."""
        return self.seconds / RENEWALS

    @property
    def left_s(self) -> float:
        """Seconds until it is to be renewed; 0 where it is not held."""
        return max(self._renew_at - clock.steady(), 0.0) if self.token else 0.0

    def hold(self) -> bool:
        """Takes or renews the lease where that is due, and returns whether it is held.

        Who does not hold it writes nothing while another one does.
        """
        if self.token and self.left_s:
            return True
        return self._try(lambda: self._renewed() or self._taken())

    def renew(self, also: Callable[[Connection], object]) -> bool:
        """Renews a lease that is held, due or not, and returns whether it still is.

        Args:
            also: writes something more in the same transaction, if it still is.
        """
        return self._try(lambda: self._renewed(also))

    def _try(self, work: Callable[[], int]) -> bool:
        now, held = clock.steady(), self.token
        try:
            self.token = work()
        except DoclifeError as error:  # the database is busy or away: the lease lasts longer than one such moment
            log.debug(LEASE_UNKNOWN, lease=self.name, reason=str(error))
            now = clock.steady()
            self._renew_at = now + min(AGAIN_S, self.renewal_s)
            if now < self._ends_at:
                return bool(self.token)
            self.token = 0
        else:  # counted from before the statement, so that it never lasts longer here than it does there
            self._renew_at, self._ends_at = now + self.renewal_s, now + self.seconds
        if self.token != held:
            log.info(LEASE_TAKEN if self.token else LEASE_LOST, lease=self.name, holder=self.holder, token=self.token)
        return bool(self.token)

    def release(self) -> None:
        """Gives the lease back, so that another one leads at once."""
        token, self.token = self.token, 0
        if not token:
            return
        statement = update(lease_table).where(_lease.name == self.name, _lease.token == token).values(holder=None)
        with self._database.transaction() as connection:
            connection.execute(statement)

    def _renewed(self, also: Callable[[Connection], object] | None = None) -> int:
        if not self.token:
            return 0
        statement = (
            update(lease_table)
            .where(_lease.name == self.name, _lease.token == self.token, _lease.holder == self.holder)
            .values(until=database_now(self._database.dialect, self.seconds))
        )
        with self._database.transaction() as connection:
            if not connection.execute(statement).rowcount:
                return 0
            if also is not None:
                also(connection)
        return self.token

    def _taken(self) -> int:
        dialect = self._database.dialect
        ended = _lease.until <= database_now(dialect)
        # Nobody takes one for so long: the database's clock was set back, and its holder has not renewed it since.
        never_ends = _lease.until > database_now(dialect, 2 * max(LEASE_S, self.seconds))
        free = or_(_lease.holder.is_(None), ended, never_ends)
        with self._database.reading() as connection:
            row = connection.execute(select(_lease.token, free).where(_lease.name == self.name)).first()
        if row is not None and not row[1]:
            return 0
        until = database_now(dialect, self.seconds)
        try:
            with self._database.transaction() as connection:
                if row is None:
                    connection.execute(
                        lease_table.insert().values(name=self.name, holder=self.holder, until=until, token=1)
                    )
                    return 1
                statement = update(lease_table).where(_lease.name == self.name, _lease.token == row.token, free)
                taken = connection.execute(statement.values(holder=self.holder, until=until, token=row.token + 1))
                return int(row.token) + 1 if taken.rowcount else 0
        except DuplicateKey:  # another one made the row in this moment
            return 0
