"""Error Log: what went wrong, kept although the work around it is rolled back."""

from __future__ import annotations

import traceback
from typing import Any

from sqlalchemy import Connection

from doclife.core import clock, ids
from doclife.core.context import Context, current
from doclife.core.storable import error_line, storable
from doclife.events.telemetry import current_trace_id
from doclife.model.actions import set_error_log
from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Data, Link, Text
from doclife.schema.meta import Meta, Permission
from doclife.utils.tracebacks import get_traceback

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
    reference_doctype = Data(in_list_view=True)
    #: plain text, as in Frappe: a log must neither keep a document from being deleted nor need it to exist
    reference_name = Data(index=True, in_list_view=True)
    job = Link("Background Job")
    trace_id = Data(label="Trace ID", read_only=True)
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
    values = entry(
        context.user,
        title,
        message,
        time_zone=context.site.settings.time_zone,
        reference_doctype=reference_doctype,
        reference_name=reference_name,
        job=getattr(context.job, "id", None),
    )

    def write(connection: Connection) -> None:
        connection.execute(ErrorLog.__table__.insert().values(values))

    context.unit.after_end(write)
    return str(values["name"])


def entry(
    user: str,
    title: str,
    message: str,
    *,
    time_zone: str,
    reference_doctype: str | None = None,
    reference_name: str | None = None,
    job: str | None = None,
) -> dict[str, Any]:
    """Returns the columns of a new Error Log, for who writes it in a transaction of its own.

    Args:
        user: who caused it.
        title: made storable and cut to the length of its column.
        message: all that is known; made storable.
        time_zone: the site's.
        job: id of the job it happened in.
    """
    now = clock.now(time_zone)
    return {
        "name": ids.hash_name(),
        "owner": user,
        "modified_by": user,
        "creation": now,
        "modified": now,
        "method": storable(title)[:_TITLE_LENGTH],
        "error": storable(message),
        "reference_doctype": reference_doctype,
        "reference_name": reference_name,
        "job": job,
        "trace_id": current_trace_id(),
    }


def describe(error: BaseException) -> str:
    """Returns the traceback of an error as text that can be stored."""
    return storable("".join(traceback.format_exception(error)))


def log_error(
    title: str | None = None,
    message: str | None = None,
    reference_doctype: str | None = None,
    reference_name: str | None = None,
    *,
    defer_insert: bool = False,
) -> ErrorLog:
    """Keeps an error for people to look at, whatever becomes of the work around it.

    Args:
        title: what failed, in a line.
        message: the details; default the traceback of the exception being handled. A title of
            several lines is taken for the details, and the message for the title.
        reference_doctype: type of the document it is about.
        reference_name: its name.
        defer_insert: taken for Frappe's sake; it is always stored apart.
    Returns:
        The Error Log by its name and values; it is stored right after the open transaction ends.
    """
    head, body = title or "", message if message is not None else get_traceback()
    if "\n" in head:  # log_error(get_traceback(), "Sync failed") is a habit of Frappe apps
        head, body = message or "", head
    if not head:
        head = error_line(body) or "Error"
    head, body = storable(head), storable(body)
    name = record(current(), head, body, reference_doctype=reference_doctype, reference_name=reference_name)
    return ErrorLog(
        name=name,
        method=head[:_TITLE_LENGTH],
        error=body,
        reference_doctype=reference_doctype,
        reference_name=reference_name,
    )


set_error_log(log_error)
