"""Statements of one table on one database: texts compiled once from Core, and the values' way in and out.

The texts are what SQLAlchemy compiles for this dialect, with positional parameters; the value
converters are the counterparts of `database.types` for rows that do not pass through SQLAlchemy.
A column of any other type uses SQLAlchemy's own processors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Dialect, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from doclife.core import json
from doclife.core.amount import Amount
from doclife.database import types
from doclife.schema.tables import lease

Converter = Callable[[Any], Any]
Row = tuple[Any, ...]

_new = Decimal.__new__


def _amount_from_float(value: float) -> Amount:
    return _new(Amount, repr(value))


def _amount(value: Any) -> Amount:
    return _new(Amount, value)


def _unpack(text: str) -> Any:
    return json.unpack(text)


#: the last datetime that was made text: the rows of one operation share theirs
_last: tuple[datetime | None, str] = (None, "")


def _datetime_text(value: datetime) -> str:
    global _last
    known, text = _last
    if known is not value:
        text = value.isoformat(" ", "microseconds")
        _last = (value, text)
    return text


def _time_text(value: time) -> str:
    return value.isoformat("microseconds")


def _time_from_delta(value: Any) -> Any:
    return (datetime.min + value).time() if isinstance(value, timedelta) else value


#: the same of times in UTC
_last_utc: tuple[datetime | None, str] = (None, "")


def _utc_text(value: datetime) -> str:
    global _last_utc
    known, text = _last_utc
    if known is not value:
        stored: Any = types.UtcDateTime().process_bind_param(value, _ANY_DIALECT)
        text = stored.isoformat(" ", "microseconds")
        if value.tzinfo is not None:  # another site may keep another time by the same one without a zone
            _last_utc = (value, text)
    return text


def _utc_out(first: Converter | None) -> Converter:
    kind = types.UtcDateTime()

    def convert(value: Any) -> Any:
        moment = first(value) if first is not None else value
        return kind.process_result_value(moment.replace(tzinfo=UTC), _ANY_DIALECT)

    return convert


#: somebody holds the lease of the name that is given
_HELD = select(lease.c.name).where(lease.c.name == bindparam("b_lease"), lease.c.holder.is_not(None)).exists()

_ANY_DIALECT: Any = None  # UtcDateTime does not look at it

_NOTHING: tuple[Converter | None, Converter | None] = (None, None)

#: type -> (into the database, out of it); JSON stands in rows as text already
_SQLITE: dict[type, tuple[Converter | None, Converter | None]] = {
    types.AmountType: (types.amount_to_real, _amount_from_float),
    types.NaiveDateTime: (_datetime_text, datetime.fromisoformat),
    types.UtcDateTime: (_utc_text, _utc_out(datetime.fromisoformat)),
    types.Date: (date.isoformat, date.fromisoformat),
    types.TimeOfDay: (_time_text, time.fromisoformat),
    types.NameNumber: (types.name_to_number, str),
}
_SERVERS: dict[type, tuple[Converter | None, Converter | None]] = {
    # Drivers look at the exact type of a parameter: a subclass of Decimal would be sent as text.
    types.AmountType: (Decimal, _amount),
    # Text costs their drivers less, and on PostgreSQL it is one prepared statement with and without a value.
    types.NaiveDateTime: (_datetime_text, None),
    types.UtcDateTime: (_utc_text, _utc_out(None)),
    types.Date: (date.isoformat, None),
    types.TimeOfDay: (None, _time_from_delta),
    types.NameNumber: (types.name_to_number, str),
}
_PLAIN = (types.ShortText, types.LongText, types.JsonText, types.CheckType, types.BigInt, types.Double)


def converters(column: Column[Any], dialect: Dialect) -> tuple[Converter | None, Converter | None]:
    """Returns the functions that take a value of this column into the database and out of it."""
    kind = type(column.type)
    known = _SQLITE if dialect.name == "sqlite" else _SERVERS
    if kind in known:
        return known[kind]
    if kind in _PLAIN:
        return _NOTHING
    implementation = column.type.dialect_impl(dialect)
    return implementation.bind_processor(dialect), implementation.result_processor(dialect, None)


def tuple_maker(functions: Sequence[Converter | None]) -> Callable[[Row], Row]:
    """Returns a function that converts a row; generated, as in `schema.rows`."""
    if not any(functions):
        return tuple
    names = {f"c{n}": function for n, function in enumerate(functions) if function is not None}
    parts = [
        f"r[{n}]" if function is None else f"(None if r[{n}] is None else c{n}(r[{n}]))"
        for n, function in enumerate(functions)
    ]
    made: Callable[[Row], Row] = eval(f"lambda r: ({', '.join(parts)},)", names)  # noqa: S307 indexes and own names only
    return made


#: names in one statement: databases limit its parameters, SQLite to 32,766
_MOST_NAMES = 1024


def batches(names: Sequence[str]) -> Iterator[list[str]]:
    """Yields the names in lists of 1, 2, 4, ... 1,024, the last one filled up by repeating its last name.

    So that statements that take a list of names have a handful of texts, however many names come.
    """
    for start in range(0, len(names), _MOST_NAMES):
        part = list(names[start : start + _MOST_NAMES])
        part += [part[-1]] * ((1 << (len(part) - 1).bit_length()) - len(part))
        yield part


class Statements:
    """The hot statements of one table on one dialect."""

    def __init__(self, table: Table, columns: Sequence[str], dialect: Dialect) -> None:
        """Compiles the texts for `columns`, the row format's order."""
        self._table = table
        self._columns = [table.c[name] for name in columns]
        # The same dialect with positional parameters: rows are tuples.
        style = "qmark" if dialect.name == "sqlite" else "format"
        self._dialect = type(dialect)(paramstyle=style)  # type: ignore[call-arg]  # every concrete dialect takes it
        pairs = [converters(column, dialect) for column in self._columns]
        self._bind_one = {column.name: pair[0] for column, pair in zip(self._columns, pairs, strict=True)}
        self._bind_name = self._bind_one["name"]
        #: row -> parameters of `insert`
        self.bind = tuple_maker([pair[0] for pair in pairs])
        #: what a select of all columns gave -> row
        self.load = tuple_maker([pair[1] for pair in pairs])
        self.insert = self._text(insert(table).values({c.name: bindparam(c.name) for c in self._columns}))
        #: leaves the row out where the name exists already (PostgreSQL)
        self.insert_new = f'{self.insert} ON CONFLICT ("name") DO NOTHING'
        self.select = self._text(self._select(table.c.name == bindparam("b_name")))
        self.select_for_update = self._text(self._select(table.c.name == bindparam("b_name")).with_for_update())
        #: the same without waiting for who has the row locked
        self.select_nowait = self._text(self._select(table.c.name == bindparam("b_name")).with_for_update(nowait=True))
        gone = delete(table).where(table.c.name == bindparam("b_name"), table.c.docstatus == bindparam("b_docstatus"))
        #: parameters: name, and the docstatus as loaded
        self.delete = self._text(gone)
        #: the same, and the name of a lease: while somebody holds that, no row is met
        self.delete_unless_held = self._text(gone.where(~_HELD))
        self._updates: dict[tuple[tuple[str, ...], bool, bool, bool], str] = {}
        self._same: dict[tuple[tuple[str, ...], int], str] = {}
        self._deletes: dict[int, str] = {}
        self._reads: dict[int, str] = {}
        self._reads_of: dict[int, str] = {}
        self._lookups: dict[tuple[tuple[str, ...], int, bool], tuple[str, Callable[[Row], Row]]] = {}
        if "parent" in table.c:
            of_parent = (
                (table.c.parent == bindparam("b_parent")),
                (table.c.parenttype == bindparam("b_type")),
                (table.c.parentfield == bindparam("b_field")),
            )
            #: rows of one parent's field, unordered: sorting ten rows here is cheaper than an ORDER BY there
            self.select_rows = self._text(self._select(*of_parent))
            self.select_rows_for_update = self._text(self._select(*of_parent).with_for_update())
            self.delete_rows = self._text(delete(table).where(*of_parent))

    def _select(self, *where: ColumnElement[bool]) -> Any:
        return select(*self._columns).where(*where)

    def _text(self, statement: Any) -> str:
        return str(statement.compile(dialect=self._dialect))

    def update(
        self, columns: tuple[str, ...], *, locked: bool, undated: bool = False, unless_held: bool = False
    ) -> str:
        """Returns UPDATE of these columns by name.

        Parameters are the columns' values, then the name, then with `locked` the `modified` as it was loaded;
        `undated` is the lock on a row that had none, as bulk loads may leave it. With `unless_held` the last is
        the name of a lease: while somebody holds that, no row is met.
        """
        key = (columns, locked, undated, unless_held)
        text = self._updates.get(key)
        if text is None:
            table = self._table
            statement = update(table).where(table.c.name == bindparam("b_name"))
            if locked:
                statement = statement.where(table.c.modified == bindparam("b_modified"))
            elif undated:
                statement = statement.where(table.c.modified.is_(None))
            if unless_held:
                statement = statement.where(~_HELD)
            # ordered_values: SET follows `columns`, as the parameters do
            statement = statement.ordered_values(*((table.c[name], bindparam(f"v_{name}")) for name in columns))
            text = self._updates[key] = self._text(statement)
        return text

    def bind_columns(self, columns: Sequence[str], values: Sequence[Any]) -> list[Any]:
        """Returns the parameters for these columns."""
        bound = []
        for name, value in zip(columns, values, strict=True):
            convert = self._bind_one[name]
            bound.append(value if convert is None or value is None else convert(value))
        return bound

    def key(self, name: str) -> Any:
        """Returns the parameter for a name; it stands behind those of the columns where both are needed."""
        return name if self._bind_name is None else self._bind_name(name)

    def keys(self, names: Sequence[str]) -> Iterator[list[Any]]:
        """Yields the parameters for names in the lists of `batches`."""
        for part in batches(names):
            yield part if self._bind_name is None else list(map(self._bind_name, part))

    def update_many(self, columns: tuple[str, ...], count: int) -> str:
        """Returns UPDATE of these columns to the same values for `count` names."""
        key = (columns, count)
        text = self._same.get(key)
        if text is None:
            table = self._table
            statement = update(table).where(table.c.name.in_([bindparam(f"n{n}") for n in range(count)]))
            statement = statement.ordered_values(*((table.c[name], bindparam(f"v_{name}")) for name in columns))
            text = self._same[key] = self._text(statement)
        return text

    def delete_many(self, count: int) -> str:
        """Returns DELETE by `count` names."""
        text = self._deletes.get(count)
        if text is None:
            table = self._table
            names = table.c.name.in_([bindparam(f"n{n}") for n in range(count)])
            text = self._deletes[count] = self._text(delete(table).where(names))
        return text

    def lookup(
        self,
        run: Callable[[str, Sequence[Any]], list[Row]],
        columns: tuple[str, ...],
        names: Sequence[str],
        *,
        ignore_case: bool = False,
    ) -> list[dict[str, Any]]:
        """Reads columns of the rows with these names.

        Args:
            run: runs a text with parameters.
            columns: which.
            names: of the rows.
            ignore_case: compare names in lower case.
        """
        result = []
        for part in self.keys(names):
            text, load = self._lookup(columns, len(part), ignore_case and self._bind_name is None)
            result += [dict(zip(columns, load(row), strict=True)) for row in run(text, part)]
        return result

    def _lookup(self, columns: tuple[str, ...], count: int, ignore_case: bool) -> tuple[str, Callable[[Row], Row]]:
        key = (columns, count, ignore_case)
        found = self._lookups.get(key)
        if found is None:
            chosen = [self._table.c[name] for name in columns]
            name: Any = self._table.c.name
            asked: list[Any] = [bindparam(f"n{n}") for n in range(count)]
            if ignore_case:  # on both sides by the database: what it takes for a letter is its own affair
                name, asked = func.lower(name), [func.lower(each) for each in asked]
            statement = select(*chosen).where(name.in_(asked))
            out = [_unpack if type(c.type) is types.JsonText else converters(c, self._dialect)[1] for c in chosen]
            found = self._lookups[key] = (self._text(statement), tuple_maker(out))
        return found

    def read_many(self, run: Callable[[str, Sequence[Any]], list[Row]], names: Sequence[str]) -> list[Row]:
        """Reads the whole rows with these names."""
        rows: list[Row] = []
        for part in self.keys(names):
            text = self._reads.get(len(part))
            if text is None:
                wanted = self._table.c.name.in_([bindparam(f"n{n}") for n in range(len(part))])
                text = self._reads[len(part)] = self._text(self._select(wanted))
            rows += map(self.load, run(text, part))
        return rows

    def read_rows_of(
        self, run: Callable[[str, Sequence[Any]], list[Row]], parents: Sequence[str], parenttype: str, parentfield: str
    ) -> list[Row]:
        """Reads the child rows of several parents' field."""
        rows: list[Row] = []
        for part in batches(parents):
            text = self._reads_of.get(len(part))
            if text is None:
                c = self._table.c
                of_parents = c.parent.in_([bindparam(f"n{n}") for n in range(len(part))])
                statement = self._select(of_parents, c.parenttype == bindparam("t"), c.parentfield == bindparam("f"))
                text = self._reads_of[len(part)] = self._text(statement)
            rows += map(self.load, run(text, [*part, parenttype, parentfield]))
        return rows
