"""Documents that are read once in a transaction: what Frappe calls cached.

What is kept are the rows as they were read, in the unit of work, and each call builds its own
document from them: what one caller does to it no other sees. The unit of work forgets them when
one of their tables is written to, in whatever way, when a frame is undone, and when the
transaction ends; so nothing that is not committed gets out, and nothing is older than the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, overload

from doclife.core.context import AttrDict, current
from doclife.core.errors import DoesNotExistError, ValidationError, brief
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.model.loading import fetch, materialise, name_text
from doclife.model.state import Row
from doclife.query.lists import class_of
from doclife.query.scope import unknown_field
from doclife.query.select import first_name
from doclife.schema import registry
from doclife.uow.unit import UnitOfWork

D = TypeVar("D", bound=Document)

#: a document's row, and its child rows by table field
Stored = tuple[Row, dict[str, list[Row]]]


@overload
def get_cached_doc(doctype: type[D], name: str | Mapping[str, Any] | None = None) -> D: ...
@overload
def get_cached_doc(doctype: str, name: str | Mapping[str, Any] | None = None) -> Any: ...
def get_cached_doc(doctype: Any, name: Any = None) -> Any:
    """Returns a stored document, from the database at the first call of a transaction only.

    Each call gives a document of its own, which may be changed and saved.

    Args:
        doctype: document type or class.
        name: its name, or filters of which the first match is taken; of a single type nothing.
    Raises:
        DoesNotExistError: no such document.
    """
    cls = class_of(doctype)
    unit: UnitOfWork = current().unit
    wanted = _name(unit, cls, name)
    stored = None if wanted is None else _stored(unit, cls, wanted)
    if wanted is None or stored is None:
        return get_doc(cls, name)  # of a single type its defaults; otherwise it says what is not there
    return materialise(cls, stored[0], stored[1], loaded_in=unit.serial)


def get_cached_value(doctype: Any, name: Any, fieldname: str | Sequence[str] = "name", as_dict: bool = False) -> Any:
    """Returns values of a document, from the database at the first call of a transaction only; None where none is.

    Args:
        doctype: document type or class.
        name: as of `get_cached_doc`; None finds nothing, but of a single type its document.
        fieldname: a field gives its value, also the rows of a table field; several give a list.
        as_dict: a dict whose keys are attributes too, also of one field.
    Raises:
        UnknownFieldError: no such field; the message has the nearest.
    """
    cls = class_of(doctype)
    names: list[Any] = list(fieldname) if isinstance(fieldname, (list, tuple)) else [fieldname]
    for each in names:
        if not isinstance(each, str):
            raise ValidationError(f"{cls.meta.doctype}: a field is named by text, not {brief(each)}")
        if each not in cls._blueprint.format.index and each not in cls._blueprint.table_fields:
            raise unknown_field(cls, each)
    if name is None and not cls.meta.issingle:
        return None
    try:
        doc = get_cached_doc(cls, name)
    except DoesNotExistError:
        return None
    if as_dict:
        return AttrDict((each, doc.get(each)) for each in names)
    return doc.get(fieldname) if isinstance(fieldname, str) else [doc.get(each) for each in names]


def clear_document_cache(doctype: Any, name: str | None = None) -> None:
    """Forgets what was read of a document type in this transaction.

    Args:
        doctype: document type or class.
        name: taken for Frappe's sake; the whole type is forgotten.
    """
    unit: UnitOfWork = current().unit
    for table in _tables(class_of(doctype)):
        unit.outdate(table)


def clear_cache(user: str | None = None, doctype: Any = None) -> None:
    """Forgets what was read in this transaction: documents, roles, links that were checked.

    What is declared, classes and hooks, is read when a process starts and does not change in it.

    Args:
        user: taken for Frappe's sake; roles are forgotten with everything.
        doctype: of this type only.
    """
    if doctype is None:
        current().unit.outdate()
    else:
        clear_document_cache(doctype)


def _name(unit: UnitOfWork, cls: Any, name: Any) -> str | None:
    if cls.meta.issingle:
        return str(cls.meta.doctype)
    if isinstance(name, (Mapping, list)):
        return first_name(unit, cls, name)
    if name is None:
        raise ValidationError(
            f"get_cached_doc({cls.meta.doctype!r}) needs a name; only single types are got without one"
        )
    return name_text(cls, name)


def _tables(cls: Any) -> frozenset[str]:
    """Returns the tables that a document of a class stands in."""
    rows = (registry.resolve(each.options) for each in cls._blueprint.table_fields.values())
    return frozenset(each.__table__.name for each in (cls, *rows))


def _stored(unit: UnitOfWork, cls: Any, name: str) -> Stored | None:
    known: dict[tuple[str, str], Stored] = unit.facts_of(_tables(cls))
    key = (cls.meta.doctype, name)
    stored = known.get(key)
    if stored is None:
        stored = fetch(unit, cls, name)
        if stored is not None:
            known[key] = stored
    return stored
