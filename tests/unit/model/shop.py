"""The document types of these tests: outlets, items, and invoices with rows."""

from __future__ import annotations

from doclife.model.document import Document
from doclife.schema.fieldtypes import (
    JSON,
    Check,
    Code,
    Currency,
    Data,
    Date,
    Datetime,
    DynamicLink,
    Float,
    Int,
    Link,
    Password,
    Percent,
    Select,
    SmallText,
    Table,
    Text,
    Time,
)
from doclife.schema.meta import Meta, Permission


class ShopOutlet(Document):
    """Named by its code."""

    meta = Meta(autoname="field:code")

    code = Data(reqd=True, unique=True)
    city = Data()
    manager = Data()
    level = Int()


class ShopItem(Document):
    """Named by its caller, or by a hash."""

    title = Data()
    price = Currency()


class ShopRow(Document):
    """A row of an invoice."""

    meta = Meta(istable=True)

    item = Link("Shop Item")
    title = Data(fetch_from="item.title")
    code = Data(reqd=True, length=10)
    qty = Int(default=1)
    rate = Currency()
    note = Data(allow_on_submit=True)


class ShopTax(Document):
    """A row of an invoice's second table."""

    meta = Meta(istable=True)

    label = Data()
    percent = Percent()


class ShopInvoice(Document):
    """Submittable, numbered, with two tables."""

    meta = Meta(submittable=True, autoname="INV-.####")

    outlet = Link("Shop Outlet")
    city = Data(fetch_from="outlet.city")
    manager = Data(fetch_from="outlet.manager", fetch_if_empty=True)
    day = Date(default="Today")
    rows = Table(ShopRow)
    taxes = Table(ShopTax, allow_on_submit=True)
    total = Currency()
    status = Select("Draft", "Paid", "Late", default="Draft")
    remark = Data(allow_on_submit=True)


class ShopThing(Document):
    """One field of every type; named by its caller, or by a hash."""

    label = Data()
    short = Data(length=5)
    small = SmallText()
    text = Text()
    code = Code()
    choice = Select("Red", "Green")
    item = Link("Shop Item")
    kind = Data()
    other = DynamicLink("kind")
    flag = Check()
    count = Int()
    weight = Float()
    price = Currency()
    share = Percent()
    day = Date()
    moment = Datetime()
    at = Time()
    data = JSON()
    secret = Password()
    email = Data(options="Email")
    url = Data(options="URL")
    phone = Data(options="Phone")
    once = Data(set_only_once=True)
    level = Int(non_negative=True)
    debt = Currency(non_negative=True)


class ShopStrict(Document):
    """Mandatory fields of several types."""

    label = Data(reqd=True)
    body = Text(reqd=True)
    day = Date(reqd=True)
    count = Int(reqd=True)
    rows = Table(ShopTax, reqd=True)


class ShopDefaults(Document):
    """Defaults of several kinds."""

    word = Data(default="hello")
    number = Int(default=5)
    price = Currency(default="2.50")
    checked = Check(default=1)
    day = Date(default="Today")
    moment = Datetime(default="Now")
    who = Data(default="__user")
    plain = Data()


class ShopSettings(Document):
    """A single type."""

    meta = Meta(issingle=True)

    currency = Data(default="EUR")
    limit = Int()


class ShopSecretary(Document):
    """Permissions of several kinds."""

    meta = Meta(
        submittable=True,
        permissions=[
            Permission("Reader", read=True),
            Permission("Writer", read=True, write=True, create=True),
            Permission("Boss", read=True, write=True, create=True, submit=True, cancel=True, delete=True),
            Permission("Author", read=True, write=True, create=True, delete=True, if_owner=True),
        ],
    )

    label = Data()
    rows = Table(ShopTax)


ALL = (
    ShopOutlet,
    ShopItem,
    ShopInvoice,
    ShopThing,
    ShopStrict,
    ShopDefaults,
    ShopSettings,
    ShopSecretary,
)
