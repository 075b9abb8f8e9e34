"""Guarded documents: orders that several roles may do different things with, and notes about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Link, Table
from doclife.schema.meta import Meta, Permission
from doclife.testing import make_user
from tests.unit.model.shop import ShopTax
from tests.unit.permissions import declared

CLERK, BOSS = "clerk@example.com", "boss@example.com"
ORDER = "Ward Order"


class WardOrder(Document):
    meta = Meta(
        submittable=True,
        autoname="WO-.##",
        permissions=[
            Permission("Clerk", read=True, write=True, create=True, delete=True, submit=True, cancel=True),
            Permission("Boss", read=True, write=True, create=True, amend=True),
            Permission("Author", read=True, write=True, create=True, cancel=True, amend=True, if_owner=True),
        ],
    )

    city = Data()
    note = Data(allow_on_submit=True)
    rows = Table(ShopTax)


class WardNote(Document):
    meta = Meta(permissions=[Permission("Clerk", read=True, write=True, create=True)])

    order = Link(ORDER)


@contextmanager
def guarded(site: Any) -> Iterator[None]:
    """Gives a site the types, their users, and an app whose permission hooks say what `declared` holds."""
    site.use(WardOrder, WardNote)
    make_user(CLERK, "Clerk")
    make_user(BOSS, "Boss")
    with declared.declared():
        yield


def load(name: str) -> Any:
    return get_doc(ORDER, name)
