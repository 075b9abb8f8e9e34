"""Select: from filters to the documents and names they mean."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from doclife.query.execute import read
from doclife.query.filters import conditions
from doclife.query.ordering import default_order
from doclife.query.scope import Scope
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
    scope = Scope(cls)
    where = conditions(scope, filters)
    statement = (
        select(scope.table.c.name).select_from(scope.source).where(*where).order_by(*default_order(cls)).limit(1)
    )
    found = read(unit, statement).first()
    return None if found is None else str(found[0])
