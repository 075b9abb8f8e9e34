"""Every field type under one name; `doclife.fields` offers them to apps."""

from __future__ import annotations

from typing import Any

from doclife.schema.data_fields import JSON, Table
from doclife.schema.field import Field
from doclife.schema.number_fields import AmountField, Check, Currency, Float, Int, Percent
from doclife.schema.text_fields import Code, Data, DynamicLink, Link, Password, Select, SmallText, Text, TextField
from doclife.schema.time_fields import Date, Datetime, Time

AnyField = Field[Any, Any] | Table[Any]

__all__ = [
    "JSON",
    "AmountField",
    "AnyField",
    "Check",
    "Code",
    "Currency",
    "Data",
    "Date",
    "Datetime",
    "DynamicLink",
    "Field",
    "Float",
    "Int",
    "Link",
    "Password",
    "Percent",
    "Select",
    "SmallText",
    "Table",
    "Text",
    "TextField",
    "Time",
]
