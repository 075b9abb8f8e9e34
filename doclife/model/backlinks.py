"""Back-links: which documents name this one, before it is cancelled or deleted (reference 1.11)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal, select

from doclife.core.context import Context
from doclife.core.errors import LinkExistsError
from doclife.model.links import LinkField, link_fields
from doclife.model.operation import Operation
from doclife.schema.tables import AMENDED_FROM


def links_to(context: Context, doctype: str) -> list[tuple[Any, LinkField]]:
    """Returns every (class, link field) of the site that can name a document of this type."""
    known: dict[str, list[tuple[Any, LinkField]]] = context.site.cache.setdefault("links_to", {})
    found = known.get(doctype)
    if found is None:
        found = known[doctype] = [
            (cls, link)
            for cls in context.site.doctypes.values()
            for link in link_fields(cls._blueprint)
            if link.target == doctype or link.type_field
        ]
    return found


def check_cancel_backlinks(op: Operation) -> None:
    """Refuses to cancel what a submitted document names; `amended_from` does not count.

    `doc.ignore_linked_doctypes` (a list) exempts types, `flags.ignore_links` skips the check.

    Raises:
        LinkExistsError: names the linking document.
    """
    doc = op.doc
    flags = doc._state.flags
    if flags and flags.get("ignore_links"):
        return
    exempt = set(getattr(doc, "ignore_linked_doctypes", None) or ())
    for cls, link in links_to(op.context, doc.meta.doctype):
        if link.name == AMENDED_FROM or cls.meta.doctype in exempt or not _can_be_submitted(op.context, cls):
            continue
        _refuse_if_linked(op, cls, link, "cancelled", docstatus_below=2, docstatus_above=0)


def check_delete_backlinks(op: Operation) -> None:
    """Refuses to delete what any document names, whatever its docstatus; a dynamic link counts unless cancelled.

    Raises:
        LinkExistsError: names the linking document.
    """
    if op.options.get("force"):
        return
    exempt = set(op.context.site.registry.get_hooks("ignore_links_on_delete"))
    for cls, link in links_to(op.context, op.doc.meta.doctype):
        if cls.meta.doctype not in exempt:
            _refuse_if_linked(op, cls, link, "deleted", docstatus_below=2 if link.type_field else 3, docstatus_above=-1)


def _can_be_submitted(context: Context, cls: Any) -> bool:
    if not cls.meta.istable:
        return bool(cls.meta.submittable)
    return any(
        other.meta.submittable
        for other in context.site.doctypes.values()
        for field in other._blueprint.table_fields.values()
        if field.options == cls.meta.doctype
    )


def _refuse_if_linked(
    op: Operation, cls: Any, link: LinkField, verb: str, *, docstatus_below: int, docstatus_above: int
) -> None:
    doc = op.doc
    table = cls.__table__
    here, name = doc.meta.doctype, doc.name
    kind = table.c.parenttype if cls.meta.istable else literal(cls.meta.doctype)
    which = table.c.parent if cls.meta.istable else table.c.name
    query = select(kind, which).where(
        table.c[link.name] == name, table.c.docstatus < docstatus_below, table.c.docstatus > docstatus_above
    )
    if link.type_field:
        query = query.where(table.c[link.type_field] == here)
    if cls.meta.istable:
        query = query.where((table.c.parent != name) | (table.c.parenttype != here))
    elif cls.meta.doctype == here:
        query = query.where(table.c.name != name)
    found = op.unit.link.execute(query.limit(1)).first()
    if found is None:
        return
    where = " ".join(map(str, found))
    raise LinkExistsError(
        f"{here} {name} cannot be {verb}: {where} links to it ({link.name}){_instead(doc, verb)}",
        doctype=here,
        name=name,
        linked_from=where,
    )


def _instead(doc: Any, verb: str) -> str:
    """Returns what may be done with a document of this type instead of deleting it, or ""."""
    flag = next((name for name in ("disabled", "enabled") if name in doc._blueprint.fields), None)
    if flag is None or verb != "deleted":
        return ""
    return f"; it can be disabled instead ({flag} = {int(flag == 'disabled')})"
