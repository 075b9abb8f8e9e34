"""Loading: from rows of the database to document objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from doclife.core.errors import DoesNotExistError, QueryTimeoutError, ValidationError
from doclife.model.state import Row, State
from doclife.query.select import set_materialiser
from doclife.schema import registry
from doclife.uow.unit import UnitOfWork

_set = object.__setattr__


def materialise(cls: Any, row: Row, rows: Mapping[str, Sequence[Row]], *, loaded_in: int = -1) -> Any:
    """Returns the document of a row and its child rows, as stored.

    Args:
        cls: its class.
        row: in the order of the class's columns.
        rows: table field -> rows, in the order of the child class's columns.
        loaded_in: serial of the transaction it was read in.
    """
    doc = cls.__new__(cls)
    state = State(row)
    state.loaded_in = loaded_in
    _set(doc, "_state", state)
    blueprint = cls._blueprint
    doc.__dict__.update(blueprint.format.values(row))
    if blueprint.table_fields:
        stored = {}
        for name, field in blueprint.table_fields.items():
            stored[name] = _attach(doc, registry.resolve(field.options), name, rows.get(name, ()))
        state.stored_rows = stored
    return doc


def _attach(doc: Any, cls: Any, table_field: str, rows: Sequence[Row]) -> dict[str, Row]:
    idx = itemgetter(cls._blueprint.format.index["idx"])
    values_of = cls._blueprint.format.values
    new = cls.__new__
    children = []
    stored = {}
    for row in sorted(rows, key=idx) if len(rows) > 1 else rows:
        child = new(cls)
        state = State(row)
        state.parent = doc
        _set(child, "_state", state)
        child.__dict__.update(values_of(row))
        children.append(child)
        stored[row[0]] = row
    doc.__dict__[table_field] = children
    return stored


def fetch(
    unit: UnitOfWork, cls: Any, name: str, *, for_update: bool = False
) -> tuple[Row, dict[str, list[Row]]] | None:
    """Reads a document's row and child rows: one statement, and one more per table field.

    Returns:
        The row, and rows by table field; None when it is not stored.
    Raises:
        ValidationError: the name is neither text nor a whole number.
    """
    name = name_text(cls, name)
    if for_update and unit.link.dialect == "postgresql":
        with unit.savepoint():  # a lock that is not had in time must not cost what was written before
            return _fetch(unit, cls, name, for_update=True)
    return _fetch(unit, cls, name, for_update=for_update)


def lock_row(unit: UnitOfWork, cls: Any, name: str, *, wait: bool = True) -> Row | None:
    """Locks a document's row until the transaction ends, and returns it as it is now; None: it is not stored.

    Args:
        unit: the unit of work.
        cls: class of the document.
        name: of the document.
        wait: False: do not wait for who has it locked. SQLite has one lock for all, and waits for that.
    Raises:
        QueryTimeoutError: somebody else has it locked.
    """
    statements = cls._blueprint.statements(unit.database.engine.dialect)
    text = statements.select_for_update if wait else statements.select_nowait
    if unit.link.dialect == "postgresql":
        with unit.savepoint():  # as in `fetch`
            unit.before_write()
            found = unit.link.rows(text, (statements.key(name),))
    else:
        unit.before_write()
        found = unit.link.rows(text, (statements.key(name),))
    return statements.load(found[0]) if found else None


def lock_to_delete(unit: UnitOfWork, cls: Any, name: str) -> None:
    """Locks a document that is to be deleted: who is just changing it is not waited for.

    Raises:
        DoesNotExistError: it is not stored.
        QueryTimeoutError: somebody else has it locked. SQLite has one lock for all, and waits for that.
    """
    doctype = cls.meta.doctype
    if unit.link.dialect == "sqlite":
        unit.before_write()
        return
    try:
        found = lock_row(unit, cls, name, wait=False)
    except QueryTimeoutError as error:
        raise QueryTimeoutError(
            f"{doctype} {name} cannot be deleted now, somebody else is changing it; try again in a moment",
            doctype=doctype,
            name=name,
        ) from error
    if found is None:
        raise _missing(cls, name)


def _missing(cls: Any, name: str) -> DoesNotExistError:
    doctype = cls.meta.doctype
    return DoesNotExistError(f"{doctype} {name!r} does not exist", doctype=doctype, name=name)


def name_text(cls: Any, name: Any) -> str:
    """Returns a name as text; whole numbers are names too.

    Databases compare other types with a text column each in its own way: MariaDB finds any name for 0.

    Raises:
        ValidationError: it is something else.
    """
    if isinstance(name, str):
        return name
    if isinstance(name, int) and not isinstance(name, bool):
        return str(name)
    raise ValidationError(
        f"{cls.meta.doctype}: a document's name is text, not {name!r} ({type(name).__name__})", doctype=cls.meta.doctype
    )


def _fetch(unit: UnitOfWork, cls: Any, name: str, *, for_update: bool) -> tuple[Row, dict[str, list[Row]]] | None:
    link = unit.link
    dialect = unit.database.engine.dialect
    blueprint = cls._blueprint
    statements = blueprint.statements(dialect)
    if for_update:
        unit.before_write()
    found = link.rows(statements.select_for_update if for_update else statements.select, (statements.key(name),))
    if not found:
        return None
    rows: dict[str, list[Row]] = {}
    for field_name, field in blueprint.table_fields.items():
        child = registry.resolve(field.options)._blueprint.statements(dialect)
        text = child.select_rows_for_update if for_update else child.select_rows
        rows[field_name] = list(map(child.load, link.rows(text, (name, blueprint.meta.doctype, field_name))))
    return statements.load(found[0]), rows


def load(unit: UnitOfWork, cls: Any, name: str, *, for_update: bool = False) -> Any:
    """Returns a stored document.

    Raises:
        DoesNotExistError: it is not stored.
    """
    found = fetch(unit, cls, name, for_update=for_update)
    if found is None:
        raise _missing(cls, name)
    return materialise(cls, found[0], found[1], loaded_in=unit.serial)


# db.select gives documents, but query stands below model: so it is told how they are made.
set_materialiser(materialise)
