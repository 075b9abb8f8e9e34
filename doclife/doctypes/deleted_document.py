"""Deleted Document: a copy of what was deleted."""

from __future__ import annotations

from typing import Any

from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Data, Text
from doclife.schema.meta import Meta, Permission


class DeletedDocument(Document):
    """One deleted document as JSON."""

    meta = Meta(wildcard_events=False, permissions=[Permission("System Manager", read=True)])

    deleted_doctype = Data(index=True)
    deleted_name = Data()
    data = Text()
    restored = Check()


def keep_copy(doc: Any) -> None:
    """Keeps a copy of a document that is being deleted, unless that was asked not to be.

    Child rows are deleted with their parent, whose copy holds them.
    """
    if doc.flags.delete_permanently or doc.meta.istable or doc.doctype == "Deleted Document":
        return
    copy = DeletedDocument({"deleted_doctype": doc.doctype, "deleted_name": doc.name, "data": doc.as_json()})
    copy.flags.ignore_permissions = True
    copy.insert()
