"""Links: whether what a document names exists, and values fetched over links (reference 1.7).

One SELECT per linked type. Names found are remembered by the unit until its transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from doclife.core.context import current
from doclife.core.errors import CancelledLinkError, LinkValidationError, ValidationError
from doclife.model.checks import describe
from doclife.model.lifecycle import SAVE, UPDATE_AFTER_SUBMIT
from doclife.model.operation import Operation
from doclife.schema import registry
from doclife.schema.build import Blueprint
from doclife.schema.fieldtypes import DynamicLink, Link
from doclife.schema.tables import AMENDED_FROM
from doclife.uow.unit import UnitOfWork


@dataclass(frozen=True)
class LinkField:
    """One link of a class: where its target's type comes from, and what is fetched over it."""

    name: str
    #: the linked type; "" for a dynamic link
    target: str
    #: the field that holds the type of a dynamic link
    type_field: str
    #: (field here, field there, only if empty, allowed after submit)
    fetches: tuple[tuple[str, str, bool, bool], ...]


@dataclass
class Pending:
    """Documents and rows that name targets of one type."""

    names: dict[str, list[tuple[Any, LinkField]]] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)


@cache
def link_fields(blueprint: Blueprint) -> tuple[LinkField, ...]:
    """Returns the links of a class, `amended_from` included."""
    result = []
    for each in blueprint.meta.fields:
        if isinstance(each, (Link, DynamicLink)):
            dynamic = isinstance(each, DynamicLink)
            fetches = tuple(
                (other.name, other.fetch_from.partition(".")[2], other.fetch_if_empty, other.allow_on_submit)
                for other in blueprint.meta.get_value_fields()
                if other.fetch_from.partition(".")[0] == each.name and other.fetch_from
            )
            result.append(
                LinkField(each.name, "" if dynamic else each.options, each.options if dynamic else "", fetches)
            )
    if blueprint.meta.submittable:
        result.append(LinkField(AMENDED_FROM, blueprint.meta.doctype, "", ()))
    return tuple(result)


def _linked_tables(blueprint: Blueprint) -> tuple[str, ...]:
    """Returns the table fields whose rows have links; which have some may differ from site to site."""
    known: dict[Blueprint, tuple[str, ...]] = current().site.cache.setdefault("linked_tables", {})
    found = known.get(blueprint)
    if found is None:
        fields = blueprint.table_fields.items()
        found = known[blueprint] = tuple(
            name for name, field in fields if link_fields(registry.resolve(field.options)._blueprint)
        )
    return found


def has_links(cls: Any) -> bool:
    """Tells whether a class or one of its child types has links."""
    return bool(link_fields(cls._blueprint) or _linked_tables(cls._blueprint))


def check_links(op: Operation) -> None:
    """Checks that every link names a stored document that is not cancelled, and fetches values over links.

    A save asks only for links that changed since loading; insert and submit ask for all. What the
    transaction has found once is not asked again.

    Raises:
        LinkValidationError: names document, row, field and value of every missing target.
        CancelledLinkError: a submittable document links a cancelled one.
    """
    doc = op.doc
    flags = doc._state.flags
    if flags and flags.get("ignore_links"):
        return
    pending: dict[str, Pending] = {}
    _gather(op, doc, pending)
    for table_field in _linked_tables(doc._blueprint):
        for row in doc.__dict__.get(table_field) or ():
            _gather(op, row, pending)
    missing: list[str] = []
    for target, wanted in pending.items():
        _resolve(op, target, wanted, missing)
    if missing:
        raise LinkValidationError(f"could not find {'; '.join(missing)}", doctype=doc.doctype, name=doc.name)


def _gather(op: Operation, doc: Any, pending: dict[str, Pending]) -> None:
    values, stored = doc.__dict__, doc._state.row
    verified = op.unit.verified
    only_changed = stored is not None and op.kind in (SAVE, UPDATE_AFTER_SUBMIT)
    for link in link_fields(doc._blueprint):
        value = values[link.name]
        if not value:
            continue
        target = link.target or _dynamic_target(doc, link)
        if link.fetches:
            if op.fetched.get((id(doc), link.name)) == value:
                continue
        elif (target, value) in verified or (only_changed and stored[doc._blueprint.format.index[link.name]] == value):
            continue
        wanted = pending.setdefault(target, Pending())
        wanted.names.setdefault(value, []).append((doc, link))
        wanted.columns.update(there for _, there, _, _ in link.fetches)


def _dynamic_target(doc: Any, link: LinkField) -> str:
    target: str | None = doc.__dict__.get(link.type_field)
    if not target:
        raise ValidationError(
            f"{describe(doc)}: {link.name} needs the type of its document in {link.type_field}",
            doctype=doc.doctype,
            field=link.type_field,
        )
    return target


def _resolve(op: Operation, target: str, wanted: Pending, missing: list[str]) -> None:
    cls = registry.resolve(target)
    found = find(op.unit, cls, wanted.names, sorted(wanted.columns))
    for value, places in wanted.names.items():
        row = found.get(value)
        for doc, link in places:
            if row is None:
                label = doc.meta.get_label(link.name)
                missing.append(f"{label} ({link.name}) {value!r}, a {target}, named by {describe(doc)}")
                continue
            name, docstatus = row["name"], row["docstatus"]
            if docstatus == 2 and link.name != AMENDED_FROM and _is_submittable(doc) and cls.meta.submittable:
                raise CancelledLinkError(
                    f"{describe(doc)}: {doc.meta.get_label(link.name)} ({link.name}): {target} {name} is cancelled",
                    doctype=doc.doctype,
                    name=doc.name,
                    field=link.name,
                    value=value,
                )
            if name != value:
                doc.__dict__[link.name] = name  # the stored spelling replaces the given one
                op.row = None
            if docstatus != 2:
                op.unit.verified.add((target, name))
            if link.fetches:
                op.fetched[id(doc), link.name] = name
                _fetch(op, doc, link, row)


def _is_submittable(doc: Any) -> bool:
    parent = doc._state.parent
    return bool((parent if parent is not None else doc).meta.submittable)


def _fetch(op: Operation, doc: Any, link: LinkField, row: dict[str, Any]) -> None:
    for here, there, only_if_empty, after_submit in link.fetches:
        if op.kind == UPDATE_AFTER_SUBMIT and not after_submit:
            continue
        if only_if_empty and doc.__dict__.get(here) not in (None, "", 0):
            continue
        setattr(doc, here, row[there])
        op.row = None


def find(unit: UnitOfWork, cls: Any, names: Iterable[str], columns: list[str]) -> dict[str, dict[str, Any]]:
    """Returns name, docstatus and further columns of the stored documents among `names`.

    A name that is not stored in this spelling is looked for without regard to case; the result
    stands under the spelling that was asked for.
    """
    wanted = list(names)
    if cls.meta.issingle:
        return {name: {"name": name, "docstatus": 0} for name in wanted}
    statements = cls._blueprint.statements(unit.database.engine.dialect)
    selected = ("name", "docstatus", *columns)
    result = {row["name"]: row for row in statements.lookup(unit.link.rows, selected, wanted)}
    for name in wanted:
        if name not in result:
            alike = statements.lookup(unit.link.rows, selected, [name], ignore_case=True)
            if len(alike) == 1:
                result[name] = alike[0]
    return result
