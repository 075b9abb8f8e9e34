"""Changes: what differs between a document's before-image and what is stored now.

Compares rows as they are stored, so what a handler has changed in memory after the write does not
count, and what it has set with db_set does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from doclife.core import json
from doclife.model.state import Before, Row
from doclife.schema import registry
from doclife.schema.build import Blueprint
from doclife.schema.tables import AMENDED_FROM

#: a field, its value before and its value now
Change = tuple[str, Any, Any]


@dataclass
class Changes:
    """The differences between two states of one document; passwords are never among them."""

    changed: list[Change] = field(default_factory=list)
    #: table field, values of the row
    added: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    removed: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    #: table field, place among the rows from 0, name of the row, changes in it
    row_changed: list[tuple[str, int, str, list[Change]]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed or self.row_changed)


def of_operation(doc: Any) -> Changes:
    """Returns what the operation in progress has changed so far; of an insert nothing."""
    before: Before | None = doc._state.before
    if before is None or before.row is None:
        return Changes()
    return between(type(doc), before, Before(doc._state.row, doc._state.stored_rows))


def since_amended(doc: Any, source: Any) -> Changes:
    """Returns what makes an amendment differ from the cancelled document it amends; rows compare by their place."""
    old = Before(source._state.row, source._state.stored_rows)
    return between(type(doc), old, Before(doc._state.row, doc._state.stored_rows), by_place=True)


def between(cls: Any, old: Before, new: Before, *, by_place: bool = False) -> Changes:
    """Returns the differences between two stored states of a document.

    Args:
        cls: its class.
        old: the state before.
        new: the state after.
        by_place: rows belong together by their place and not by their name.
    """
    assert old.row is not None
    assert new.row is not None
    blueprint: Blueprint = cls._blueprint
    found = Changes(_changed(blueprint, old.row, new.row, (AMENDED_FROM, "name", "docstatus")))
    for name, table in blueprint.table_fields.items():
        were, are = old.stored_rows.get(name, {}), new.stored_rows.get(name, {})
        if were is not are:
            _compare_rows(found, name, registry.resolve(table.options)._blueprint, were, are, by_place)
    return found


def _compare_rows(
    found: Changes, table_field: str, blueprint: Blueprint, were: dict[str, Row], are: dict[str, Row], by_place: bool
) -> None:
    names = list(were)
    met = set()
    for place, (name, row) in enumerate(are.items()):
        old_name = (names[place] if place < len(names) else None) if by_place else name
        old = were.get(old_name) if old_name is not None else None
        if old is None:
            found.added.append((table_field, _shown(blueprint, row)))
            continue
        met.add(old_name)
        changes = _changed(blueprint, old, row)
        if changes:
            found.row_changed.append((table_field, place, name, changes))
    found.removed += [(table_field, _shown(blueprint, row)) for name, row in were.items() if name not in met]


def _changed(blueprint: Blueprint, old: Row, new: Row, standard: tuple[str, ...] = ()) -> list[Change]:
    if old == new:
        return []
    return [
        (name, _value(is_json, old[n]), _value(is_json, new[n]))
        for name, n, is_json in _compared(blueprint, standard)
        if old[n] is not new[n] and old[n] != new[n]
    ]


@cache
def _compared(blueprint: Blueprint, standard: tuple[str, ...]) -> list[tuple[str, int, bool]]:
    """Returns the columns that count: declared fields but passwords, then these standard ones."""
    layout = blueprint.format
    names = [name for name in blueprint.fields if name not in layout.password_fields]
    names += [name for name in standard if name in layout.index]
    return [(name, layout.index[name], name in layout.json_fields) for name in names]


def _value(is_json: bool, value: Any) -> Any:
    return json.unpack(value) if is_json and value is not None else value


def _shown(blueprint: Blueprint, row: Row) -> dict[str, Any]:
    """Returns the values of a row, those of standard columns included, without passwords."""
    hidden = blueprint.format.password_fields
    values = {name: value for name, value in blueprint.format.values(row).items() if name not in hidden}
    return {"doctype": blueprint.meta.doctype, **values}
