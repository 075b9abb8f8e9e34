"""Shorter ways to documents and to what is known about their types, built from `access`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, overload

from doclife.core.context import ADMINISTRATOR, current
from doclife.core.errors import DoesNotExistError, PermissionDenied
from doclife.model.access import delete_doc, get_doc
from doclife.model.document import Document
from doclife.permissions import rules
from doclife.query.lists import class_of, get_all
from doclife.schema.meta import Meta

D = TypeVar("D", bound=Document)

#: filters as in get_all
Filters = Mapping[str, Any] | Sequence[Any]


def get_meta(doctype: str | type[Document] | Document) -> Meta:
    """Returns what is known about a document type: options, fields, permissions.

    Raises:
        UnknownDoctypeError: there is no such type.
    """
    return doctype.meta if isinstance(doctype, Document) else class_of(doctype).meta


@overload
def get_single(doctype: type[D]) -> D: ...
@overload
def get_single(doctype: str) -> Any: ...
def get_single(doctype: Any) -> Any:
    """Returns the document of a single type; with its defaults while nobody has saved it."""
    return get_doc(doctype)


@overload
def get_last_doc(
    doctype: type[D], filters: Filters | None = None, order_by: str = ..., *, for_update: bool = False
) -> D: ...
@overload
def get_last_doc(
    doctype: str, filters: Filters | None = None, order_by: str = ..., *, for_update: bool = False
) -> Any: ...
def get_last_doc(
    doctype: Any, filters: Filters | None = None, order_by: str = "creation desc", *, for_update: bool = False
) -> Any:
    """Returns the document of a type that was created last.

    Args:
        doctype: document type or class.
        filters: it must match these.
        order_by: what makes one the last.
        for_update: lock it until the transaction ends.
    Raises:
        DoesNotExistError: there is none.
    """
    cls = class_of(doctype)
    names = get_all(cls.meta.doctype, filters=filters, order_by=order_by, limit=1, pluck="name")
    if not names:
        what = f" that matches {filters!r}" if filters else ""
        raise DoesNotExistError(f"there is no {cls.meta.doctype}{what}", doctype=cls.meta.doctype)
    return get_doc(cls, names[0], for_update=for_update)


@overload
def set_value(doctype: type[D], name: str, fieldname: str | Mapping[str, Any], value: Any = None) -> D: ...
@overload
def set_value(doctype: str, name: str, fieldname: str | Mapping[str, Any], value: Any = None) -> Any: ...
def set_value(doctype: Any, name: str, fieldname: str | Mapping[str, Any], value: Any = None) -> Any:
    """Loads a document, sets fields and saves it, events and checks included; returns it.

    Args:
        doctype: document type or class.
        name: of the document.
        fieldname: a field, or fields with values.
        value: of a single field.
    Raises:
        DoesNotExistError, UnknownFieldError, ValidationError and its kinds.
    """
    doc = get_doc(doctype, name)
    doc.update({fieldname: value} if isinstance(fieldname, str) else fieldname)
    return doc.save()


def delete_doc_if_exists(doctype: str | type[Document], name: str, force: bool = False) -> None:
    """Deletes a document if there is one of this name."""
    delete_doc(doctype, name, force=force, ignore_missing=True)


def has_permission(
    doctype: str | type[Document] | None = None,
    ptype: str = "read",
    doc: Document | str | None = None,
    user: str | None = None,
    throw: bool = False,
) -> bool:
    """Tells whether a user has a right on a document, or on documents of a type at all.

    Args:
        doctype: may be left out where `doc` is a document.
        ptype: the right.
        doc: the document or its name; None asks whether any rule gives the right.
        user: default the context's user.
        throw: raise instead of returning False.
    Raises:
        PermissionDenied: `throw` is set, and the user may not.
    """
    context = current()
    who = user or context.user
    if isinstance(doc, str):
        doc = get_doc(doctype, doc)
    if isinstance(doc, Document):
        meta, may = doc.meta, rules.has_permission(context, doc, ptype, who)
    else:
        meta = get_meta(doctype or "")
        right = rules.known_right(ptype)
        may = who == ADMINISTRATOR or bool(rules.granting(context, meta, right, who))
    if throw and not may:
        what = meta.doctype if doc is None else f"{meta.doctype} {doc.name}"
        raise PermissionDenied(f"{who} may not {ptype} {what}", doctype=meta.doctype, user=who, right=ptype)
    return may
