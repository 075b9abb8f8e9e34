"""Counters: numbers that are given out once, kept in tabSeries.

A series has its counter inside the transaction: its row stays locked until the end, a rollback gives
the number back, so there is no gap. The names of autoincrement types have theirs beside the
transaction, where the database can: nobody waits for anybody, and a rollback leaves a gap.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from doclife.core.errors import QueryDeadlockError
from doclife.database.link import Database
from doclife.uow.unit import UnitOfWork

_MARIADB = ("mysql", "mariadb")

_ADD = {
    "sqlite": 'INSERT INTO "tabSeries" (name, current) VALUES (?, ?) '
    'ON CONFLICT (name) DO UPDATE SET current = "tabSeries".current + excluded.current RETURNING current',
    "postgresql": 'INSERT INTO "tabSeries" (name, current) VALUES (%s, %s) '
    'ON CONFLICT (name) DO UPDATE SET current = "tabSeries".current + excluded.current RETURNING current',
    "mariadb": "INSERT INTO `tabSeries` (name, current) VALUES (%s, %s) "
    "ON DUPLICATE KEY UPDATE current = current + VALUES(current) RETURNING current",
}
#: to at least, to exactly
_RAISE = {
    "sqlite": _ADD["sqlite"].replace(
        '"tabSeries".current + excluded.current', 'max("tabSeries".current, excluded.current)'
    ),
    "postgresql": _ADD["postgresql"].replace(
        '"tabSeries".current + excluded.current', 'greatest("tabSeries".current, excluded.current)'
    ),
    "mariadb": _ADD["mariadb"].replace("current + VALUES(current)", "greatest(current, VALUES(current))"),
}
_SET = {
    "sqlite": _ADD["sqlite"].replace('"tabSeries".current + excluded.current', "excluded.current"),
    "postgresql": _ADD["postgresql"].replace('"tabSeries".current + excluded.current', "excluded.current"),
    "mariadb": _ADD["mariadb"].replace("current + VALUES(current)", "VALUES(current)"),
}
_CREATE = "INSERT IGNORE INTO `tabSeries` (name, current) VALUES (%s, 0)"
_READ = {
    "sqlite": 'SELECT current FROM "tabSeries" WHERE name = ?',
    "postgresql": 'SELECT current FROM "tabSeries" WHERE name = %s',
    "mariadb": "SELECT current FROM `tabSeries` WHERE name = %s",
}

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


def _can_write_apart(database: Database) -> bool:
    return database.outer is None and database.apart.is_possible  # a test has one connection


def _dialect(unit: UnitOfWork) -> str:
    dialect = unit.link.dialect
    return "mariadb" if dialect in _MARIADB else dialect


def _inside(unit: UnitOfWork, statement: dict[str, str], counter: str, number: int) -> int:
    dialect = _dialect(unit)
    if dialect == "mariadb":
        _create(unit, counter)
    unit.before_write()
    return int(unit.link.rows(statement[dialect], (counter, number))[0][0])


def _beside(unit: UnitOfWork, statement: dict[str, str], doctype: str, number: int) -> int:
    # no prefix of a series can be this: nothing of a name stands before a colon and behind it only the number
    counter = f"autoincrement:{doctype}"
    database = unit.database
    if not _can_write_apart(database):
        return _inside(unit, statement, counter, number)
    for attempt in range(1, _TRIES + 1):
        try:
            return int(database.apart.run(statement[_dialect(unit)], (counter, number))[0][0])
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
    if counter in known or not _can_write_apart(database):
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
