"""Rules: who may do what with which documents (design 9). Deny by default.

A type's `Meta.permissions` give rights to roles, for all documents or for a user's own. `reach` reads
them; from its answer come the check of a document here and the condition of a list in `conditions`,
so the two cannot disagree; what restricts users by linked values belongs beside it. Administrator may
do everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from doclife.core.context import Context
from doclife.core.errors import ValidationError, nearest
from doclife.permissions.roles import roles_of
from doclife.schema.meta import RIGHTS, Meta, Permission

_OWNER = 1  # its place in every row: see schema.tables.STANDARD_COLUMNS
#: rights that only documents which can be submitted have
_OF_SUBMITTABLE = frozenset({"submit", "cancel", "amend"})


class Reach(IntEnum):
    """With which documents of a type a user may do something."""

    NONE = 0
    OWN = 1
    ALL = 2


def rules_of(_context: Context, meta: Meta) -> Sequence[Permission]:
    """Returns the rules of a type. Rules that a site sets for itself ("Custom DocPerm") belong here."""
    return meta.permissions


def reach(context: Context, meta: Meta, right: str, user: str) -> Reach:
    """Returns with which documents of a type a user may do something; not for Administrator.

    Args:
        context: the open context.
        meta: of the type; of child rows ask for the type they belong to.
        right: one of RIGHTS; whoever may read may select too.
        user: whose roles count.
    """
    if right in _OF_SUBMITTABLE and not meta.submittable:
        return Reach.NONE
    roles = roles_of(context, user)
    rights = ("select", "read") if right == "select" else (right,)
    found = Reach.NONE
    for rule in rules_of(context, meta):
        if rule.role in roles and rule.permlevel == 0 and any(getattr(rule, each) for each in rights):
            if not rule.if_owner:
                return Reach.ALL
            found = Reach.OWN
    return found


def allows(context: Context, doc: Any, right: str, user: str) -> bool:
    """Tells whether the rules give a user a right on a document; not for Administrator.

    A rule for owners goes by the stored owner. Anybody may create under it, and a new document is
    whose it will be.

    Args:
        context: the open context.
        doc: the document, not a row of it.
        right: one of RIGHTS.
        user: whose roles count.
    """
    found = reach(context, doc.meta, right, user)
    return found is Reach.ALL or (found is Reach.OWN and (right == "create" or _is_own(doc, user)))


def _is_own(doc: Any, user: str) -> bool:
    owner = owner_of(doc)
    return owner == user or (owner is None and doc._state.row is None)


def owner_of(doc: Any) -> str | None:
    """Returns who owns a document, as it is stored; of a new one nobody until its insert says."""
    row = doc._state.row
    owner: str | None = doc.__dict__["owner"] if row is None else row[_OWNER]
    return owner


def known_right(right: str) -> str:
    """Returns the name of a right as `Permission` has it.

    Raises:
        ValidationError: there is no such right.
    """
    right = "import_" if right == "import" else right
    if right not in RIGHTS:
        raise ValidationError(f"no right {right!r}.{nearest(right, RIGHTS)}")
    return right


def who_may(context: Context, meta: Meta, *rights: str) -> str:
    """Returns the roles that have one of the rights, for a message."""
    rules = rules_of(context, meta)
    roles = {rule.role for rule in rules if rule.permlevel == 0 and any(getattr(rule, each) for each in rights)}
    return ", ".join(sorted(roles)) or "no role"
