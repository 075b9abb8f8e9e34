"""Values: single columns of single documents, whether there are some, and how many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.sql.elements import ColumnElement

from doclife.core.context import AttrDict, Context
from doclife.core.errors import ValidationError
from doclife.query.casting import defaults
from doclife.query.execute import read
from doclife.query.fields import select_fields
from doclife.query.filters import conditions
from doclife.query.lists import class_of, statement_of
from doclife.query.ordering import TYPE_ORDER
from doclife.query.parser import parse_fields
from doclife.query.scope import Scope
from doclife.schema import registry
from doclife.uow.unit import UnitOfWork


def get_value(
    context: Context,
    doctype: Any,
    filters: Any,
    fieldname: Any,
    *,
    as_dict: bool = False,
    order_by: Any = TYPE_ORDER,
    for_update: bool = False,
    skip_locked: bool = False,
    wait: bool = True,
) -> Any:
    """Returns values of the first document that filters match; see `Db.get_value`."""
    cls = class_of(doctype)
    if cls.meta.issingle and (filters is None or filters == cls.meta.doctype):
        return _of_single(context, cls, fieldname, as_dict=as_dict, for_update=for_update)
    if filters is None:
        return None
    if type(filters) is str and not for_update:
        columns = plain_columns(cls, fieldname)
        if columns is not None and filters[:1] not in ("{", "["):
            found = by_name(context.unit, cls, filters, columns)
            return None if found is None else _shaped(fieldname, columns, found, as_dict=as_dict)
    rows = get_values(
        context,
        cls,
        filters,
        fieldname,
        as_dict=as_dict or fieldname == "*",
        order_by=order_by,
        limit=1,
        for_update=for_update,
        skip_locked=skip_locked,
        wait=wait,
    )
    if not rows:
        return None
    return rows[0] if as_dict or not is_scalar(fieldname) else rows[0][0]


def get_values(
    context: Context,
    doctype: Any,
    filters: Any,
    fieldname: Any,
    *,
    as_dict: bool = False,
    order_by: Any = TYPE_ORDER,
    limit: int | None = None,
    distinct: bool = False,
    for_update: bool = False,
    skip_locked: bool = False,
    wait: bool = True,
) -> list[Any]:
    """Returns values of every document that filters match; see `Db.get_values`."""
    cls = class_of(doctype)
    scope = Scope(cls)
    selection = select_fields(scope, fieldname)
    if selection.rows:
        raise ValidationError(f"{scope.doctype}: child rows as lists are had from get_all()")
    if not selection.labels:
        raise ValidationError(f"{scope.doctype}: no field was asked for")
    statement = statement_of(
        scope,
        selection,
        conditions(scope, filters),
        order_by=order_by,
        distinct=distinct or selection.distinct,
        limit=limit,
    )
    if for_update:
        statement = locked(scope, statement, context.unit, skip_locked=skip_locked, wait=wait)
    with patience(context.unit, wait=wait or not for_update):
        found = read(context.unit, statement, locking=for_update).all()
    return [AttrDict(zip(selection.labels, row, strict=True)) for row in found] if as_dict else [*map(tuple, found)]


def locked(scope: Scope, statement: Select[Any], unit: UnitOfWork, *, skip_locked: bool, wait: bool) -> Select[Any]:
    """Returns a SELECT that locks the documents it finds; those they link and their rows stay free."""
    of = scope.table if scope.joins and unit.link.dialect == "postgresql" else None
    return statement.with_for_update(nowait=not wait and not skip_locked, skip_locked=skip_locked, of=of)


@contextmanager
def patience(unit: UnitOfWork, *, wait: bool) -> Iterator[None]:
    """Lets SQLite give up at once where a lock is not to be waited for; it locks the whole database.

    Raises:
        QueryTimeoutError: another writer has the database.
    """
    link = unit.link
    if wait or link.dialect != "sqlite" or link.writing:
        yield
        return
    milliseconds = int(link.rows("PRAGMA busy_timeout")[0][0])
    link.rows("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        link.rows(f"PRAGMA busy_timeout = {milliseconds}")


def is_scalar(fieldname: Any) -> bool:
    """Tells whether a field stands for one value and not for a row of them."""
    if isinstance(fieldname, str):
        return fieldname != "*" and not fieldname.lstrip().startswith("[") and len(parse_fields(fieldname)) == 1
    return isinstance(fieldname, (ColumnElement, Mapping))


def plain_columns(cls: Any, fieldname: Any) -> tuple[str, ...] | None:
    """Returns the columns where nothing but columns of the type itself are asked for; otherwise None."""
    known = cls._blueprint.format.index
    if type(fieldname) is str:
        return (fieldname,) if fieldname in known else None
    if (
        isinstance(fieldname, (list, tuple))
        and fieldname
        and all(type(each) is str and each in known for each in fieldname)
    ):
        return tuple(dict.fromkeys(fieldname))
    return None


def by_name(unit: UnitOfWork, cls: Any, name: str, columns: tuple[str, ...]) -> dict[str, Any] | None:
    """Returns columns of the document of this name by a statement that is compiled once; None when there is none."""
    statements = cls._blueprint.statements(unit.database.engine.dialect)
    found: list[dict[str, Any]] = statements.lookup(unit.link.rows, columns, (name,))
    return found[0] if found else None


def _shaped(fieldname: Any, columns: tuple[str, ...], values: Mapping[str, Any], *, as_dict: bool) -> Any:
    if as_dict:
        return AttrDict(values)
    if isinstance(fieldname, str):
        return values[columns[0]]
    return tuple(values[each] for each in fieldname)


def _of_single(context: Context, cls: Any, fieldname: Any, *, as_dict: bool, for_update: bool = False) -> Any:
    """Returns values of the one document of a single type; those of its defaults when nobody has saved it."""
    doctype = cls.meta.doctype
    if fieldname == "*":
        columns: tuple[str, ...] | None = tuple(Scope(cls).columns())
        as_dict = True
    else:
        columns = plain_columns(cls, fieldname)
    if columns is None:
        return get_value(context, cls, {"name": doctype}, fieldname, as_dict=as_dict, for_update=for_update)
    if for_update:
        locking = locked(Scope(cls), select(cls.__table__.c.name), context.unit, skip_locked=False, wait=True)
        read(context.unit, locking, locking=True)
    values = by_name(context.unit, cls, doctype, columns)
    return _shaped(fieldname, columns, defaults(cls, context) if values is None else values, as_dict=as_dict)


def exists(context: Context, doctype: Any, filters: Any = None) -> str | None:
    """Returns the name of a document that filters match, or None; see `Db.exists`."""
    if isinstance(doctype, Mapping):
        filters = {key: value for key, value in doctype.items() if key != "doctype"}
        doctype = doctype.get("doctype")
        if not doctype:
            raise ValidationError("exists({...}) needs the key 'doctype'")
    if doctype == "DocType" and isinstance(filters, str):  # how Frappe's apps ask for another app's types
        return filters if filters in registry.site_doctypes() else None
    cls = class_of(doctype)
    if filters is None:
        return None
    if cls.meta.issingle and filters == cls.meta.doctype:
        return str(filters)
    if type(filters) is str and filters[:1] not in ("{", "["):
        found = by_name(context.unit, cls, filters, ("name",))
        return None if found is None else str(found["name"])
    scope = Scope(cls)
    where = conditions(scope, filters)
    statement = select(scope.table.c.name).select_from(scope.source).where(*where).limit(1)
    name = read(context.unit, statement).scalar()
    return None if name is None else str(name)


def count(context: Context, doctype: Any, filters: Any = None) -> int:
    """Returns how many documents filters match."""
    scope = Scope(class_of(doctype))
    where = conditions(scope, filters)
    return count_of(context.unit, scope, where)


def count_of(unit: UnitOfWork, scope: Scope, where: list[ColumnElement[bool]]) -> int:
    """Returns how many documents meet conditions; each counts once, however many of its rows do."""
    counted = func.count(scope.table.c.name.distinct()) if scope.multiplies else func.count()
    return int(read(unit, select(counted).select_from(scope.source).where(*where)).scalar_one())
