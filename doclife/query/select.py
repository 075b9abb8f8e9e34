"""Select: from filters to the documents and names they mean."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from doclife.query.filters import compile_filters
from doclife.query.ordering import default_order
from doclife.uow.unit import UnitOfWork


def first_name(unit: UnitOfWork, cls: Any, filters: Any) -> str | None:
    """Returns the name of the first document that the filters match, in the type's order, or None.

    Args:
        unit: reads in its transaction.
        cls: a document class.
        filters: any form of filters.
    Raises:
        UnknownFieldError, ValidationError: the filters cannot be understood.
    """
    table = cls.__table__
    statement = select(table.c.name).where(*compile_filters(cls, filters)).order_by(*default_order(cls)).limit(1)
    found = unit.link.execute(statement).first()
    return None if found is None else str(found[0])
