"""Notification Log: what a user should know."""

from __future__ import annotations

from doclife.core.context import ADMINISTRATOR
from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Code, Data, Link, Select, Text
from doclife.schema.meta import Meta, Permission


class NotificationLog(Document):
    """One notice to one user, who may read it and mark it as read."""

    meta = Meta(title_field="subject", permissions=[Permission("All", read=True, write=True)])

    subject = Text(reqd=True, in_list_view=True)
    for_user = Link("User", reqd=True, index=True)
    type = Select("Alert", "Mention", "Energy Point", "Assignment", "Share", default="Alert")
    email_content = Text(label="Message")
    document_type = Data()
    #: plain text, as in Frappe: a notice must not keep a document from being deleted
    document_name = Data(index=True)
    attached_file = Code(options="JSON", hidden=True)
    link = Data(length=255)
    from_user = Link("User")
    read = Check()


def notices_of(user: str) -> dict[str, str] | None:
    """Keeps everybody to their own notices, whoever has written them; Administrator sees all."""
    return None if user == ADMINISTRATOR else {"for_user": user}
