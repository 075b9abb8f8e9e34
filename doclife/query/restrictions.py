"""Restrictions: what the query conditions of apps leave of a document type, for lists and for single documents.

A hook of `permission_query_conditions` returns SQL as a text, filters, an expression, or nothing where
it restricts nothing. All of them must hold. Lists add them to their WHERE; of single documents one
SELECT asks the same, so a list and a document cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, case, literal_column, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from doclife.core.context import Context
from doclife.core.errors import DoclifeError, HookError
from doclife.permissions.hooks import QUERY_CONDITIONS, PermissionHook, hooks_of
from doclife.query.execute import read
from doclife.query.filters import by_names, conditions, names_where
from doclife.query.nested import chunks
from doclife.query.operators import Condition
from doclife.query.scope import Scope
from doclife.query.sqltext import condition as written_condition


class Restrictions:
    """What the hooks say to one user about one document type."""

    def __init__(self, context: Context, cls: Any, user: str) -> None:
        """Asks the hooks.

        Raises:
            HookError: one returned what is no condition.
        """
        self._cls = cls
        #: of each hook: the scope of its names, its conditions, and whether they were written as SQL
        self._parts: list[tuple[Scope, list[Condition], bool]] = []
        self.hooks: list[PermissionHook] = []
        for hook in hooks_of(context.site).of(QUERY_CONDITIONS, cls.meta.doctype):
            said = hook.conditions(context, cls.meta.doctype, user)
            if not _is_empty(said):
                self.hooks.append(hook)
                self._add(context, hook, said)

    def __bool__(self) -> bool:
        return bool(self.hooks)

    def _add(self, context: Context, hook: PermissionHook, said: Any) -> None:
        scope = Scope(self._cls)
        try:
            if isinstance(said, str):
                written: Condition = literal_column(written_condition(said, context.unit.link.dialect))
                self._parts.append((scope, [written], True))
            elif isinstance(said, (ColumnElement, Mapping)) or _is_list_of_filters(said):
                self._parts.append((scope, conditions(scope, said), False))
            else:
                raise HookError(f"{said!r} is no condition{_hint(said)}")
        except DoclifeError as error:
            error.add_note(f"in {hook.path}: {hook.key}[{hook.doctype!r}] of {hook.app}")
            raise

    def on(self, table: FromClause, *, alone: bool) -> list[Condition]:
        """Returns the conditions on the documents in a table of a statement.

        Args:
            table: the type's own, or an alias of it.
            alone: whether the statement reads no other table.
        """
        found: list[Condition] = []
        for scope, where, written in self._parts:
            # a name in written SQL may mean any table of the statement it stands in; in one of its own it means this
            if table is scope.table and (alone or not written):
                found += by_names(scope, where)
            else:
                found.append(table.c.name.in_(names_where(scope, where)))
        return found

    def explain(self, error: Exception) -> None:
        """Names in an error of the database who said what it was asked."""
        for hook in self.hooks:
            error.add_note(f"with the query conditions of {hook.path} ({hook.app})")


def excluded(context: Context, cls: Any, names: Sequence[str], user: str) -> tuple[list[str], list[PermissionHook]]:
    """Returns which of some stored documents the query conditions do not leave to a user, and the hooks that said so.

    Documents that are not stored are not among them. Costs one SELECT, and none where no hook says anything.

    Args:
        context: the open context.
        cls: the document class.
        names: of the documents.
        user: whom the hooks are asked about.
    """
    found = Restrictions(context, cls, user)
    if not found:
        return [], []
    table = cls.__table__
    # what is neither true nor false is false in a WHERE, and so it is here
    seen = case((and_(*found.on(table, alone=True)), 1), else_=0)
    hidden: list[str] = []
    try:
        for some in chunks(names):
            these = table.c.name == some[0] if len(some) == 1 else table.c.name.in_(some)
            rows: Sequence[Any] = read(context.unit, select(table.c.name, seen).where(these)).all()
            hidden += [row[0] for row in rows if not row[1]]
    except DoclifeError as error:
        found.explain(error)
        raise
    return hidden, found.hooks


def is_restricted(context: Context, cls: Any) -> bool:
    """Tells whether hooks are asked about documents of a class."""
    return bool(hooks_of(context.site).of(QUERY_CONDITIONS, cls.meta.doctype))


def _is_empty(said: Any) -> bool:
    return said is None or (isinstance(said, str) and not said.strip()) or (_is_plain(said) and not said)


def _is_plain(said: Any) -> bool:
    return isinstance(said, (Mapping, list, tuple))


def _is_list_of_filters(said: Any) -> bool:
    """Tells whether a list holds filters; one of names is refused, because an empty one would restrict nothing."""
    return isinstance(said, (list, tuple)) and not any(isinstance(each, str) for each in said)


def _hint(said: Any) -> str:
    if isinstance(said, (list, tuple)):
        return "; a list holds filters, and names are written {'name': ['in', names]}, which holds without any too"
    return "; return SQL as a text, filters, an expression, or nothing"
