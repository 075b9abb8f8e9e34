"""Fields: what the rows of a query hold, from the forms that callers write.

"name"    "name, status"    ["name", "net_total as total"]    "*"
"sum(net_total) as total"   "count(distinct customer)"        "sum(qty * rate)"
{"SUM": "net_total", "as": "total"}    {"COUNT": "*"}
"outlet.city"   "items.qty"   "`tabSales Invoice`.`name`"     SalesInvoice.net_total
{"items": ["item_code", "qty"]}                               child rows as lists
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.sql.elements import ColumnElement

from doclife.core import json
from doclife.core.errors import PermissionDenied, ValidationError, brief
from doclife.query.expressions import Value, evaluate, typed_value, value_of
from doclife.query.parser import (
    Binary,
    Call,
    Literal,
    Name,
    Node,
    Star,
    parse_arguments,
    parse_expressions,
    parse_fields,
    parse_order,
)
from doclife.query.scope import Scope

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}


@dataclass
class Selection:
    """The values of a row in order, with the keys they go by."""

    labels: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    #: table field -> columns of its rows
    rows: dict[str, Any] = field(default_factory=dict)
    distinct: bool = False

    def add(self, label: str, value: Value) -> None:
        """Adds a value to the row."""
        self.labels.append(label)
        self.values.append(value)

    @property
    def aggregate(self) -> bool:
        """Whether it holds something about many documents together."""
        return any(each.aggregate for each in self.values)

    @property
    def expressions(self) -> list[ColumnElement[Any]]:
        """The expressions to select."""
        return [each.expression for each in self.values]

    def find(self, label: str) -> Value | None:
        """Returns the value of this key, or None."""
        return self.values[self.labels.index(label)] if label in self.labels else None


def select_fields(scope: Scope, fields: Any) -> Selection:
    """Returns what rows are to hold. Fields the user may not read are left out.

    Args:
        scope: what the names mean; it takes up the joins that are needed.
        fields: any of the forms above; None means the name.
    Raises:
        UnknownFieldError: no such field; the message has the nearest name.
        ValidationError: something cannot be read, or a function does not fit.
    """
    selection = Selection()
    for each in _listed(fields):
        if isinstance(each, str):
            for item in parse_fields(each):
                selection.distinct |= item.distinct
                _add(scope, selection, item.node, item.label)
        elif isinstance(each, Mapping):
            _add_mapping(scope, selection, each)
        elif isinstance(each, ColumnElement):
            label = getattr(each, "name", None) or getattr(each, "key", None) or str(each)
            _try(scope, selection, str(label), each)
        else:
            raise ValidationError(f"{scope.doctype}: {brief(each)} is no field; write its name, or {{'SUM': 'field'}}")
    return selection


def _listed(fields: Any) -> Iterable[Any]:
    if fields is None:
        return ("name",)
    if isinstance(fields, str):
        return _from_json(fields) if fields.lstrip().startswith("[") else (fields,)
    if isinstance(fields, (Mapping, ColumnElement)) or not isinstance(fields, Iterable):
        return (fields,)
    return tuple(fields)


def _from_json(text: str) -> Iterable[Any]:
    data = json.loads(text)
    if not isinstance(data, list):
        raise ValidationError(f"{brief(text)} is no list of fields")
    return data


def _add(scope: Scope, selection: Selection, node: Node, label: str) -> None:
    if isinstance(node, Star):
        for name in scope.columns(node.of):
            selection.add(name, value_of(scope.place(name, node.of)))
    else:
        _try(scope, selection, label, node)


def _try(scope: Scope, selection: Selection, label: str, what: Node | ColumnElement[Any]) -> None:
    """Adds a value, unless the user may not read one of its columns."""
    try:
        value = typed_value(scope, what) if isinstance(what, ColumnElement) else evaluate(scope, what)
    except PermissionDenied:
        return
    selection.add(label, value)


def _add_mapping(scope: Scope, selection: Selection, form: Mapping[str, Any]) -> None:
    keys = [key for key in form if key != "as"]
    if len(keys) != 1:
        raise ValidationError(f"{scope.doctype}: {brief(form)} must name one function, as in {{'SUM': 'field'}}")
    key, argument = keys[0], form[keys[0]]
    if key in scope.cls._blueprint.table_fields:
        selection.rows[key] = argument
        return
    if key in scope.cls._blueprint.columns:
        raise ValidationError(
            f"{scope.doctype}.{key} has no rows, so {brief(form)} names no columns of theirs; write {key!r} alone, or "
            f"{{'SUM': {key!r}}} for a function of it",
            field=key,
        )
    node = _function(key, argument)
    label = form.get("as") or f"{key}({'*' if argument is None else argument})"
    _try(scope, selection, str(label), node)


#: how deep functions may stand in each other
_DEEPEST = 10


def _function(key: Any, argument: Any, depth: int = 0) -> Node:
    """Returns the node of {"SUM": "field"}, {"MUL": ["qty", "rate"]}, {"COUNT": {"DISTINCT": "field"}}."""
    if not isinstance(key, str) or depth > _DEEPEST:
        raise ValidationError(
            f"{brief(key)} names no function" if depth <= _DEEPEST else "functions are nested too deep"
        )
    name = key.strip().lower()
    distinct = False
    if isinstance(argument, Mapping) and [str(word).lower() for word in argument] == ["distinct"]:
        argument, distinct = next(iter(argument.values())), True
    arguments: tuple[Node, ...]
    if argument is None or argument == []:
        arguments = ()
    elif isinstance(argument, str):
        arguments, begins_so = parse_arguments(argument)
        distinct |= begins_so
    else:
        each = argument if isinstance(argument, (list, tuple)) else [argument]
        arguments = tuple(_argument(part, depth) for part in each)
    if name not in _SIGNS:
        return Call(name, arguments, distinct)
    if len(arguments) != 2:
        raise ValidationError(f"{key} takes two values, not {len(arguments)}")
    return Binary(_SIGNS[name], *arguments)


def _argument(part: Any, depth: int) -> Node:
    if isinstance(part, Mapping) and len(part) == 1:
        key, argument = next(iter(part.items()))
        return _function(key, argument, depth + 1)
    if isinstance(part, (int, float)):
        return Literal(part)
    if isinstance(part, str):
        nodes, _ = parse_arguments(part)
        if len(nodes) == 1:
            return nodes[0]
    raise ValidationError(f"{brief(part)} cannot be the argument of a function")


def group_keys(scope: Scope, group_by: Any, selection: Selection) -> list[ColumnElement[Any]]:
    """Returns what rows are grouped by.

    Args:
        scope: what the names mean.
        group_by: a string, an expression or a list of them; a name may be the key of a selected value.
        selection: what is selected.
    """
    keys: list[ColumnElement[Any]] = []
    for each in _each(group_by):
        if isinstance(each, ColumnElement):
            keys.append(scope.adopt(each))
            continue
        for node in parse_expressions(each):
            own = isinstance(node, Name) and node.of is None and node.column in scope.cls._blueprint.columns
            found = selection.find(node.column) if isinstance(node, Name) and node.of is None and not own else None
            keys.append((found or evaluate(scope, node)).expression)
    return keys


def order_keys(scope: Scope, order_by: Any, selection: Selection) -> list[ColumnElement[Any]]:
    """Returns what rows are ordered by.

    Args:
        scope: what the names mean.
        order_by: a string ("total desc, name"), an expression or a list of them; a name may be the
            key of a selected value.
        selection: what is selected.
    """
    keys: list[ColumnElement[Any]] = []
    for each in _each(order_by):
        if isinstance(each, ColumnElement):
            keys.append(scope.adopt(each))
            continue
        for key in parse_order(each):
            node = key.node
            found = selection.find(node.column) if isinstance(node, Name) and node.of is None else None
            expression = (found or evaluate(scope, node)).expression
            keys.append(expression.desc() if key.descending else expression.asc())
    return keys


def _each(keys: Any) -> list[Any]:
    if not keys and not isinstance(keys, ColumnElement):
        return []
    listed = list(keys) if isinstance(keys, (list, tuple)) else [keys]
    for each in listed:
        if not isinstance(each, (str, ColumnElement)):
            raise ValidationError(f"{brief(each)} is no field to group or order by")
    return [each for each in listed if isinstance(each, ColumnElement) or each.strip()]
