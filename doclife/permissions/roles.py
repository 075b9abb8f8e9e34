"""Roles: which ones a user has. Deny by default: who is disabled, or no user at all, has none.

They are read once per user and transaction. What changes them here counts at once, however it was
written: the unit of work forgets them when one of their tables is written to. What another process
changes counts with the next transaction.
"""

from __future__ import annotations

from sqlalchemy import and_, select

from doclife.core.context import ADMINISTRATOR, GUEST, Context
from doclife.schema.tables import metadata
from doclife.uow.unit import UnitOfWork

#: the role of everybody, and of everybody who is logged in
GUEST_ROLE, ALL_ROLE = "Guest", "All"
AUTOMATIC_ROLES = (GUEST_ROLE, ALL_ROLE)

_USER, _HAS_ROLE, _ROLE = "tabUser", "tabHas Role", "tabRole"
_TABLES = frozenset((_USER, _HAS_ROLE, _ROLE))


def roles_of(context: Context, user: str) -> frozenset[str]:
    """Returns the roles of a user: those given that are not disabled, and the automatic ones.

    Administrator has every role. A disabled user, and a name that is no user's, has none.
    """
    if user == GUEST:
        return frozenset((GUEST_ROLE,))
    unit: UnitOfWork = context.unit
    known: dict[str, frozenset[str]] = unit.facts_of(_TABLES)
    found = known.get(user)
    if found is None:
        found = known[user] = _every_role(unit) if user == ADMINISTRATOR else _read_roles(unit, user)
    return found


def _read_roles(unit: UnitOfWork, user: str) -> frozenset[str]:
    users, given, roles = (metadata.tables[name] for name in (_USER, _HAS_ROLE, _ROLE))
    belongs = and_(given.c.parent == users.c.name, given.c.parenttype == "User")
    statement = (
        select(users.c.enabled, given.c.role, roles.c.disabled)
        .select_from(users.outerjoin(given, belongs).outerjoin(roles, roles.c.name == given.c.role))
        .where(users.c.name == user)
    )
    rows = unit.link.execute(statement).all()
    if not rows or not rows[0].enabled:
        return frozenset()
    return frozenset(row.role for row in rows if row.role and not row.disabled).union(AUTOMATIC_ROLES)


def _every_role(unit: UnitOfWork) -> frozenset[str]:
    table = metadata.tables[_ROLE]
    rows = unit.link.execute(select(table.c.name).where(table.c.disabled == 0))
    return frozenset(row[0] for row in rows).union(AUTOMATIC_ROLES)
