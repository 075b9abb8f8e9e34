"""Writing: what an operation has collected, as few statements as there are tables.

Only changed columns and changed child rows are written: one statement each for inserted, updated
and deleted rows of a table (design 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from doclife.core.errors import (
    DataError,
    DoesNotExistError,
    DuplicateEntryError,
    TimestampMismatchError,
    UniqueValidationError,
)
from doclife.core.ids import reseed_hash_names
from doclife.database.errors import DuplicateKey
from doclife.model import locks, passwords
from doclife.model.checks import collect, describe, refuse_unstorable, take
from doclife.model.naming import may_take_another, new_hash_names
from doclife.model.operation import Operation
from doclife.model.state import Row, replace_stored
from doclife.schema import registry
from doclife.schema.statements import Statements

#: how often an insert under a hash name that exists already tries another one
_NAME_TRIES = 5
_MODIFIED, _DOCSTATUS = 3, 5  # their places in every row: see schema.tables.STANDARD_COLUMNS


def write(op: Operation) -> None:
    """Writes the document and its rows, and makes what was written the new stored state.

    Raises:
        TimestampMismatchError: the stored document is newer than the one that was loaded.
        DocumentLockedError: somebody else has locked it.
        DuplicateEntryError, UniqueValidationError: a key is taken.
    """
    if op.row is None:
        collect(op)
    op.unit.before_write()
    try:
        if op.inserting:
            _insert(op)
        else:
            _update(op)
    except DataError as error:
        refuse_unstorable(op, error)
        raise
    _written(op)


def _written(op: Operation) -> None:
    """Makes what was written the document's new stored state."""
    doc, state, blueprint = op.doc, op.doc._state, op.doc._blueprint
    state.row = op.row
    if blueprint.table_fields:
        stored = {}
        for name, pairs in op.child_rows.items():
            rows = {}
            for row, taken in pairs:
                row._state.row = taken
                rows[taken[0]] = taken
            if state.stored_rows.get(name) and _keeps_rows(doc, registry.resolve(blueprint.table_fields[name].options)):
                rows = state.stored_rows[name] | rows
            stored[name] = rows
        state.stored_rows = stored
    state.loaded_in = op.unit.serial
    if op.unit.facts:
        op.unit.drop_facts(doc.__table__.name)
    if doc.docstatus != 2:
        op.unit.verified.add((doc.meta.doctype, doc.name))
    else:
        op.unit.verified.clear()


def _insert(op: Operation) -> None:
    doc = op.doc
    link = op.unit.link
    dialect = op.unit.database.engine.dialect
    statements = doc._blueprint.statements(dialect)
    # A hash that exists is met by another one. PostgreSQL is asked to leave the row out: after an error
    # it would do nothing more before a savepoint.
    text = statements.insert_new if op.hash_named and link.dialect == "postgresql" else statements.insert
    for attempt in range(1, _NAME_TRIES + 1):
        try:
            assert op.row is not None
            if link.run(text, statements.bind(op.row)):
                break
        except DuplicateKey as error:
            if not (error.primary and op.hash_named):
                raise _taken(doc, error) from error
        reseed_hash_names()
        if attempt == _NAME_TRIES or not may_take_another(op):
            raise _hash_taken(op)
        new_hash_names(op)
    for name, pairs in op.child_rows.items():
        if pairs:
            _insert_rows(op, name, pairs)


def write_batch(ops: Sequence[Operation]) -> None:
    """Writes many new documents of one class and their rows, one statement per table.

    Raises:
        DuplicateKey: of a document; `first_taken` tells which when what was written is undone.
        DuplicateEntryError, UniqueValidationError: of a row.
    """
    first = ops[0]
    unit, doc = first.unit, first.doc
    for op in ops:
        if op.row is None:
            collect(op)
    unit.before_write()
    dialect = unit.database.engine.dialect
    statements = doc._blueprint.statements(dialect)
    try:
        unit.link.run_many(statements.insert, [statements.bind(op.row) for op in ops if op.row is not None])
    except DataError as error:
        for op in ops:
            refuse_unstorable(op, error)
        raise
    for name in doc._blueprint.table_fields:
        pairs = [pair for op in ops for pair in op.child_rows[name]]
        if pairs:
            _insert_rows(first, name, pairs)
    for op in ops:
        _written(op)


def first_taken(ops: Sequence[Operation], error: DuplicateKey) -> Exception:
    """Returns the error that names the first document of a batch whose key is taken, or given twice.

    Order: after what the batch had written was undone: until then its own keys look taken too.
    """
    doc = ops[0].doc
    if error.primary and any(op.hash_named for op in ops):
        reseed_hash_names()
        return _hash_taken(ops[0])
    field = None if error.primary else _field_of(doc, error)
    if field is None and not error.primary:
        return UniqueValidationError(f"{doc.doctype}: {error}", doctype=doc.doctype)
    column = doc.__table__.c[field.name if field is not None else "name"]
    place = doc._blueprint.format.index[column.name]
    rows = [op.row for op in ops if op.row is not None]
    seen = set(ops[0].unit.link.execute(select(column).where(column.in_([row[place] for row in rows]))).scalars())
    for row in rows:
        if row[place] in seen:
            return _key_taken(doc, f"{doc.doctype} {row[0]}", row[0], field, row[place])
        if row[place] is not None:
            seen.add(row[place])
    return DuplicateEntryError(  # somebody else's, and given free meanwhile
        f"{doc.doctype}: one of {len(ops)} documents had a key that was taken; do it again", conflict=True
    )


