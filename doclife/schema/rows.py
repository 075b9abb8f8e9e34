"""Rows: how the values of a document stand in a tuple, and the quick question whether they may be saved.

A row is a tuple in column order, in Python's types; JSON stands in it as text, so that comparing
two rows finds a change inside it. The row as loaded is a document's before-image. The functions
are generated once per class from its fields, as dataclasses does: a loop over fields costs ten
times as much per row (performance.md, "What mattered" 3).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any

from doclife.core import json
from doclife.core.amount import Amount
from doclife.schema.field import Field
from doclife.schema.fieldtypes import JSON, AmountField, Check, Data, Float, Password, Select, TextField
from doclife.schema.number_fields import AMOUNT_PLACES

# Decimal's own: Amount's operators are made for mixing with floats and cost twice as much
_quantize, _same = Decimal.quantize, Decimal.__eq__

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
_URL = re.compile(r"((https?|ftp)://[^\s/]\S*|(mailto|tel):[^\s/]\S*)", re.IGNORECASE)
_PHONE = re.compile(r"\+?[\d\s().\-]{3,20}")


def round_amount(value: Amount) -> Amount:
    """Returns the amount rounded half-even to the places that every column of amounts keeps."""
    return value.quantized(AMOUNT_PLACES)


def _is_round(value: Amount, step: Decimal) -> Any:
    try:
        return _same(_quantize(value, step), value)
    except InvalidOperation:  # infinite, or with more digits than the context has
        return False


def option_fits(kind: str, value: str) -> bool:
    """Tells whether a Data value has the form its option names; unknown options fit."""
    if kind == "Email":
        return all(_EMAIL.fullmatch(part.strip()) for part in value.split(","))
    if kind == "URL":
        return _URL.fullmatch(value) is not None
    if kind == "Phone":
        return _PHONE.fullmatch(value) is not None
    return True


class RowFormat:
    """The row of one document class."""

    def __init__(self, columns: Sequence[str], fields: Mapping[str, Field[Any, Any]]) -> None:
        """Builds the functions for `columns`, of which `fields` are declared ones."""
        self.columns = tuple(columns)
        self.index = {name: n for n, name in enumerate(self.columns)}
        self.json_fields = [name for name, each in fields.items() if isinstance(each, JSON)]
        self.password_fields = [name for name, each in fields.items() if isinstance(each, Password)]
        #: instance dict -> row
        self.take: Callable[[dict[str, Any]], tuple[Any, ...]] = self._make_take()
        #: row -> whether every framework check of values passes
        self.fits: Callable[[tuple[Any, ...]], bool] = self._make_fits(fields)

    def _make_take(self) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
        if not self.json_fields:
            getter: Callable[[dict[str, Any]], tuple[Any, ...]] = itemgetter(*self.columns)
            return getter
        as_json = set(self.json_fields)
        parts = [f"_pack(d[{name!r}])" if name in as_json else f"d[{name!r}]" for name in self.columns]
        return _compile("d", f"({', '.join(parts)},)", {"_pack": _pack})

    def values(self, row: tuple[Any, ...]) -> dict[str, Any]:
        """Returns the instance dict of a row."""
        values = dict(zip(self.columns, row, strict=True))
        for name in self.json_fields:
            text = values[name]
            values[name] = None if text is None else json.unpack(text)
        return values

    def _make_fits(self, fields: Mapping[str, Field[Any, Any]]) -> Callable[[tuple[Any, ...]], bool]:
        conditions: list[str] = []
        names: dict[str, Any] = {"_is_round": _is_round, "_option": option_fits}
        for name, each in fields.items():
            value = f"r[{self.index[name]}]"
            present = None
            if each.reqd and each.empty is None:
                text = isinstance(each, TextField)
                present = f"({value} and not {value}.isspace())" if text else f"{value} is not None"
                if each.fieldtype == "Text":  # markup may hold nothing to read: the slow check looks
                    present = f"({value} and not {value}.isspace() and '<' not in {value})"
            wanted: list[str] = []
            if isinstance(each, TextField) and each.max_length:
                wanted.append(f"len({value}) <= {each.max_length}")
            if isinstance(each, Select) and each.choices:
                names[f"_o{self.index[name]}"] = frozenset(each.choices)
                wanted.append(f"{value} in _o{self.index[name]}")
            if isinstance(each, Data) and each.options:
                wanted.append(f"_option({each.options!r}, {value})")
            if isinstance(each, AmountField):
                names[f"_s{self.index[name]}"] = Decimal(1).scaleb(-each.places)
                wanted.append(f"_is_round({value}, _s{self.index[name]})")
            if isinstance(each, Check):
                wanted.append(f"{value} in (0, 1)")
            if isinstance(each, Float):
                wanted.append(f"{value} - {value} == 0")  # neither infinite nor NaN
                if each.precision is not None:
                    wanted.append(f"round({value}, {each.precision}) == {value}")
            if each.non_negative and each.empty is not None:
                wanted.append(f"{value} >= 0")
            if each.empty is None and wanted:
                test = " and ".join(wanted)
                conditions.append(f"({present} and {test})" if present else f"(not {value} or {test})")
            else:
                conditions += ([present] if present else []) + wanted
        return _compile("r", " and ".join(conditions) or "True", names)


def _pack(value: Any) -> str | None:
    return None if value is None else json.pack(value)


def _compile(argument: str, expression: str, names: dict[str, Any]) -> Callable[[Any], Any]:
    # The text holds only indexes, literals made by repr() and names from this module.
    function: Callable[[Any], Any] = eval(f"lambda {argument}: {expression}", names)  # noqa: S307 generated from the schema
    return function
