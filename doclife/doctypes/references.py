"""What doclife's own records say of a document: they name it as plain text, and follow its new name."""

from __future__ import annotations

from typing import Any

from doclife.doctypes.error_log import ErrorLog
from doclife.doctypes.notification_log import NotificationLog
from doclife.uow.unit import current_unit

#: class, column of the document's type, column of its name; Version sees to itself
_REFERENCES = (
    (ErrorLog, "reference_doctype", "reference_name"),
    (NotificationLog, "document_type", "document_name"),
)


def follow_rename(doc: Any, _method: str, old: str, new: str, _merge: bool) -> None:
    """Gives the records about a renamed document its new name."""
    unit = current_unit()
    unit.before_write()
    for cls, kind, name in _REFERENCES:
        table = cls.__table__
        of_document = (table.c[kind] == doc.doctype, table.c[name] == old)
        unit.link.execute(table.update().where(*of_document).values({name: new}))
