"""Users of the open context: whose rights count, and the roles they have."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from doclife.core.context import ADMINISTRATOR, current
from doclife.core.errors import PermissionDenied
from doclife.permissions.roles import roles_of
from doclife.schema.tables import metadata


def set_user(user: str) -> None:
    """Goes on in the open context as another user; the arguments of the request are forgotten."""
    context = current()
    context.user = user
    context.form_dict.clear()


def get_roles(user: str | None = None) -> list[str]:
    """Returns the roles of a user, sorted; default the context's user."""
    context = current()
    return sorted(roles_of(context, user or context.user))


def only_for(roles: str | Sequence[str], message: bool = False) -> None:
    """Refuses unless the user has one of the roles; Administrator passes.

    Args:
        roles: a role, or several.
        message: accepted for Frappe's signature; the error always has a message.
    Raises:
        PermissionDenied: names user and roles.
    """
    context = current()
    wanted = [roles] if isinstance(roles, str) else list(roles)
    if context.user == ADMINISTRATOR or not roles_of(context, context.user).isdisjoint(wanted):
        return
    raise PermissionDenied(
        f"{context.user} has none of the roles that may do this: {', '.join(wanted)}", user=context.user, roles=wanted
    )


def get_fullname(user: str | None = None) -> str:
    """Returns the full name of a user, by default the context's; of an unknown one the name itself."""
    context = current()
    who = user or context.user
    table = metadata.tables["tabUser"]
    found = context.unit.link.execute(select(table.c.full_name).where(table.c.name == who)).scalar()
    return str(found or who)
