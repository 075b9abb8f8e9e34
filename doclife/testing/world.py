"""The world of a test: who acts, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from doclife.core import clock
from doclife.core.context import current, current_or_none
from doclife.doctypes.user import Role, User


@contextmanager
def as_user(user: str) -> Iterator[None]:
    """Lets `user` act in the open context for the block."""
    context = current()
    before, context.user = context.user, user
    try:
        yield
    finally:
        context.user = before


def make_user(email: str, *roles: str, **values: Any) -> User:
    """Inserts a user with these roles and returns it; roles that do not exist yet are made.

    Args:
        email: the user's name too.
        roles: names of roles.
        values: further fields of the user.
    """
    for role in roles:
        made = Role(role_name=role)
        made.flags.ignore_permissions = True
        made.insert(ignore_if_duplicate=True)
    user = User(email=email, first_name=values.pop("first_name", email.partition("@")[0]), **values)
    for role in roles:
        user.append("roles", {"role": role})
    return user.insert(ignore_permissions=True)


@contextmanager
def travel_to(moment: datetime | str, *, tick: bool = False) -> Iterator[None]:
    """Moves doclife's clock to a moment for the block.

    Args:
        moment: as a datetime or ISO text; naive: in the time zone of the open context's site, or UTC.
        tick: whether time goes on from there; otherwise it stands still.
    """
    with clock.travel(site_moment(moment), tick=tick):
        yield


def site_moment(moment: datetime | str) -> datetime:
    """Returns a moment as an aware datetime in UTC; naive: in the zone of the open context's site, or UTC."""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    context = current_or_none()
    return clock.to_utc(found, context.site.settings.time_zone if context is not None else "UTC")
