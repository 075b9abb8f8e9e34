"""Notification Log: what a user should know."""

from __future__ import annotations

from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Data, DynamicLink, Link, Select, Text
from doclife.schema.meta import Meta, Permission


class NotificationLog(Document):
    """One notice to one user."""

    meta = Meta(title_field="subject", permissions=[Permission("All", read=True, write=True, if_owner=True)])

    subject = Data(reqd=True, in_list_view=True, length=255)
    for_user = Link("User", reqd=True, index=True)
    type = Select("Alert", "Mention", "Energy Point", "Assignment", "Share", default="Alert")
    email_content = Text(label="Message")
    document_type = Data()
    document_name = DynamicLink("document_type")
    from_user = Link("User")
    read = Check()
