"""What can be asked of the values of a document: columns, decimal places, texts for people."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from doclife.core.context import AttrDict
from doclife.core.errors import InvalidDates, ValidationError
from doclife.model.checks import describe, refuse_kept
from doclife.model.children import row_class
from doclife.schema.fieldtypes import AmountField, Float
from doclife.utils.format import format_value

_TIMES = (date, time, timedelta)


def fields_of(doc: Any) -> dict[str, Any]:
    """Returns a document's fields but its passwords and rows, without the standard columns."""
    hidden = doc._blueprint.format.password_fields
    return {name: doc.__dict__[name] for name in doc._blueprint.fields if name not in hidden}


def valid_dict(doc: Any, *, dates_as_text: bool, no_nulls: bool) -> AttrDict:
    """Is `Document.get_valid_dict`."""
    refuse_kept(doc)
    hidden = doc._blueprint.format.password_fields
    values = AttrDict()
    for name in doc._blueprint.columns:
        value = doc.__dict__[name]
        if name in hidden or (no_nulls and value is None):
            continue
        values[name] = as_text(value) if dates_as_text else value
    return values


def as_text(value: Any) -> Any:
    """Returns dates and times as text, everything else as it is."""
    return str(value) if isinstance(value, _TIMES) else value


def precision(doc: Any, fieldname: str, parentfield: str | None) -> int | None:
    """Is `Document.precision`."""
    meta = row_class(doc, parentfield).meta if parentfield else doc.meta
    field = meta.get_field(fieldname)
    if isinstance(field, AmountField):
        return field.places
    return field.precision if isinstance(field, Float) else None


def formatted(doc: Any, fieldname: str, other: Any, currency: str | None, translated: bool, format: str | None) -> str:
    """Is `Document.get_formatted`."""
    field = doc.meta.by_name.get(fieldname)
    return format_value(doc.get(fieldname), field, other or doc, currency, translated, format)


def check_dates(doc: Any, from_field: str, to_field: str) -> None:
    """Is `Document.validate_from_to_dates`."""
    meta = doc.meta
    meta.get_field(from_field), meta.get_field(to_field)
    refuse_kept(doc, (from_field, to_field))
    begin, end = doc.get(from_field), doc.get(to_field)
    if begin is None or end is None:
        return
    if isinstance(begin, datetime) != isinstance(end, datetime):  # a day and a moment: days are compared
        begin, end = (each.date() if isinstance(each, datetime) else each for each in (begin, end))
    try:
        late = bool(begin > end)
    except TypeError:
        raise ValidationError(f"{describe(doc)}: {from_field} and {to_field} cannot be compared") from None
    if late:
        raise InvalidDates(
            f"{describe(doc)}: {meta.get_label(to_field)} ({to_field}) {end} is before {meta.get_label(from_field)} "
            f"({from_field}) {begin}",
            doctype=doc.doctype,
            name=doc.name,
            field=to_field,
        )
