"""A trail of who submits and cancels, whatever the document and whichever its app."""

from __future__ import annotations

import logging

import doclife
from doclife import Document

log = logging.getLogger("example_app.audit")


def note(doc: Document, method: str) -> None:
    """Writes a line to the log."""
    log.info("%s %s %s: %s", doc.doctype, doc.name, method, doclife.session.user)
