"""What a document asks of others: a worker, the error log, whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from doclife.core.context import current
from doclife.core.errors import DoclifeError, ValidationError
from doclife.jobs.enqueue import enqueue_doc
from doclife.jobs.job import Job
from doclife.jobs.realtime import publish_realtime
from doclife.model import locks
from doclife.model.checks import describe
from doclife.uow.unit import UnitOfWork

_log_error: Callable[..., Any] | None = None


def set_error_log(log_error: Callable[..., Any]) -> None:
    """Tells what keeps errors: the error log stands above the model, so it brings itself along."""
    global _log_error
    _log_error = log_error


def log_error(doc: Any, title: str | None, message: str | None) -> Any:
    """Is `Document.log_error`."""
    if _log_error is None:
        raise DoclifeError("no error log is loaded; import doclife.doctypes.error_log")
    return _log_error(title=title, message=message, reference_doctype=doc.doctype, reference_name=doc.name)


def queue(doc: Any, action: str, options: dict[str, Any]) -> Any:
    """Is `Document.queue_action`."""
    if doc.is_new():
        raise ValidationError(f"{describe(doc)}: {action!r} cannot be queued before the document is inserted")
    inner = f"_{action}"
    method = inner if callable(getattr(type(doc), inner, None)) else action
    unit: UnitOfWork = current().unit
    locks.refuse_queued(unit, doc)
    if options.get("enqueue_after_commit") is False:
        job = enqueue_doc(doc.doctype, doc.name, method, **options)
        if isinstance(job, Job):  # otherwise it was dropped as a duplicate, or has run here
            locks.lock_for_job_later(unit, doc, job.id)
        return job
    with unit.savepoint():  # who finds it locked queues nothing
        job = enqueue_doc(doc.doctype, doc.name, method, **options)
        if isinstance(job, Job):
            locks.lock_for_job(unit, doc, job.id)
    return job


def notify(doc: Any) -> None:
    """Is `Document.notify_update`."""
    flags = doc._state.flags
    if flags and flags.get("notify_update") is False:
        return
    about = {"doctype": doc.doctype, "name": doc.name}
    publish_realtime(
        "doc_update", about | {"modified": doc.modified}, doctype=doc.doctype, docname=doc.name, after_commit=True
    )
    if not doc.meta.istable and not doc.meta.issingle:
        publish_realtime("list_update", about | {"user": doc.modified_by}, doctype=doc.doctype, after_commit=True)
