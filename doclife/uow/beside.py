"""What is written beside a unit's transaction, and stays whatever becomes of that.

On a server a further connection does it, whose statements commit at once. SQLite has one writer and a
test one connection: there it happens on the unit's own connection, at once while the unit has written
nothing, otherwise inside its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from doclife.database.executes import Executes
from doclife.database.link import Database, Link

if TYPE_CHECKING:
    from doclife.uow.unit import UnitOfWork


def has_room_beside(database: Database) -> bool:
    """Tells whether something can be written while a unit's transaction is open: on servers, not in tests."""
    return database.outer is None and database.apart.is_possible


@contextmanager
def own_transaction(link: Link) -> Iterator[Link]:
    """Makes the block a transaction of its own on a unit's connection; an exception rolls it back.

    Order: while the unit has written nothing.
    """
    link.begin_write()
    try:
        yield link
        link.commit()
    except BaseException:
        link.rollback()
        raise


@contextmanager
def beside(unit: UnitOfWork) -> Iterator[Executes]:
    """Gives what runs statements beside the unit's transaction, as the module's first lines say.

    No savepoint is set for them: what they write inside the transaction goes with it, or with a frame that has
    written before.
    """
    if has_room_beside(unit.database):
        with unit.database.apart.connection() as connection:
            yield connection
    elif unit.link.writing:
        yield unit.link
    else:
        with own_transaction(unit.link) as link:
            yield link
