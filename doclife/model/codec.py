"""How documents travel in the arguments of jobs: by doctype and name, loaded again where they arrive."""

from __future__ import annotations

from typing import Any

from doclife.core.errors import DataError
from doclife.core.json import register_codec
from doclife.model.access import get_doc
from doclife.model.document import Document


def _encode(doc: Document) -> dict[str, str]:
    if doc.is_new() or not doc.name:
        raise DataError(f"an unsaved {doc.doctype} cannot be passed on: a worker would not find it; insert it first")
    return {"doctype": doc.doctype, "name": doc.name}


def _decode(value: dict[str, Any]) -> Any:
    return get_doc(value["doctype"], value["name"])


register_codec("document", Document, _encode, _decode)
