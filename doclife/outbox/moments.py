"""When something was done last, for who looks on: a row of tabLease each, which nobody holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from doclife.core import clock
from doclife.database.errors import DuplicateKey
from doclife.database.link import Database
from doclife.schema.tables import lease

#: the scheduler's tick
TICK = "moment:tick"

_lease = lease.c


def note(database: Database, name: str) -> None:
    """Keeps that it is done now, in a transaction of its own."""
    now = clock.utc_now()
    try:
        with database.transaction() as connection:
            if not connection.execute(update(lease).where(_lease.name == name).values(until=now)).rowcount:
                connection.execute(lease.insert().values(name=name, until=now, token=0))
    except DuplicateKey:  # another process has noted it in this moment
        return


def noted(database: Database, name: str) -> datetime | None:
    """Returns when it was done last: naive, in the site's zone inside a context, else UTC; None: never."""
    with database.reading() as connection:
        found: datetime | None = connection.execute(select(_lease.until).where(_lease.name == name)).scalar()
    return found
