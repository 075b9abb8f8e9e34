"""Document types that other apps extend: `extend_doctype_class` with methods, and with fields.

The fields of a mixin become columns of the extended type's table which belong to the extending app
(`Column.info["app"]`). The table in `metadata` holds the columns of every loaded app; the class that a
site uses has a blueprint of its own, whose rows and statements name the columns of its apps only.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from inspect import getattr_static
from typing import Any, NamedTuple

from sqlalchemy import Table

from doclife.core.errors import SchemaError
from doclife.database.ownership import column_owner
from doclife.schema import registry
from doclife.schema.build import Blueprint, check_fetch_from, is_field_name
from doclife.schema.field import Field
from doclife.schema.fieldtypes import AnyField
from doclife.schema.fieldtypes import Table as TableField
from doclife.schema.meta import Meta

#: classes made, by the class and the mixins they are made of: sites with the same apps share them
_made: dict[tuple[Any, ...], Any] = {}
_lock = threading.Lock()


class Extension(NamedTuple):
    """One mixin of one app for one document type."""

    app: str
    #: what its path names; checked here
    mixin: Any
    #: app, key and path, as messages name them
    where: str


def take_back(mixin: Any, declared: Any, where: str) -> None:
    """Takes the document type of a mixin out of the registry again: it is to be none.

    A mixin that subclasses Document looked like the declaration of a type when it was defined.

    Args:
        mixin: the mixin.
        declared: the class that declares the extended type.
        where: app, key and path.
    Raises:
        SchemaError: it is no class, or its `meta` says that it is a type of its own.
    """
    if not isinstance(mixin, type):
        raise SchemaError(f"{where} is no class but a {type(mixin).__name__}; a mixin is a class")
    meta = getattr(mixin, "meta", None)
    if not isinstance(meta, Meta):
        return
    if issubclass(mixin, declared):
        if meta.doctype == declared.meta.doctype:
            return
        is_type = True
    else:
        is_type = meta != Meta().bind(doctype=registry.doctype_name(mixin.__name__), app=meta.app, fields=meta.by_name)
    if is_type:
        raise SchemaError(
            f"{where} declares the document type {meta.doctype or '(unnamed)'!r}; a mixin of {declared.meta.doctype!r} "
            f"is a plain class, or a subclass of Document or of {declared.__qualname__}, without a meta"
        )
    if registry.declared(meta.doctype) is mixin:
        registry.forget(mixin)


def extended(cls: Any, extensions: Sequence[Extension], reserved: Collection[str]) -> Any:
    """Returns the class with the mixins before `cls`, the last app's first (reference 3.7).

    Args:
        cls: the class that declares the type, or the one that overrides it.
        extensions: in the order of the apps.
        reserved: names a field may not have.
    Raises:
        SchemaError: a mixin or one of its fields cannot be used; the message names app, key and path.
    """
    key = (cls, *((each.app, each.mixin) for each in extensions))
    with _lock:
        made = _made.get(key)
        if made is None:
            made = _made[key] = _extend(cls, extensions, reserved)
    return made


def _extend(cls: Any, extensions: Sequence[Extension], reserved: Collection[str]) -> Any:
    added: dict[str, tuple[Extension, AnyField]] = {}
    for extension in extensions:
        for name, field in fields_of(extension.mixin, cls).items():
            _check_field(cls, extension, name, field, reserved, added)
            added[name] = extension, field
    fields = {**cls.meta.by_name, **{name: field for name, (_, field) in added.items()}}
    for name, (extension, field) in added.items():
        check_fetch_from(f"{extension.where}: {name}", field, fields)
        if isinstance(field, Field):
            _add_column(cls.__table__, extension, field)
    mixins = [extension.mixin for extension in extensions]
    body = {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
    try:
        made: Any = type(cls.__name__, (*reversed(mixins), cls), body)
    except TypeError as error:
        where = "; ".join(extension.where for extension in extensions)
        raise SchemaError(f"{where}: {cls.__qualname__} cannot be extended so: {error}") from error
    meta = cls.meta.bind(doctype=cls.meta.doctype, app=cls.meta.app, fields=fields)
    # always its own: a mixin that subclasses Document brings a meta and a table that are not meant
    made._blueprint = Blueprint(meta, cls.__table__) if added else cls._blueprint
    if added:
        made._blueprint.added_by = {name: extension.app for name, (extension, _) in added.items()}
    made.meta, made.__table__ = made._blueprint.meta, cls.__table__
    return made


def fields_of(mixin: type, cls: type) -> dict[str, AnyField]:
    """Returns the fields that a mixin and its bases declare and `cls` has not."""
    found: dict[str, AnyField] = {}
    for base in reversed(mixin.__mro__):
        if base not in cls.__mro__:
            found |= {name: each for name, each in vars(base).items() if isinstance(each, (Field, TableField))}
    return found


def _check_field(
    cls: Any,
    extension: Extension,
    name: str,
    field: AnyField,
    reserved: Collection[str],
    added: Mapping[str, tuple[Extension, AnyField]],
) -> None:
    what = f"{extension.where}: the field {name!r}"
    doctype = cls.meta.doctype
    if not is_field_name(name, reserved):
        raise SchemaError(f"{what}: this name is taken by Document; choose another field name")
    if name in cls.meta.by_name:
        raise SchemaError(f"{what} is one of {doctype!r} itself, of the app {cls.meta.app!r}; choose another name")
    if name in added:
        raise SchemaError(f"{what} is declared by {added[name][0].where} too; choose another name")
    if getattr_static(cls, name, None) is not None:
        raise SchemaError(f"{what} hides {cls.__qualname__}.{name}; choose another name")
    if field.reqd:
        raise SchemaError(
            f"{what} is required (reqd=True), but documents exist, and {cls.meta.app!r} makes more, that do not have "
            "it; give it a default, or ask for it in the mixin's validate()"
        )


def _add_column(table: Table, extension: Extension, field: Field[Any, Any]) -> None:
    there = table.c.get(field.name)
    if there is None:
        column = field.column()
        column.info["app"] = extension.app
        table.append_column(column)
    elif column_owner(there) != extension.app:
        # not on this site; but the tables of all sites that this process has loaded are one MetaData
        raise SchemaError(
            f"{extension.where}: the field {field.name!r}: the app {column_owner(there)!r}, which is loaded too, has "
            f"a column of this name in {table.name!r}; choose another name"
        )