def _hash_taken(op: Operation) -> DuplicateEntryError:
    """Returns the error for a hash name that exists: two processes' runs overlap, and not again from a new start."""
    return DuplicateEntryError(
        f"{describe(op.doc)}: the name exists already; do the operation again",
        doctype=op.doc.doctype,
        name=op.doc.name,
        conflict=True,
    )


def _insert_rows(op: Operation, table_field: str, pairs: list[tuple[Any, Row]]) -> None:
    child = registry.resolve(op.doc._blueprint.table_fields[table_field].options)
    statements = child._blueprint.statements(op.unit.database.engine.dialect)
    bind = statements.bind
    try:
        if len(pairs) == 1:
            op.unit.link.run(statements.insert, bind(pairs[0][1]))
        else:
            op.unit.link.run_many(statements.insert, [bind(taken) for _, taken in pairs])
    except DuplicateKey as error:
        if error.primary:  # two processes' runs of hash names overlap: once, and not again from a new start
            reseed_hash_names()
            raise DuplicateEntryError(
                f"{describe(op.doc)}: a row's name exists already; do the operation again", conflict=True
            ) from error
        raise _taken(pairs[0][0], error) from error


def _taken(doc: Any, error: DuplicateKey) -> Exception:
    """Returns the error that names document and field of a key that is taken."""
    field = None if error.primary else _field_of(doc, error)
    if field is None and not error.primary:
        return UniqueValidationError(f"{describe(doc)}: {error}", doctype=doc.doctype, name=doc.name)
    return _key_taken(doc, describe(doc), doc.name, field, doc.__dict__[field.name] if field is not None else doc.name)


def _key_taken(doc: Any, what: str, name: str | None, field: Any, value: Any) -> Exception:
    # of the name and the unique field it is made of, each database tells the one it has looked at first
    names_it = field is not None and doc.meta.autoname.lower() == f"field:{field.name}".lower()
    if field is None or (names_it and doc._state.row is None):
        return DuplicateEntryError(f"{doc.doctype} {name!r} exists already", doctype=doc.doctype, name=name)
    return UniqueValidationError(
        f"{what}: {field.label} ({field.name}) must be unique, and {value!r} is taken",
        doctype=doc.doctype,
        name=name,
        field=field.name,
        value=value,
    )


def _field_of(doc: Any, error: DuplicateKey) -> Any:
    """Returns the unique field whose value is taken, or None."""
    fields = [each for each in doc._blueprint.fields.values() if each.unique]
    return next((f for f in fields if error.columns == (f.name,) or error.constraint.endswith(f"_{f.name}")), None)


def _update(op: Operation) -> None:
    doc, before = op.doc, op.doc._state.row
    assert op.row is not None
    assert before is not None
    statements: Statements = doc._blueprint.statements(op.unit.database.engine.dialect)
    columns = doc._blueprint.columns
    changed = [n for n, (new, old) in enumerate(zip(op.row, before, strict=True)) if new is not old and new != old]
    names = tuple(columns[n] for n in changed)
    values = statements.bind_columns(names, [op.row[n] for n in changed])
    loaded = before[doc._blueprint.format.index["modified"]]
    key = statements.bind_columns(("name", "modified"), (before[0], loaded))
    dated = loaded is not None
    params = [*values, *key] if dated else [*values, key[0]]
    text = statements.update(names, locked=dated, undated=not dated, unless_held=True)
    try:
        count = op.unit.link.run(text, [*params, locks.name_of(doc)])
        if count == 0 and locks.may_write(op.unit, doc):
            count = op.unit.link.run(statements.update(names, locked=dated, undated=not dated), params)
    except DuplicateKey as error:
        raise _taken(doc, error) from error
    if count == 0:
        raise _stale(op, loaded)
    for table_field, pairs in op.child_rows.items():
        _write_rows(op, table_field, pairs)


def _stale(op: Operation, loaded: Any) -> Exception:
    doc = op.doc
    statements = doc._blueprint.statements(op.unit.database.engine.dialect)
    found = statements.lookup(op.unit.link.rows, ("modified", "modified_by"), [doc._state.row[0]])
    what = f"{doc.doctype} {doc._state.row[0]}"
    if not found:
        return DoesNotExistError(f"{what} does not exist any more", doctype=doc.doctype, name=doc.name)
    return TimestampMismatchError(
        f"{what} was changed at {found[0]['modified']} by {found[0]['modified_by']}, after this copy of it of "
        f"{loaded} was loaded; reload() and do it again",
        doctype=doc.doctype,
        name=doc.name,
        loaded=loaded,
        stored=found[0]["modified"],
        loaded_in_unit=doc._state.loaded_in == op.unit.serial,
    )


