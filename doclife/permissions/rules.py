"""Rules: who may do what with which documents (design 9). Deny by default.

A type's `Meta.permissions` give rights to roles; a user has the roles of "Has Role" and the
automatic ones. Administrator may do everything.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from doclife.core.context import ADMINISTRATOR, GUEST, Context
from doclife.core.errors import PermissionDenied, ValidationError, nearest
from doclife.schema.meta import RIGHTS, Permission
from doclife.schema.tables import metadata
from doclife.uow.unit import UnitOfWork

#: the role of everybody, and of everybody who is logged in
GUEST_ROLE, ALL_ROLE = "Guest", "All"


def roles_of(context: Context, user: str) -> frozenset[str]:
    """Returns the roles of a user, read once per context."""
    known: dict[str, frozenset[str]] = context.local.setdefault("roles", {})
    found = known.get(user)
    if found is None:
        found = known[user] = frozenset(_read_roles(context.unit, user))
    return found


def _read_roles(unit: UnitOfWork, user: str) -> set[str]:
    if user == GUEST:
        return {GUEST_ROLE}
    table = metadata.tables["tabHas Role"]
    rows = unit.link.execute(select(table.c.role).where(table.c.parent == user, table.c.parenttype == "User"))
    return {row[0] for row in rows} | {GUEST_ROLE, ALL_ROLE}


def granting(context: Context, doctype_meta: Any, right: str, user: str) -> list[Permission]:
    """Returns the rules that give a user a right on documents of a type."""
    roles = roles_of(context, user)
    return [
        rule for rule in doctype_meta.permissions if rule.role in roles and rule.permlevel == 0 and getattr(rule, right)
    ]


def known_right(right: str) -> str:
    """Returns the name of a right as `Permission` has it.

    Raises:
        ValidationError: there is no such right.
    """
    right = "import_" if right == "import" else right
    if right not in RIGHTS:
        raise ValidationError(f"no right {right!r}.{nearest(right, RIGHTS)}")
    return right


def has_permission(context: Context, doc: Any, right: str = "read", user: str | None = None) -> bool:
    """Tells whether a user has a right on a document.

    Args:
        context: the open context.
        doc: the document; of a row, the document it belongs to is asked.
        right: one of RIGHTS ("import" is `import_`).
        user: default the context's user.
    Raises:
        ValidationError: there is no such right.
    """
    right = known_right(right)
    who = user or context.user
    flags = doc._state.flags
    if who == ADMINISTRATOR or (flags and flags.get("ignore_permissions")):
        return True
    if doc.meta.istable and doc.parent_doc is not None:
        return has_permission(context, doc.parent_doc, right, user)
    rules = granting(context, doc.meta, right, who)
    if any(not rule.if_owner for rule in rules):
        return True
    # A rule for owners holds for what the user creates, and for what carries the user's name.
    return bool(rules) and (right == "create" or doc.owner == who)


def check_permission(context: Context, doc: Any, right: str) -> None:
    """Refuses without the right.

    Raises:
        PermissionDenied: names user, right and document.
    """
    if context.user == ADMINISTRATOR:
        return
    if not has_permission(context, doc, right):
        roles = ", ".join(sorted(rule.role for rule in doc.meta.permissions if getattr(rule, right))) or "no role"
        raise PermissionDenied(
            f"{context.user} may not {right.rstrip('_')} {doc.doctype} {doc.name or '(new)'}; {roles} may",
            doctype=doc.doctype,
            name=doc.name,
            user=context.user,
            right=right,
        )
