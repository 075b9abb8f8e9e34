"""Conditions: which documents and fields a user may see in lists, from the rules that `rules` checks documents by."""

from __future__ import annotations

from typing import Any

from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from doclife.core.context import ADMINISTRATOR, Context
from doclife.core.errors import PermissionDenied
from doclife.permissions.rules import granting, roles_of


def list_condition(
    context: Context, cls: Any, user: str | None = None, *, table: FromClause | None = None
) -> ColumnElement[bool] | None:
    """Returns what must hold of the documents of a type that a user may see, or None where all may be seen.

    Args:
        context: the open context.
        cls: the document class; of child rows ask for the type they belong to.
        user: default the context's user.
        table: the table or alias the condition is about; default the class's own.
    Raises:
        PermissionDenied: the user may see none.
    """
    who = user or context.user
    if who == ADMINISTRATOR:
        return None
    rules = [*granting(context, cls.meta, "read", who), *granting(context, cls.meta, "select", who)]
    if not rules:
        roles = ", ".join(sorted({rule.role for rule in cls.meta.permissions if rule.read or rule.select})) or "no role"
        raise PermissionDenied(
            f"{who} may not read {cls.meta.doctype}; {roles} may", doctype=cls.meta.doctype, user=who, right="read"
        )
    if any(not rule.if_owner for rule in rules):
        return None
    source = cls.__table__ if table is None else table
    condition: ColumnElement[bool] = source.c.owner == who
    return condition


def hidden_fields(context: Context, cls: Any, holder: Any, user: str | None = None) -> frozenset[str]:
    """Returns the fields of a class that a user may not see in lists: passwords, and those of levels not granted.

    Args:
        context: the open context.
        cls: the document class.
        holder: the class whose rules count: itself, or of child rows the type they belong to.
        user: default the context's user.
    """
    who = user or context.user
    hidden = set(cls._blueprint.format.password_fields)
    raised = {name: field.permlevel for name, field in cls._blueprint.fields.items() if field.permlevel}
    if raised and who != ADMINISTRATOR:
        roles = roles_of(context, who)
        levels = {rule.permlevel for rule in holder.meta.permissions if rule.role in roles and rule.read}
        hidden |= {name for name, level in raised.items() if level not in levels}
    return frozenset(hidden)
