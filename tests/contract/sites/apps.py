"""Apps that extend and override each other's document types, as their developers would have written them."""

from __future__ import annotations

import sys
from pathlib import Path

from click.testing import CliRunner

from doclife.cli.main import cli

APPS = ("ext_shop", "ext_loyalty", "ext_audit", "ext_last")

FILES = {
    "ext_shop/hooks.py": 'app_name = "ext_shop"\n',
    "ext_shop/doctypes/order.py": """
from doclife import Document, Meta
from doclife.fields import Currency, Data, Int, Table


class ExtOrderItem(Document):
    meta = Meta(istable=True)

    item = Data(reqd=True)
    qty = Int(default=1)


class ExtOrder(Document):
    meta = Meta(submittable=True, autoname="field:code")

    code = Data(reqd=True)
    total = Currency()
    items = Table(ExtOrderItem)

    def validate(self):
        self.flags.ran = [*(self.flags.ran or []), "shop"]


class ExtCustomer(Document):
    meta = Meta(autoname="field:code")

    code = Data(reqd=True)

    def greeting(self):
        return f"Hello {self.code}"
""",
    "ext_loyalty/hooks.py": """
app_name = "ext_loyalty"
required_apps = ["ext_shop"]
extend_doctype_class = {
    "Ext Order": "ext_loyalty.mixins.LoyalOrder",
    "Ext Order Item": ["ext_loyalty.mixins.BonusItem"],
    "Ext Customer": "ext_loyalty.mixins.KnownCustomer",
    "User": "ext_loyalty.mixins.UserWithCard",
}
doc_events = {"Ext Order": {"on_submit": "ext_loyalty.mixins.book"}}
""",
    "ext_loyalty/doctypes/card.py": """
from doclife import Document, Meta
from doclife.fields import Data


class ExtCard(Document):
    meta = Meta(autoname="field:number")

    number = Data(reqd=True)
""",
    # the three forms of a mixin: a subclass of the type, a plain class, a subclass of Document
    "ext_loyalty/mixins.py": """
from doclife import Document
from doclife.fields import Data, Int, Link, Percent, Select

from ext_shop.doctypes.order import ExtOrder


class LoyalOrder(ExtOrder):
    points = Int(index=True)
    tier = Select("Basic", "Gold", default="Basic")
    card = Data(unique=True)
    discount = Percent(default=2)

    def validate(self):
        super().validate()
        self.flags.ran.append("loyalty")
        self.points = int(self.total // 10)


class BonusItem:
    bonus = Int()
    granted_by = Link("Ext Card")

    def double(self):
        return self.bonus * 2


class KnownCustomer(Document):
    known_since = Data()

    def greeting(self):
        return super().greeting() + ", welcome back"


class UserWithCard:
    card = Link("Ext Card")


def book(doc, method):
    doc.db_set("tier", "Gold")
""",
    "ext_audit/hooks.py": """
app_name = "ext_audit"
required_apps = ["ext_shop"]
extend_doctype_class = {"Ext Order": "ext_audit.mixins.AuditedOrder"}
override_doctype_class = {"Ext Customer": "ext_audit.mixins.PoliteCustomer"}
""",
    "ext_audit/mixins.py": """
from doclife.fields import Date

from ext_shop.doctypes.order import ExtCustomer


class AuditedOrder:
    audited_on = Date()

    def validate(self):
        super().validate()
        self.flags.ran.append("audit")
        self.audited_on = "2026-01-31"


class PoliteCustomer(ExtCustomer):
    def greeting(self):
        return f"Dear {self.code}"
""",
    "ext_last/hooks.py": """
app_name = "ext_last"
required_apps = ["ext_audit"]
override_doctype_class = {"Ext Customer": "ext_last.mixins.ShortCustomer"}
""",
    "ext_last/mixins.py": """
from ext_shop.doctypes.order import ExtCustomer


class ShortCustomer(ExtCustomer):
    def greeting(self):
        return self.code
""",
}


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Writes files, given by their path in the folder; every folder of Python files becomes a package."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.parent.relative_to(folder).parents:
            if package != Path():
                (folder / package / "__init__.py").touch()
        (path.parent / "__init__.py").touch()
        path.write_text(text.lstrip("\n"), encoding="utf-8")


def make_apps(folder: Path) -> None:
    """Writes the apps, makes them importable in this process, and makes their first revisions."""
    write_files(folder, FILES)
    sys.path.insert(0, str(folder))
    for app in APPS:
        done = CliRunner().invoke(cli, ["makemigrations", app, "-m", "initial"])
        assert done.exit_code == 0, done.output
