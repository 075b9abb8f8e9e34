"""Documents to query, and a site small enough for unit tests: a database, a unit of work, a context."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from doclife.core.context import Context, activate
from doclife.core.settings import Settings
from doclife.database.engine import transaction
from doclife.database.link import Database
from doclife.doctypes.user import HasRole, Role, User
from doclife.model.document import Document
from doclife.schema import fieldtypes as fields
from doclife.schema.meta import Meta, Permission
from doclife.schema.tables import metadata
from doclife.uow.unit import UnitOfWork


class QueryTestOutlet(Document):
    meta = Meta(permissions=[Permission("Query Clerk", read=True)])

    city = fields.Data()
    royalty = fields.Percent(default=5)


class QueryTestItem(Document):
    meta = Meta(istable=True)

    item_code = fields.Data()
    qty = fields.Int()
    rate = fields.Currency()
    outlet = fields.Link("Query Test Outlet")


class QueryTestInvoice(Document):
    meta = Meta(
        submittable=True,
        permissions=[
            Permission("Query Manager", read=True),
            Permission("Query Clerk", read=True, if_owner=True),
            Permission("Query Manager", read=True, permlevel=1),
        ],
    )

    customer = fields.Data()
    outlet = fields.Link("Query Test Outlet")
    status = fields.Select("Open", "Paid")
    posting_date = fields.Date()
    due = fields.Datetime()
    at = fields.Time()
    paid = fields.Check()
    visits = fields.Int()
    weight = fields.Float()
    net_total = fields.Currency()
    remarks = fields.SmallText()
    extra = fields.JSON()
    secret = fields.Password()
    margin = fields.Currency(permlevel=1)
    items = fields.Table(QueryTestItem)
    returns = fields.Table["QueryTestReturn"]("Query Test Return")


class QueryTestReturn(Document):
    meta = Meta(istable=True)

    reason = fields.Data()
    qty = fields.Int()


class QueryTestSettings(Document):
    meta = Meta(issingle=True)

    company = fields.Data(default="ScoopJoy")
    limit = fields.Currency(default=100)
    opened = fields.Date(default="Today")


class QueryTestBrand(Document):
    """May be selected by more than may read it, and links its own type."""

    meta = Meta(
        title_field="title",
        search_fields=["city"],
        permissions=[
            Permission("Query Picker", select=True),
            Permission("Query Clerk", read=True, if_owner=True),
            Permission("Query Manager", read=True),
        ],
    )

    title = fields.Data()
    city = fields.Data()
    margin = fields.Int()
    above = fields.Link("Query Test Brand")
    items = fields.Table(QueryTestItem)


CLASSES: list[Any] = [
    QueryTestOutlet,
    QueryTestItem,
    QueryTestInvoice,
    QueryTestReturn,
    QueryTestSettings,
    QueryTestBrand,
]
TABLES = [cls.__table__ for cls in (*CLASSES, HasRole, Role, User)]


@contextmanager
def site_on(engine: sa.Engine, *, user: str = "Administrator", strict: bool = False) -> Iterator[Context]:
    """Opens a context over an engine, whose database gets the tables of this module and of roles."""
    metadata.create_all(engine, TABLES)
    site = SimpleNamespace(
        name="query.test",
        settings=Settings(time_zone="Asia/Kolkata"),
        doctypes={cls.meta.doctype: cls for cls in CLASSES},
        registry=SimpleNamespace(apps=[], functions=lambda key: [], get_hooks=lambda key: {}),
        cache={},
    )
    context = Context(site, user)
    context.unit = UnitOfWork(Database(engine), strict=strict)
    with activate(context):
        try:
            yield context
        finally:
            context.unit.close()


def give(context: Context, **roles: str) -> None:
    """Stores users of these names, each with one role."""
    store(context, User, *({"name": user, "email": user, "enabled": 1} for user in roles))
    given = ({"name": user, "parent": user, "parenttype": "User", "role": role} for user, role in roles.items())
    store(context, HasRole, *given)


def store(context: Context, cls: Any, *rows: dict[str, Any]) -> None:
    """Writes rows as they are, committed; what a row does not say is NULL, or 0 where it cannot be."""
    context.unit.rollback()
    template = cls._blueprint.template
    with transaction(context.unit.database.engine) as connection:
        for row in rows:
            connection.execute(sa.insert(cls.__table__).values({**template, **row}))


@contextmanager
def another_unit(context: Context) -> Iterator[UnitOfWork]:
    """Gives the context another unit of work for the block: another's transaction on the same database."""
    own = context.unit
    context.unit = UnitOfWork(own.database)
    try:
        yield context.unit
    finally:
        context.unit.close()
        context.unit = own


def count_statements(context: Context) -> Any:
    """Returns a list that fills with the texts SQLAlchemy sends from now on."""
    texts: list[str] = []
    sa.event.listen(
        context.unit.database.engine, "before_cursor_execute", lambda *args: texts.append(args[2]), named=False
    )
    return texts
