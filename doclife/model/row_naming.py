"""Names of child rows: by the rule of their own type (reference 2.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from doclife.core.context import Context, current
from doclife.core.ids import hash_name
from doclife.events.dispatch import fire
from doclife.events.registry import Registry
from doclife.model.naming_rules import CHOSEN, HASHED, Numbered, accept, by_rule, give_numbers
from doclife.model.operation import Operation
from doclife.schema import registry
from doclife.schema.build import Blueprint
from doclife.uow.unit import UnitOfWork


class RowNaming(NamedTuple):
    """How the rows of one table field are named, where that is more than by hashes."""

    table_field: str
    before_naming: Callable[[Any], None] | None
    autoname: Callable[[Any], None] | None


def name_added_rows(op: Operation) -> None:
    """Names the rows that have no name yet."""
    fields = op.doc._blueprint.table_fields
    if fields:
        values = op.doc.__dict__
        lacking = [name for name in fields if any(not row.__dict__["name"] for row in values.get(name) or ())]
        if lacking:
            name_rows(op, lacking, [op], added=True)


def name_rows(op: Operation, fields: Iterable[str], ops: Sequence[Operation], *, added: bool = False) -> None:
    """Names rows: of a new document every one anew, since rows copied from elsewhere bring names that exist."""
    naming = row_naming(op.context, type(op.doc))
    lacking: list[Numbered] = []
    for table_field in fields:
        how = naming.get(table_field)
        for each in ops:
            values = each.doc.__dict__
            parent = values["name"]
            rows = values.get(table_field) or ()
            if how is None:
                for row in rows:
                    own = row.__dict__
                    if not (added and own["name"]):
                        own["parent"] = parent
                        own["name"] = hash_name()
                continue
            for idx, row in enumerate(rows, 1):
                own = row.__dict__
                if added and own["name"]:
                    continue
                own["parent"], own["idx"] = parent, idx
                numbered = _name_row(op.unit, row, how)
                if numbered is not None:
                    lacking.append(numbered)
    if lacking:
        give_numbers(op.unit, lacking)


def _name_row(unit: UnitOfWork, row: Any, how: RowNaming) -> Numbered | None:
    values, rule = row.__dict__, row._blueprint.naming
    given = values["name"] if rule.kind in CHOSEN else None
    if how.before_naming is not None:
        how.before_naming(row)
    values["name"] = None
    if how.autoname is not None:
        how.autoname(row)
    if not values["name"]:
        name = by_rule(row, rule, given)
        if isinstance(name, Numbered):
            return name
        values["name"] = name
    accept(unit, row, rule)
    return None


def row_naming(context: Context, cls: Any) -> dict[str, RowNaming]:
    """Returns how rows are named, by table field; those that get hashes and nothing else are left out."""
    events: Registry = context.site.registry
    plans: dict[Any, tuple[int, dict[str, RowNaming]]] = context.site.plans
    key = (cls, "rows", False)
    found = plans.get(key)
    generation = events.generation
    if found is not None and found[0] == generation:
        return found[1]
    made = {}
    for table_field, field in cls._blueprint.table_fields.items():
        child = registry.resolve(field.options)
        before, after = (_row_event(events, child, event) for event in ("before_naming", "autoname"))
        if before is not None or after is not None or child._blueprint.naming.kind not in HASHED:
            made[table_field] = RowNaming(table_field, before, after)
    plans[key] = (generation, made)
    return made


def _row_event(events: Registry, cls: Any, event: str) -> Callable[[Any], None] | None:
    method = getattr(cls, event, None)
    chain = events.chain(event, cls.meta.doctype, wildcard=cls.meta.wildcard_events)
    if method is None and not chain:
        return None

    def run(row: Any) -> None:
        fire(current(), row, event, method, chain, ())

    return run


@cache
def synced_tables(blueprint: Blueprint) -> tuple[tuple[str, str], ...]:
    """Returns the table fields whose rows are named by a field, with that field."""
    tables = blueprint.table_fields.items()
    fields = ((name, registry.resolve(field.options)._blueprint.naming.field) for name, field in tables)
    return tuple((name, field) for name, field in fields if field)
