"""Sight: what a user may see in one list, of the type it is about and of those it links.

Rows come from the rules (`permissions`) and from the query conditions of apps (`restrictions`). The
right to select shows what a document is known by; as soon as a list uses another column, it holds
only documents that the user may read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import exists
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from doclife.core.context import Context
from doclife.permissions.conditions import (
    hidden_fields,
    list_condition,
    list_reach,
    only_selects,
    selectable_columns,
)
from doclife.query.names import same_name
from doclife.query.restrictions import Restrictions


class UserSight:
    """What one user may see in one query."""

    def __init__(self, context: Context, holder: Any, user: str) -> None:
        """Opens it.

        Args:
            context: the open context.
            holder: the class whose rules count: the one that is listed, or of child rows the one they belong to.
            user: whose rights count.
        """
        self._context, self._holder, self._user = context, holder, user
        self._hidden: dict[Any, frozenset[str]] = {}
        self._said: dict[Any, Restrictions] = {}
        #: whether no more may be seen of the listed documents than what they are known by
        self.only_selects = only_selects(context, holder.meta, user)

    def admit(self, cls: Any) -> None:
        """Refuses a type of which the user may see nothing.

        Raises:
            PermissionDenied: names user, type and the roles that may.
        """
        if cls.meta.istable:
            list_reach(self._context, self._holder.meta, self._user, "read")
        else:
            list_reach(self._context, cls.meta, self._user)

    def hidden(self, cls: Any) -> frozenset[str]:
        """Returns the columns of a class that the user may not see."""
        found = self._hidden.get(cls)
        if found is None:
            holder = self._holder if cls.meta.istable else cls
            found = self._hidden[cls] = hidden_fields(self._context, cls, holder, self._user)
        return found

    def restrict(
        self, cls: Any, table: FromClause, columns: Collection[str], *, rows: bool = False, alone: bool = False
    ) -> list[ColumnElement[bool]]:
        """Returns what must hold of the documents or rows in a table; see `scope.Sight`."""
        if not cls.meta.istable:
            reading = rows or not selectable_columns(cls.meta).issuperset(columns)
            return self._documents(cls, table, reading=reading, alone=alone)
        if table is not cls.__table__:
            return []  # rows of the documents that are listed
        holder = self._holder
        documents = self._documents(holder, holder.__table__, reading=True, alone=True)
        of_holder: list[ColumnElement[bool]] = [table.c.parenttype == holder.meta.doctype]
        if documents:
            of_holder.append(exists().where(same_name(holder.__table__.c.name, table.c.parent), *documents))
        return of_holder

    def _documents(self, cls: Any, table: FromClause, *, reading: bool, alone: bool) -> list[ColumnElement[bool]]:
        reach = list_reach(self._context, cls.meta, self._user, "read" if reading else "select")
        own = list_condition(reach, table, self._user)
        said = self._said.get(cls)
        if said is None:
            said = self._said[cls] = Restrictions(self._context, cls, self._user)
        return [*([] if own is None else [own]), *said.on(table, alone=alone)]

    def explain(self, error: Exception) -> None:
        """Names in an error of the database the query conditions that the statement held."""
        for said in self._said.values():
            said.explain(error)
