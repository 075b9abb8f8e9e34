"""When something was done last, for who looks on: a row of tabLease each, which nobody holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from doclife.database.link import Database
from doclife.database.now import database_now
from doclife.schema.tables import lease

#: the scheduler's tick
TICK = "moment:tick"

_lease = lease.c


def note(connection: Connection, name: str) -> None:
    """Keeps that it is done now, in an open transaction.

    Raises:
        IntegrityError: of SQLAlchemy, another process has noted it for the first time in this moment.
    """
    now = database_now(connection.dialect.name)
    if not connection.execute(update(lease).where(_lease.name == name).values(until=now)).rowcount:
        connection.execute(lease.insert().values(name=name, until=now, token=0))


def noted(database: Database, name: str) -> datetime | None:
    """Returns when it was done last: naive, in the site's zone inside a context, else UTC; None: never."""
    with database.reading() as connection:
        found: datetime | None = connection.execute(select(_lease.until).where(_lease.name == name)).scalar()
    return found
