"""Statements of jobs that are run all the time: compiled once for each kind of database, then run on a link's cursor.

SQLAlchemy needs 100 to 200 µs to run a statement that it has run before; a worker runs three for each job. See
docs/decisions/0006-compiled-statements.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Dialect
from sqlalchemy.sql.base import Executable

from doclife.core import json
from doclife.database import types
from doclife.database.link import Link
from doclife.schema.statements import Converter, Row, converters, tuple_maker

Values = Mapping[str, Any]


class _Compiled(NamedTuple):
    text: str
    #: values by name -> parameters
    bind: Callable[[Values], Row]
    #: what the driver gives -> row
    load: Callable[[Row], Row]


class HotStatement:
    """A Core statement with `bindparam`s that are given by name.

    On a link it goes to the driver; on a connection of SQLAlchemy's it is run as any other.
    """

    def __init__(self, statement: Executable, returned: Sequence[Column[Any]] = ()) -> None:
        """Keeps the statement; it is compiled with its first use.

        Args:
            statement: of Core.
            returned: the columns of the rows that it gives.
        """
        self._statement = statement
        self._returned = tuple(returned)
        self._compiled: dict[str, _Compiled] = {}

    def run(self, on: Link | Connection, values: Values) -> int:
        """Runs a write and returns how many rows it met."""
        if not isinstance(on, Link):
            return on.execute(self._statement, dict(values)).rowcount
        compiled = self._on(on)
        return on.run(compiled.text, compiled.bind(values))

    def rows(self, on: Link | Connection, values: Values) -> list[Row]:
        """Runs a statement that gives rows and returns them all."""
        if not isinstance(on, Link):
            return [tuple(row) for row in on.execute(self._statement, dict(values))]
        compiled = self._on(on)
        return [compiled.load(row) for row in on.rows(compiled.text, compiled.bind(values))]

    def run_many(self, on: Link | Connection, rows: Sequence[Values]) -> None:
        """Runs an INSERT for each of several rows."""
        if not isinstance(on, Link):
            on.execute(self._statement, list(rows))
            return
        compiled = self._on(on)
        on.run_many(compiled.text, [compiled.bind(row) for row in rows])

    def _on(self, link: Link) -> _Compiled:
        found = self._compiled.get(link.dialect)
        if found is None:
            found = self._compiled[link.dialect] = _compile(self._statement, self._returned, link.engine.dialect)
        return found


def _compile(statement: Any, returned: Sequence[Column[Any]], dialect: Dialect) -> _Compiled:
    # The same dialect with positional parameters, as `schema.statements` has it.
    style = "qmark" if dialect.name == "sqlite" else "format"
    positional: Any = type(dialect)
    compiled = statement.compile(dialect=positional(paramstyle=style))
    given: list[tuple[str, Any, Converter | None]] = []
    for name in compiled.positiontup:
        bound = compiled.binds[name]
        convert = _converters(bound.type, dialect)[0]
        fixed = None if bound.required else bound.effective_value
        if fixed is not None and convert is not None:
            fixed = convert(fixed)
        given.append((name if bound.required else "", fixed, convert))
    return _Compiled(
        str(compiled), _binder(given), tuple_maker([_converters(column.type, dialect)[1] for column in returned])
    )


def _converters(kind: Any, dialect: Dialect) -> tuple[Converter | None, Converter | None]:
    if isinstance(kind, types.JsonText):
        return json.pack, json.unpack
    return converters(Column("", kind), dialect)


def _binder(given: Sequence[tuple[str, Any, Converter | None]]) -> Callable[[Values], Row]:
    """Returns a function that makes parameters of values by name; generated, as in `schema.rows`."""
    names: dict[str, Any] = {}
    parts = []
    for n, (name, fixed, convert) in enumerate(given):
        if not name:
            names[f"f{n}"] = fixed
            parts.append(f"f{n}")
        elif convert is None:
            parts.append(f"v[{name!r}]")
        else:
            names[f"c{n}"] = convert
            parts.append(f"(None if v[{name!r}] is None else c{n}(v[{name!r}]))")
    made: Callable[[Values], Row] = eval(f"lambda v: ({''.join(f'{part}, ' for part in parts)})", names)  # noqa: S307 own names only
    return made
