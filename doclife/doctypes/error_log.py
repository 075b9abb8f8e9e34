"""Error Log: what went wrong, kept although the work around it is rolled back."""

from __future__ import annotations

import traceback
from typing import Any

from sqlalchemy import Connection

from doclife.core import clock, ids
from doclife.core.context import Context
from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Data, DynamicLink, Link, Text
from doclife.schema.meta import Meta, Permission

_TITLE_LENGTH = 140


class ErrorLog(Document):
    """One error."""

    meta = Meta(
        wildcard_events=False,
        title_field="method",
        permissions=[Permission("System Manager", read=True, write=True, delete=True)],
    )

    #: the title, under Frappe's name of the field
    method = Data(label="Title", in_list_view=True)
    error = Text()
    reference_doctype = Data()
    reference_name = DynamicLink("reference_doctype")
    job = Link("Background Job")
    seen = Check()


def record(
    context: Context,
    title: str,
    message: str,
    *,
    reference_doctype: str | None = None,
    reference_name: str | None = None,
) -> str:
    """Writes an Error Log that survives a rollback of the open transaction; returns its name.

    It is written right after the transaction ends, or at once where nothing has been written.
    """
    now = clock.now(context.site.settings.time_zone)
    values: dict[str, Any] = {
        "name": ids.hash_name(),
        "owner": context.user,
        "modified_by": context.user,
        "creation": now,
        "modified": now,
        "method": title[:_TITLE_LENGTH],
        "error": message,
        "reference_doctype": reference_doctype,
        "reference_name": reference_name,
        "job": getattr(context.job, "id", None),
    }

    def write(connection: Connection) -> None:
        connection.execute(ErrorLog.__table__.insert().values(values))

    context.unit.after_end(write)
    return str(values["name"])


def describe(error: BaseException) -> str:
    """Returns the traceback of an error as text."""
    return "".join(traceback.format_exception(error))
