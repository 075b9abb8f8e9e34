"""Building a document class: from its declarations to table, row format and statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Dialect, Table

from doclife.core.errors import SchemaError, nearest
from doclife.schema import autoname, registry
from doclife.schema.field import Field
from doclife.schema.fieldtypes import AnyField
from doclife.schema.fieldtypes import Table as TableField
from doclife.schema.meta import Meta
from doclife.schema.rows import RowFormat
from doclife.schema.statements import Statements
from doclife.schema.tables import AMENDED_FROM, CHILD_COLUMNS, STANDARD_COLUMNS, metadata, standard_columns


class Blueprint:
    """What a document class is built of; subclasses that only override share it."""

    def __init__(self, meta: Meta, table: Table) -> None:
        """Derives everything from the bound meta and its table."""
        self.meta = meta
        self.table = table
        #: how documents get their names
        self.naming = autoname.read_naming_rule(meta, meta.doctype)
        fields = {each.name: each for each in meta.get_value_fields()}
        standard = list(STANDARD_COLUMNS)
        if meta.submittable:
            standard.append(AMENDED_FROM)
        if meta.istable:
            standard += CHILD_COLUMNS
        #: every column this class reads and writes, in the order of its rows
        self.columns = (*standard, *fields)
        self.format = RowFormat(self.columns, fields)
        self.fields = fields
        self.table_fields = {each.name: each for each in meta.get_table_fields()}
        #: the instance dict of a document with nothing set
        self.template: dict[str, Any] = dict.fromkeys(self.columns)
        self.template |= {"docstatus": 0, "idx": 0}
        self.template |= {name: each.empty for name, each in fields.items()}
        self.defaults = {name: each for name, each in fields.items() if each.default is not None}
        #: the app of each field that another app than the type's has added
        self.added_by: Mapping[str, str] = {}
        self._statements: dict[str, Statements] = {}

    def statements(self, dialect: Dialect) -> Statements:
        """Returns the compiled statements for this kind of database."""
        found = self._statements.get(dialect.name)
        if found is None:
            found = self._statements[dialect.name] = Statements(self.table, self.columns, dialect)
        return found


def build(cls: Any, own_meta: Meta | None, inherited: Mapping[str, AnyField], reserved: frozenset[str]) -> Blueprint:
    """Builds the blueprint of a class that declares a document type, and registers its table.

    Args:
        cls: the class, whose own declarations are in its `__dict__`.
        own_meta: the `meta` it declares, if any.
        inherited: fields of its bases, by name.
        reserved: names a field may not have.
    Raises:
        SchemaError: a declaration cannot be used; the message names class and field.
    """
    own = {name: value for name, value in cls.__dict__.items() if isinstance(value, (Field, TableField))}
    fields: dict[str, AnyField] = {**inherited, **own}
    _check_fields(cls, fields, reserved)
    app = cls.__module__.partition(".")[0]
    meta = (own_meta or Meta()).bind(doctype=registry.doctype_name(cls.__name__), app=app, fields=fields)
    _check_meta(cls, meta)
    return Blueprint(meta, _table(cls, meta))


def is_field_name(name: str, reserved: Collection[str]) -> bool:
    """Tells whether a field may have this name."""
    return name not in reserved and not name.startswith("_")


def check_fetch_from(what: str, field: AnyField, fields: Mapping[str, AnyField]) -> None:
    """Refuses a `fetch_from` that begins with no field of the type.

    Args:
        what: the field, for the message.
        field: the field.
        fields: all of its type.
    Raises:
        SchemaError.
    """
    source = field.fetch_from
    if source:
        link = source.partition(".")[0]
        if "." not in source or link not in fields:
            raise SchemaError(
                f"{what}: fetch_from={source!r} must be 'link_field.source_field' of this type.{nearest(link, fields)}"
            )


def _check_fields(cls: Any, fields: Mapping[str, AnyField], reserved: frozenset[str]) -> None:
    for name, each in fields.items():
        if not is_field_name(name, reserved):
            raise SchemaError(f"{cls.__qualname__}.{name}: this name is taken by Document; choose another field name")
        check_fetch_from(f"{cls.__qualname__}.{name}", each, fields)


def _check_meta(cls: Any, meta: Meta) -> None:
    if meta.submittable and meta.istable:
        raise SchemaError(f"{cls.__qualname__}: a child type cannot be submittable; its rows follow the parent")
    for option, names in (("title_field", [meta.title_field]), ("search_fields", meta.search_fields)):
        for name in filter(None, names):
            if name not in meta.by_name and name not in STANDARD_COLUMNS:
                raise SchemaError(f"{cls.__qualname__}: {option} names no field {name!r}.{nearest(name, meta.by_name)}")
    autoname.read_naming_rule(meta, cls.__qualname__)


def _table(cls: Any, meta: Meta) -> Table:
    columns = [each.column() for each in meta.get_value_fields()]
    existing = metadata.tables.get(meta.table)
    if existing is not None:
        known = registry.declared(meta.doctype)
        if known is None or not registry.same_definition(known, cls):
            if not meta.table.startswith("tab") or meta.app == existing.info.get("app"):
                return _adopt(cls, meta, existing)
            raise SchemaError(
                f"{cls.__module__}.{cls.__qualname__}: the table {meta.table!r} belongs to "
                f"{existing.info.get('app')!r} already; give the class another Meta(doctype=...) or Meta(table=...)"
            )
        metadata.remove(existing)
    numbered = autoname.read_naming_rule(meta, meta.doctype).kind == autoname.AUTOINCREMENT
    standard = standard_columns(child=meta.istable, submittable=meta.submittable, numbered=numbered)
    return Table(meta.table, metadata, *standard, *columns, info={"app": meta.app, "doctype": meta.doctype})


def _adopt(cls: Any, meta: Meta, table: Table) -> Table:
    for each in meta.get_value_fields():
        if each.name not in table.c:
            raise SchemaError(
                f"{cls.__qualname__}.{each.name}: the table {meta.table!r} has no such column."
                f"{nearest(each.name, list(table.c.keys()))}"
            )
    return table