def _write_rows(op: Operation, table_field: str, pairs: list[tuple[Any, Row]]) -> None:
    stored = op.doc._state.stored_rows.get(table_field, {})
    if not pairs and not stored:
        return
    child = registry.resolve(op.doc._blueprint.table_fields[table_field].options)
    statements = child._blueprint.statements(op.unit.database.engine.dialect)
    link = op.unit.link
    current = {taken[0] for _, taken in pairs}
    gone = [] if _keeps_rows(op.doc, child) else [name for name in stored if name not in current]
    for part in statements.keys(gone):
        link.run(statements.delete_many(len(part)), part)
    new = [pair for pair in pairs if pair[0]._state.row is None]
    by_columns: dict[tuple[str, ...], list[tuple[tuple[Any, ...], str]]] = {}
    columns = child._blueprint.columns
    for row, taken in pairs:
        old = row._state.row
        if old is None or old == taken:
            continue
        changed = [n for n, (a, b) in enumerate(zip(taken, old, strict=True)) if a is not b and a != b]
        entry = (tuple(taken[n] for n in changed), taken[0])
        by_columns.setdefault(tuple(columns[n] for n in changed), []).append(entry)
    for names, entries in by_columns.items():
        _update_rows(link, statements, names, entries)
    if new:
        _insert_rows(op, table_field, new)


def _keeps_rows(doc: Any, child: Any) -> bool:
    """Tells whether `flags.ignore_children_type` says that rows missing in memory stay in the table."""
    flags = doc._state.flags
    return bool(flags) and child.meta.doctype in (flags.get("ignore_children_type") or ())


def _update_rows(
    link: Any, statements: Statements, columns: tuple[str, ...], entries: list[tuple[tuple[Any, ...], str]]
) -> None:
    values = entries[0][0]
    if all(entry[0] == values for entry in entries):
        bound = statements.bind_columns(columns, values)
        for part in statements.keys([name for _, name in entries]):
            link.run(statements.update_many(columns, len(part)), [*bound, *part])
        return
    rows = [(*statements.bind_columns(columns, each), statements.key(name)) for each, name in entries]
    link.run_many(statements.update(columns, locked=False), rows)


def write_columns(op: Operation) -> None:
    """Writes the columns of a db_set, without regard to what else was changed in memory.

    Raises:
        DoesNotExistError: the document is not stored.
    """
    values = op.doc.__dict__
    names = tuple(op.options["columns"])
    if op.options["update_modified"]:
        values["modified"], values["modified_by"] = op.next_modified(), op.context.user
        names += tuple(name for name in ("modified", "modified_by") if name not in names)
    write_named(op, names)


def write_named(op: Operation, names: tuple[str, ...]) -> None:
    """Writes columns of a document or row by its name alone, and makes them what is known to be stored.

    Raises:
        DoesNotExistError: it is not stored. UniqueValidationError: a key is taken.
    """
    doc, before = op.doc, op.doc._state.row
    statements = doc._blueprint.statements(op.unit.database.engine.dialect)
    op.unit.before_write()
    if doc._blueprint.format.password_fields:
        passwords.hash_new(doc)
    taken = take(doc)
    index = doc._blueprint.format.index
    try:
        bound = statements.bind_columns(names, [taken[index[name]] for name in names])
        count = op.unit.link.run(statements.update(names, locked=False), [*bound, statements.key(before[0])])
    except DuplicateKey as error:
        raise _taken(doc, error) from error
    except DataError as error:
        refuse_unstorable(op, error)
        raise
    if count == 0:
        raise DoesNotExistError(
            f"{doc.doctype} {before[0]} does not exist any more", doctype=doc.doctype, name=doc.name
        )
    row = list(before)
    for name in names:
        row[index[name]] = taken[index[name]]
    op.unit.frames[-1].add_restore(replace_stored(doc, tuple(row)))
    op.unit.outdate(doc.__table__.name)


def delete(op: Operation) -> None:
    """Deletes the document and its rows.

    Raises:
        DoesNotExistError: it is not stored any more.
        TimestampMismatchError: it has been submitted or cancelled since it was loaded.
        DocumentLockedError: somebody else has locked it.
    """
    doc = op.doc
    dialect = op.unit.database.engine.dialect
    op.unit.before_write()
    name = doc._state.row[0]
    for table_field, field in doc._blueprint.table_fields.items():
        child = registry.resolve(field.options)._blueprint.statements(dialect)
        op.unit.link.run(child.delete_rows, (name, doc.meta.doctype, table_field))
    stored = doc._state.row
    statements = doc._blueprint.statements(dialect)
    params = (statements.key(name), stored[_DOCSTATUS])
    count = op.unit.link.run(statements.delete_unless_held, (*params, locks.name_of(doc)))
    if count == 0 and locks.may_write(op.unit, doc):
        count = op.unit.link.run(statements.delete, params)
    if count == 0:
        raise _stale(op, stored[_MODIFIED])
    op.unit.outdate(doc.__table__.name)
