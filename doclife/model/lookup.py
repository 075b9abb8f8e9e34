"""Shorter ways to documents and to what is known about their types, built from `access`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, overload

from doclife.core.context import current
from doclife.core.errors import DoesNotExistError, PermissionDenied, ValidationError
from doclife.model import permits
from doclife.model.access import delete_doc, get_doc
from doclife.model.document import Document
from doclife.permissions.rules import known_right
from doclife.query.lists import class_of, get_all
from doclife.schema.meta import Meta

D = TypeVar("D", bound=Document)

#: filters as in get_all
Filters = Mapping[str, Any] | Sequence[Any]


def get_meta(doctype: str | type[Document] | Document, cached: bool = True) -> Meta:
    """Returns what is known about a document type: options, fields, permissions.

    Args:
        doctype: document type, class or document.
        cached: taken for Frappe's sake; what a class declares does not change.
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
    *,
    parent_doctype: str | type[Document] | None = None,
    debug: bool = False,
) -> bool:
    """Tells whether a user has a right on a document, or on documents of a type at all.

    Args:
        doctype: may be left out where `doc` is a document.
        ptype: the right.
        doc: the document or its name; None asks whether any rule gives the right.
        user: default the context's user.
        throw: raise instead of returning False.
        parent_doctype: of a child type without `doc`, the type its rows belong to.
        debug: given on to the hooks `has_permission`.
    Raises:
        PermissionDenied: `throw` is set, and the user may not.
        DoesNotExistError: no document of this name. ValidationError: there is no such right.
    """
    context = current()
    who, right = user or context.user, known_right(ptype)
    if isinstance(doc, (str, int)):
        doc = get_doc(doctype, doc)
    if isinstance(doc, Document):
        reason, meta, name = permits.refusal(context, doc, right, who, debug=debug), doc.meta, doc.name
    else:
        if doctype is None:
            raise ValidationError("has_permission() needs a document type or a document")
        cls, name = class_of(doctype), None
        reason, meta = permits.refusal_of_type(context, cls, right, who, parent_doctype), cls.meta
    if throw and reason:
        raise PermissionDenied(reason, doctype=meta.doctype, name=name, user=who, right=right)
    return not reason
