"""Conditions: which documents and columns a user may see in lists, from the rules that `rules` checks documents by."""

from __future__ import annotations

from typing import Any

from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from doclife.core.context import ADMINISTRATOR, Context
from doclife.core.errors import PermissionDenied
from doclife.permissions.roles import roles_of
from doclife.permissions.rules import Reach, reach, rules_of, who_may
from doclife.schema.meta import Meta


def list_reach(context: Context, meta: Meta, user: str, right: str = "select") -> Reach:
    """Returns which documents of a type a user sees in lists.

    Args:
        context: the open context.
        meta: of the type; of child rows ask for the type they belong to.
        user: whose roles count.
        right: "read", or "select" where no more is shown than selecting shows.
    Raises:
        PermissionDenied: none; the message names the roles that see some.
    """
    if user == ADMINISTRATOR:
        return Reach.ALL
    found = reach(context, meta, right, user)
    if found is Reach.NONE:
        rights = ("select", "read") if right == "select" else (right,)
        raise PermissionDenied(
            f"{user} may not read {meta.doctype}; {who_may(context, meta, *rights)} may",
            doctype=meta.doctype,
            user=user,
            right="read",
        )
    return found


def list_condition(found: Reach, table: FromClause, user: str) -> ColumnElement[bool] | None:
    """Returns what must hold of the documents in a table, or None where all may be seen."""
    if found is Reach.ALL:
        return None
    condition: ColumnElement[bool] = table.c.owner == user
    return condition


def selectable_columns(meta: Meta) -> frozenset[str]:
    """Returns the columns that the right to select shows: what a document is found and known by."""
    return frozenset(filter(None, ("name", meta.title_field, *meta.search_fields)))


def only_selects(context: Context, meta: Meta, user: str) -> bool:
    """Tells whether a user may select documents of a type, but read none."""
    return user != ADMINISTRATOR and reach(context, meta, "read", user) is Reach.NONE


def hidden_fields(context: Context, cls: Any, holder: Any, user: str) -> frozenset[str]:
    """Returns the columns of a class that a user may not see in lists.

    Those are passwords, fields of levels not granted, and for users who may only select, all but
    `selectable_columns`.

    Args:
        context: the open context.
        cls: the document class.
        holder: the class whose rules count: itself, or of child rows the type they belong to.
        user: whose roles count.
    """
    hidden = set(cls._blueprint.format.password_fields)
    if user == ADMINISTRATOR:
        return frozenset(hidden)
    raised = {name: field.permlevel for name, field in cls._blueprint.fields.items() if field.permlevel}
    if raised:
        roles = roles_of(context, user)
        levels = {rule.permlevel for rule in rules_of(context, holder.meta) if rule.role in roles and rule.read}
        hidden |= {name for name, level in raised.items() if level not in levels}
    if only_selects(context, holder.meta, user):
        hidden |= set(cls._blueprint.columns) - (selectable_columns(cls.meta) if cls is holder else frozenset())
    return frozenset(hidden)
