"""Version: what one operation has changed in a document, kept for types with Meta(track_changes=True).

`data` is JSON in Frappe's shape:

    {"changed": [[field, old, new]], "added": [[table field, row]], "removed": [[table field, row]],
     "row_changed": [[table field, place from 0, name of the row, [[field, old, new]]]]}
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Index

from doclife.core import json
from doclife.core.context import current
from doclife.events.handlers import for_types_with
from doclife.model import changes, lifecycle
from doclife.model.changes import Changes
from doclife.model.document import Document
from doclife.model.engine import insert_inside
from doclife.model.loading import fetch, materialise
from doclife.schema.fieldtypes import Code, Data
from doclife.schema.meta import Meta, Permission
from doclife.schema.tables import AMENDED_FROM
from doclife.uow.unit import current_unit

#: operations whose change is recorded: db_set writes past the checks, and past this too, as in Frappe
_RECORDED = frozenset(
    {
        lifecycle.INSERT,
        lifecycle.INSERT_SUBMITTED,
        lifecycle.SAVE,
        lifecycle.SUBMIT,
        lifecycle.UPDATE_AFTER_SUBMIT,
        lifecycle.CANCEL,
        lifecycle.DISCARD,
    }
)
#: flag of the document -> key in `data`
_NOTED = {"updater_reference": "updater_reference", "via_data_import": "data_import", "version_comment": "comment"}


class Version(Document):
    """One change of one document; its owner made it, its creation is when."""

    meta = Meta(
        wildcard_events=False,
        title_field="docname",
        permissions=[Permission("System Manager", read=True, report=True, export=True)],
    )

    ref_doctype = Data(reqd=True, in_list_view=True)
    docname = Data(reqd=True, in_list_view=True)
    data = Code(options="JSON", hidden=True)

    def get_data(self) -> dict[str, Any]:
        """Returns what has changed."""
        found: dict[str, Any] = json.loads(self.data or "{}")
        return found


Index(None, Version.__table__.c.ref_doctype, Version.__table__.c.docname)


@for_types_with("track_changes")
def record(doc: Any) -> None:
    """Keeps what the operation in progress has changed; where nothing has, nothing.

    An amendment is compared with the cancelled document it amends. Any other insert has nothing to
    compare with: it is recorded only where `doc.flags.updater_reference` says who caused it.
    `doc.flags.ignore_version`, or `save(ignore_version=True)`, keeps none.
    """
    before = doc._state.before
    if before is None or before.during not in _RECORDED:
        return
    flags = doc.flags
    if flags.ignore_version or current().flags.in_install:
        return
    if before.row is not None:
        found = changes.of_operation(doc)
    else:
        found = _since_amended(doc)
        if not found and flags.updater_reference:
            _keep(doc, {"creation": doc.creation, "created_by": doc.owner})
            return
    if found:
        _keep(doc, _as_data(found))


def _since_amended(doc: Any) -> Changes:
    name = doc.__dict__.get(AMENDED_FROM)
    source = fetch(current_unit(), type(doc), name) if name else None
    return changes.since_amended(doc, materialise(type(doc), *source)) if source is not None else Changes()


def record_rename(doc: Any, _method: str, old: str, new: str, _merge: bool) -> None:
    """Gives the versions of a renamed document its new name; for types with track_changes records the rename too."""
    table, unit = Version.__table__, current_unit()
    unit.before_write()
    unit.link.execute(
        table.update().where(table.c.ref_doctype == doc.doctype, table.c.docname == old).values(docname=new)
    )
    if doc.meta.track_changes and not doc.flags.ignore_version:
        _keep(doc, _as_data(Changes(changed=[("name", old, new)])))


def forget(doc: Any) -> None:
    """Deletes the versions of a document that is deleted permanently: they hold its values."""
    if doc.flags.delete_permanently:
        table, unit = Version.__table__, current_unit()
        unit.before_write()
        unit.link.execute(table.delete().where(table.c.ref_doctype == doc.doctype, table.c.docname == doc.name))


def _keep(doc: Any, data: dict[str, Any]) -> None:
    noted = {key: doc.flags[flag] for flag, key in _NOTED.items() if doc.flags.get(flag)}
    version = Version(ref_doctype=doc.doctype, docname=doc.name, data=json.dumps({**data, **noted}))
    version.flags.ignore_permissions = True
    insert_inside(version)


def _as_data(found: Changes) -> dict[str, Any]:
    return {
        "changed": _exact(found.changed),
        "added": _exact(found.added),
        "removed": _exact(found.removed),
        "row_changed": _exact(found.row_changed),
    }


def _exact(value: Any) -> Any:
    """Returns the value with those amounts as text that a reader of JSON would round."""
    if isinstance(value, (list, tuple)):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    return str(value) if isinstance(value, Decimal) and Decimal(repr(float(value))) != value else value
