"""What `enqueue_doc` has a worker do."""

from __future__ import annotations

from typing import Any

from doclife.core.context import current
from doclife.core.errors import nearest
from doclife.jobs.missing import MethodMissing
from doclife.model.access import get_doc


def run_method(doctype: str, name: str | None, document_method: str, arguments: dict[str, Any]) -> Any:
    """Loads a document and calls one of its methods.

    Raises:
        MethodMissing: no installed app has this type, or the type no such method.
    """
    cls = current().site.doctypes.get(doctype)
    if cls is None:
        raise MethodMissing(f"no installed app has the document type {doctype!r}, whose {document_method} it calls")
    if not callable(getattr(cls, document_method, None)):
        known = [each for each in dir(cls) if not each.startswith("_")]
        raise MethodMissing(f"{doctype} has no method {document_method!r}.{nearest(document_method, known)}")
    return getattr(get_doc(doctype, name), document_method)(**arguments)
