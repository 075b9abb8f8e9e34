"""Casting: values on their way into columns without a document's operations around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doclife.core.context import Context
from doclife.core.errors import ValidationError, brief
from doclife.database.types import is_name_number
from doclife.query.scope import NumberName, field_of, unknown_field
from doclife.query.timespans import site_now
from doclife.schema.fieldtypes import JSON, Password


def stored(cls: Any, name: str, value: Any) -> Any:
    """Returns a value as a column keeps it: cast by its field, money rounded; a document stands for its name.

    Args:
        cls: the document class.
        name: of the column.
        value: what is to be stored.
    Raises:
        UnknownFieldError: no such column; the message has the nearest name.
        ValidationError: it cannot be cast, or it is a password, which only saving turns into a hash.
    """
    if not isinstance(name, str):
        raise ValidationError(f"{cls.meta.doctype}: a column is named by text, not {brief(name)}")
    field = field_of(cls, name)
    if field is None:
        raise unknown_field(cls, name)
    if isinstance(field, Password) and value is not None:
        raise ValidationError(
            f"{cls.meta.doctype}.{name} is a password: set it on a document and save, which stores its hash",
            field=name,
        )
    if hasattr(type(value), "_blueprint"):
        value = value.name
    elif isinstance(value, bool):
        value = int(value)
    try:
        refuse_container(field, value)
        made = field.cast(value)
    except ValueError as error:
        raise ValidationError(f"{cls.meta.doctype}.{name} cannot be {brief(value)}: {error}", field=name) from None
    if isinstance(field, NumberName) and made is not None and not is_name_number(made):
        raise ValidationError(
            f"{cls.meta.doctype}.name cannot be {brief(value)}: the names of the type are whole numbers from 1 on",
            field=name,
        )
    return made if made is None else field.rounded(made)


def refuse_container(field: Any, value: Any) -> None:
    """Refuses a list or a dict where a single value belongs, without looking into it: it may be of any depth.

    Raises:
        ValueError: it is one, and the field is not JSON.
    """
    if isinstance(value, (list, tuple, dict, set, frozenset)) and not isinstance(field, JSON):
        raise ValueError(f"a {type(value).__name__} is no single value")


def stored_all(cls: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns values by column as the columns keep them."""
    return {name: stored(cls, name, value) for name, value in values.items()}


def stamps(context: Context) -> dict[str, Any]:
    """Returns the standard columns of a row that is written new now."""
    now = site_now()
    return {"owner": context.user, "creation": now, "modified": now, "modified_by": context.user}


def defaults(cls: Any, context: Context) -> dict[str, Any]:
    """Returns the columns of a row of which nothing is given: declared defaults, otherwise empty values."""
    blueprint = cls._blueprint
    values: dict[str, Any] = dict(blueprint.template)
    for name, field in blueprint.defaults.items():
        default = field.default
        if default in ("Today", "Now") and field.fieldtype in ("Date", "Datetime", "Time"):
            default = site_now()
        elif default == "__user":
            default = context.user
        values[name] = stored(cls, name, default)
    return values
