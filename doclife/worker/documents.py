"""What `enqueue_doc` has a worker do."""

from __future__ import annotations

from typing import Any

from doclife.model.access import get_doc


def run_method(doctype: str, name: str | None, document_method: str, arguments: dict[str, Any]) -> Any:
    """Loads a document and calls one of its methods."""
    return getattr(get_doc(doctype, name), document_method)(**arguments)
