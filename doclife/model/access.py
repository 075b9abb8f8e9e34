"""The functions that documents begin with: get, make, copy, delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeVar, overload

from sqlalchemy.sql.elements import ColumnElement

from doclife.core.context import current
from doclife.core.errors import DoesNotExistError, ValidationError, brief
from doclife.core.messages import msgprint
from doclife.model import operations
from doclife.model.document import Document
from doclife.model.loading import load, lock_to_delete, materialise, name_text
from doclife.model.steps import fill_defaults, first_options
from doclife.query.select import Select, first_name
from doclife.schema import registry
from doclife.schema.tables import AMENDED_FROM, STANDARD_COLUMNS
from doclife.uow.unit import UnitOfWork
from doclife.utils.text import sbool

D = TypeVar("D", bound=Document)

_NOT_COPIED = frozenset((*STANDARD_COLUMNS, AMENDED_FROM, "parent", "parenttype", "parentfield"))


@overload
def get_doc(doctype: type[D], name: str | Mapping[str, Any] | None = None, *, for_update: bool = False) -> D: ...
@overload
def get_doc(doctype: D, /) -> D: ...
@overload
def get_doc(
    doctype: str | Mapping[str, Any] | None = None,
    name: str | Mapping[str, Any] | None = None,
    *,
    for_update: bool = False,
    **values: Any,
) -> Any: ...
def get_doc(doctype: Any = None, name: Any = None, *, for_update: bool = False, **values: Any) -> Any:
    """Returns a stored document, or builds an unsaved one.

    Args:
        doctype: document type or class; or a dict with "doctype" and values, which builds one; or a
            document, which is returned.
        name: its name, or filters of which the first match is taken; of a single type nothing.
        for_update: lock the document and its rows until the transaction ends.
        values: with `doctype=...`, fields of the document to build.
    Raises:
        DoesNotExistError: no such document. UnknownDoctypeError: no such type.
    Order: inside a context; it checks no permission.
    """
    if isinstance(doctype, Document):
        return doctype
    if isinstance(doctype, Mapping):
        return _build(doctype)
    if doctype is None:
        raise ValidationError("get_doc() needs a document type and a name, or a dict with 'doctype'")
    cls = _class(doctype)
    if name is None and values:
        return cls(values)
    unit: UnitOfWork = current().unit
    if cls.meta.issingle:
        return _single(unit, cls, for_update)
    if isinstance(name, (Mapping, list)):
        found = first_name(unit, cls, name)
        if found is None:
            raise DoesNotExistError(f"no {cls.meta.doctype} with {name!r}", doctype=cls.meta.doctype)
        name = found
    if name is None:
        raise ValidationError(f"get_doc({cls.meta.doctype!r}) needs a name; only single types are got without one")
    return load(unit, cls, name, for_update=for_update)


def _class(doctype: Any) -> Any:
    """Returns the class this site uses for a type or a class: the overriding one if an app has one."""
    if isinstance(doctype, str):
        return registry.resolve(doctype)
    if isinstance(doctype, type) and issubclass(doctype, Document) and hasattr(doctype, "meta"):
        return registry.resolve_class(doctype)
    raise ValidationError(f"a document type is its name or its class, not {doctype!r}")


def _build(values: Mapping[str, Any]) -> Any:
    doctype = values.get("doctype")
    if not doctype:
        raise ValidationError("get_doc({...}) needs the key 'doctype'")
    return _class(doctype)(values)


def _single(unit: UnitOfWork, cls: Any, for_update: bool) -> Any:
    try:
        return load(unit, cls, cls.meta.doctype, for_update=for_update)
    except DoesNotExistError:  # nobody has saved it yet: its defaults
        return new_doc(cls, name=cls.meta.doctype)


@overload
def new_doc(
    doctype: type[D], *, parent_doc: Document | None = None, parentfield: str | None = None, **values: Any
) -> D: ...
@overload
def new_doc(
    doctype: str,
    *,
    parent_doc: Document | None = None,
    parentfield: str | None = None,
    as_dict: bool = False,
    **values: Any,
) -> Any: ...
def new_doc(
    doctype: Any,
    *,
    parent_doc: Document | None = None,
    parentfield: str | None = None,
    as_dict: bool = False,
    **values: Any,
) -> Any:
    """Returns an unsaved document with its defaults applied; a Select without one has its first option.

    Args:
        doctype: document type or class.
        parent_doc: of a child type, the document the row is meant for. It is not among its rows: `append` does that.
        parentfield: the table field it is meant for.
        as_dict: a dict of the values instead.
        values: fields.
    Raises:
        UnknownDoctypeError, UnknownFieldError.
    """
    doc = _class(doctype)(values)
    fill_defaults(doc, current())
    first_options(doc)
    if parent_doc is not None:
        doc.parent, doc.parenttype, doc.parentfield = parent_doc.name, parent_doc.doctype, parentfield
    return doc.as_dict() if as_dict else doc


#: which documents: their names, or any form of filters
Which = Sequence[str] | Sequence[Any] | Mapping[str, Any] | ColumnElement[bool]


@overload
def get_docs(doctype: type[D], names: Which) -> list[D]: ...
@overload
def get_docs(doctype: str, names: Which) -> list[Any]: ...
def get_docs(doctype: Any, names: Which) -> list[Any]:
    """Returns documents with their rows, in 1 + (table fields) statements.

    Args:
        doctype: document type or class.
        names: names, in whose order the documents come; or filters, and they come in the order of the type. `{}`
            means all. For other orders and limits there is `db.select`.
    Raises:
        DoesNotExistError: names those that are missing. ValidationError: these are neither names nor filters.
    """
    cls = _class(doctype)
    unit: UnitOfWork = current().unit
    if isinstance(names, (Mapping, ColumnElement)):
        return list(Select(cls).where(names))
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValidationError(
            f"get_docs({cls.meta.doctype!r}, {brief(names)}): give a list of names, or filters as a dict or a list"
        )
    listed = list(names)
    if any(isinstance(each, (Mapping, list, tuple, ColumnElement)) for each in listed):
        return list(Select(cls).where(listed))
    return _of_names(unit, cls, [name_text(cls, each) for each in listed])


def _of_names(unit: UnitOfWork, cls: Any, names: list[str]) -> list[Any]:
    dialect = unit.database.engine.dialect
    blueprint = cls._blueprint
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return []
    rows = {row[0]: row for row in blueprint.statements(dialect).read_many(unit.link.rows, wanted)}
    missing = [name for name in wanted if name not in rows]
    if missing:
        raise DoesNotExistError(
            f"{cls.meta.doctype}: {', '.join(map(repr, missing))} do not exist", doctype=cls.meta.doctype, names=missing
        )
    children: dict[str, dict[str, list[Any]]] = {name: {} for name in wanted}
    for field_name, field in blueprint.table_fields.items():
        child = registry.resolve(field.options)._blueprint
        place = child.format.index["parent"]
        for row in child.statements(dialect).read_rows_of(unit.link.rows, wanted, cls.meta.doctype, field_name):
            children[row[place]].setdefault(field_name, []).append(row)
    made = {name: materialise(cls, rows[name], children[name], loaded_in=unit.serial) for name in wanted}
    return [made[name] for name in names]


def delete_doc(
    doctype: Any,
    name: str | Sequence[str],
    force: bool = False,
    ignore_permissions: bool = False,
    ignore_missing: bool = True,
    delete_permanently: bool = False,
    ignore_on_trash: bool = False,
    flags: Mapping[str, Any] | None = None,
) -> bool:
    """Deletes documents, with their events and link checks.

    Args:
        doctype: document type or class.
        name: one name, or several.
        force: do not ask whether others link to it.
        ignore_permissions: do not ask whether the user may.
        ignore_missing: a missing document is no error.
        delete_permanently: keep no copy in "Deleted Document".
        ignore_on_trash: leave out the events before the deletion, on_trash and on_change.
        flags: flags of the documents, for their handlers.
    Returns:
        Whether all of them existed.
    Raises:
        QueryTimeoutError: somebody else is just changing it; it is not waited for.
    """
    cls = _class(doctype)
    unit: UnitOfWork = current().unit
    all_there = True
    names: Sequence[Any] = name if isinstance(name, (list, tuple)) else [name]
    for each in names:
        try:
            lock_to_delete(unit, cls, name_text(cls, each))
            doc = load(unit, cls, each)
        except DoesNotExistError:
            if not ignore_missing:
                raise
            all_there = False
            continue
        doc.flags.update(flags or {})
        if ignore_permissions:
            doc.flags.ignore_permissions = True
        if ignore_on_trash:
            doc.flags.ignore_on_trash = True
        operations.delete(doc, force=force, delete_permanently=delete_permanently, locked=True)
    return all_there


def rename_doc(
    doctype: Any,
    old: str,
    new: str,
    force: bool = False,
    merge: bool = False,
    ignore_if_exists: bool = False,
    show_alert: bool = True,
    rebuild_search: bool = True,
    *,
    ignore_permissions: bool = False,
    validate: bool = True,
) -> str:
    """Gives a stored document another name; every link to it follows. Returns the name it has then.

    Args:
        doctype: document type or class.
        old: its name.
        new: the name it is to have; before_rename may return another.
        force: rename although the type does not say `allow_rename`.
        merge: unite it with the stored document of the new name, which stays; this one is deleted.
        ignore_if_exists: do nothing where a document of the new name exists already.
        show_alert: tell the user with a passing notice.
        rebuild_search: of Frappe's signature; there is no search index to rebuild.
        ignore_permissions: do not ask whether the user may, nor whether the type allows it.
        validate: False is `ignore_permissions`.
    Raises:
        DoesNotExistError, ValidationError, NameError, PermissionDenied: as `Document.rename`.
    """
    cls = _class(doctype)
    unit: UnitOfWork = current().unit
    force, merge = (bool(sbool(each)) for each in (force, merge))  # "0" comes from forms
    if ignore_if_exists and not merge and _is_stored(unit, cls, new):
        return old if _is_stored(unit, cls, old) else new
    doc = load(unit, cls, old)
    if ignore_permissions:
        doc.flags.ignore_permissions = True
    try:
        name = operations.rename(doc, new, merge=merge, force=force, ask=validate)
    except ValidationError as error:
        # before_rename may have chosen another name than was asked for
        if not ignore_if_exists or not error.context.get("taken") or error.context.get("doctype") != doc.doctype:
            raise
        return old
    if show_alert:
        msgprint(f"{cls.meta.doctype} {old} is now {name}", alert=True, indicator="green")
    return name


def _is_stored(unit: UnitOfWork, cls: Any, name: str) -> bool:
    statements = cls._blueprint.statements(unit.database.engine.dialect)
    return bool(statements.lookup(unit.link.rows, ("name",), [name_text(cls, name)]))


def copy_doc(doc: D, ignore_no_copy: bool = True) -> D:
    """Returns an unsaved copy: values and rows without names, times, docstatus and `amended_from`.

    Args:
        doc: what to copy.
        ignore_no_copy: False leaves out fields declared `no_copy`.
    """
    copy = type(doc)(_copied_values(doc, ignore_no_copy))
    for name, field in doc._blueprint.table_fields.items():
        if ignore_no_copy or not field.no_copy:
            copy.set(name, [_copied_values(row, ignore_no_copy) for row in doc.get(name)])
    return copy


def _copied_values(doc: Any, ignore_no_copy: bool) -> dict[str, Any]:
    hidden = doc._blueprint.format.password_fields
    return {
        name: deepcopy(value) if isinstance(value := doc.__dict__[name], (dict, list)) else value
        for name, field in doc._blueprint.fields.items()
        if name not in _NOT_COPIED and name not in hidden and (ignore_no_copy or not field.no_copy)
    }
