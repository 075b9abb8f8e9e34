"""Counters: numbers that are given out once, kept in tabSeries.

A series has its counter inside the transaction: its row stays locked until the end, a rollback gives
the number back, so there is no gap. The names of autoincrement types have theirs beside the
transaction, where the database can: nobody waits for anybody, and a rollback leaves a gap.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from doclife.core.errors import QueryDeadlockError
from doclife.database.link import Database
from doclife.uow.beside import has_room_beside
from doclife.uow.unit import UnitOfWork

_MARIADB = ("mysql", "mariadb")

_ROW = {
    "sqlite": 'INSERT INTO "tabSeries" (name, current) VALUES (?, ?)',
    "postgresql": 'INSERT INTO "tabSeries" (name, current) VALUES (%s, %s)',
    "mariadb": "INSERT INTO `tabSeries` (name, current) VALUES (%s, %s)",
}
#: the same without waiting for the disk. The log is one: who commits a document of this name later has
#: the number on the disk too, and where nobody does, it may as well be given out again.
_ROW_AT_ONCE = (
    'INSERT INTO "tabSeries" (name, current) SELECT CAST(%s AS VARCHAR), CAST(%s AS BIGINT) '
    "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS lazily"
)
_CREATE = "INSERT IGNORE INTO `tabSeries` (name, current) VALUES (%s, 0)"
_READ = {
    "sqlite": 'SELECT current FROM "tabSeries" WHERE name = ?',
    "postgresql": 'SELECT current FROM "tabSeries" WHERE name = %s',
    "mariadb": "SELECT current FROM `tabSeries` WHERE name = %s",
}
#: what becomes of a row that exists: {old} and {new} number
_ADD, _SET, _RAISE = "{old} + {new}", "{new}", "{greatest}({old}, {new})"


def _text(change: str, dialect: str, row: str = "") -> str:
    """Returns the statement that makes a counter's row, or changes it, and answers the number."""
    greatest = "max" if dialect == "sqlite" else "greatest"
    if dialect == "mariadb":
        value = change.format(old="current", new="VALUES(current)", greatest=greatest)
        return f"{_ROW[dialect]} ON DUPLICATE KEY UPDATE current = {value} RETURNING current"
    value = change.format(old='"tabSeries".current', new="excluded.current", greatest=greatest)
    return f"{row or _ROW[dialect]} ON CONFLICT (name) DO UPDATE SET current = {value} RETURNING current"


#: (change, dialect) -> statement
_TEXTS = {(change, dialect): _text(change, dialect) for change in (_ADD, _SET, _RAISE) for dialect in _ROW}
_TEXTS_APART = _TEXTS | {(change, "postgresql"): _text(change, "postgresql", _ROW_AT_ONCE) for change in (_ADD, _RAISE)}

#: how often the first row of a counter is tried where MariaDB finds a deadlock
_TRIES = 5
#: MariaDB: counters that are known to have a committed row, so many at most
_MOST_KNOWN = 10_000
_known: WeakKeyDictionary[Database, set[str]] = WeakKeyDictionary()


def take(unit: UnitOfWork, counter: str, count: int = 1) -> int:
    """Takes `count` numbers inside the transaction and returns the last of them.

    Others who want one of this counter wait until this transaction ends.
    """
    return _inside(unit, _ADD, counter, count)


def set_to(unit: UnitOfWork, counter: str, number: int) -> None:
    """Makes `number` the last one given out, inside the transaction."""
    _inside(unit, _SET, counter, number)


def last(unit: UnitOfWork, counter: str) -> int:
    """Returns the last number given out, 0 where there was none."""
    found = unit.link.rows(_READ[_dialect(unit)], (counter,))
    return int(found[0][0]) if found else 0


def take_names(unit: UnitOfWork, doctype: str, count: int) -> list[str]:
    """Takes the next `count` names of an autoincrement type, in ascending order."""
    highest = _beside(unit, _ADD, doctype, count)
    return [str(number) for number in range(highest - count + 1, highest + 1)]


def pass_name(unit: UnitOfWork, doctype: str, name: str) -> None:
    """Moves the counter of an autoincrement type past a name that the caller has chosen."""
    _beside(unit, _RAISE, doctype, int(name))


def _dialect(unit: UnitOfWork) -> str:
    dialect = unit.link.dialect
    return "mariadb" if dialect in _MARIADB else dialect


def _inside(unit: UnitOfWork, change: str, counter: str, number: int) -> int:
    dialect = _dialect(unit)
    if dialect == "mariadb":
        _create(unit, counter)
    unit.before_write()
    return int(unit.link.rows(_TEXTS[change, dialect], (counter, number))[0][0])


def _beside(unit: UnitOfWork, change: str, doctype: str, number: int) -> int:
    # no prefix of a series can be this: nothing of a name stands before a colon and behind it only the number
    counter = f"autoincrement:{doctype}"
    database = unit.database
    if not has_room_beside(database):
        return _inside(unit, change, counter, number)
    for attempt in range(1, _TRIES + 1):
        try:
            return int(database.apart.run(_TEXTS_APART[change, _dialect(unit)], (counter, number))[0][0])
        except QueryDeadlockError:  # MariaDB, the first number ever, by several at once
            if attempt == _TRIES:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _create(unit: UnitOfWork, counter: str) -> None:
    """Creates a counter's row before the transaction locks it.

    MariaDB locks the place of a row that is not there yet, and lets several have that lock: when
    they go on, they deadlock. A row that is there is locked by one.
    """
    database = unit.database
    known = _known.setdefault(database, set())
    if counter in known or not has_room_beside(database):
        return
    # asked first, and without a lock: a row that this transaction has locked itself is there
    if not unit.link.rows(_READ["mariadb"], (counter,)):
        for attempt in range(1, _TRIES + 1):
            try:
                database.apart.run(_CREATE, (counter,))
                break
            except QueryDeadlockError:
                if attempt == _TRIES:
                    raise
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known.add(counter)
