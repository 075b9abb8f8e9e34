"""Apps that extend and override each other's document types, as their developers would have written them."""

from __future__ import annotations

import sys
from pathlib import Path

from click.testing import CliRunner

from doclife.cli.main import cli

APPS = ("ext_shop", "ext_loyalty", "ext_audit", "ext_last", "box_base", "box_app", "box_more")

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

#: an app to install and uninstall, and the one it requires
FILES |= {
    "box_base/hooks.py": 'app_name = "box_base"\n',
    "box_base/doctypes/types.py": """
from doclife import Document, Meta, Permission
from doclife.fields import Data, Table


class BoxRow(Document):
    meta = Meta(istable=True)

    item = Data()


class BoxShelf(Document):
    meta = Meta(autoname="field:code", permissions=[Permission("Box Reader", read=True)])

    code = Data(reqd=True)
    rows = Table(BoxRow)
""",
    "box_app/hooks.py": """
app_name = "box_app"
required_apps = ["box_base"]
extend_doctype_class = {"Box Shelf": "box_app.mixins.LabelledShelf"}
scheduler_events = {"daily": ["box_app.tasks.count"]}
fixtures = [
    {"dt": "Role", "filters": {"name": ["like", "Box %"]}},
    {"doctype": "Box", "filters": [["code", "!=", "private"]]},
    "Box Settings",
]
before_install = "box_app.setup.before_install"
after_install = ["box_app.setup.after_install", "box_app.setup.enqueue"]
before_migrate = "box_app.setup.before_migrate"
after_migrate = "box_app.setup.after_migrate"
before_uninstall = "box_app.setup.before_uninstall"
after_uninstall = "box_app.setup.after_uninstall"
""",
    "box_app/doctypes/types.py": """
from doclife import Document, Meta, Permission
from doclife.fields import Check, Currency, Data, Date, Link, Password, Table


class Box(Document):
    meta = Meta(
        autoname="field:code",
        permissions=[
            Permission("Box Keeper", read=True, write=True),
            Permission("Box Reader", read=True),
            Permission("All", read=True),
        ],
    )

    code = Data(reqd=True)
    title = Data()
    price = Currency()
    packed_on = Date()
    inside = Link("Box")
    secret = Password()
    last_seen = Data(no_copy=True)
    rows = Table("Box Row")

    def validate(self):
        self.title = (self.title or "").strip() or self.code


class BoxSettings(Document):
    meta = Meta(issingle=True)

    prefix = Data()
    strict = Check(default=1)
""",
    "box_app/mixins.py": """
from box_base.doctypes.types import BoxShelf

from doclife.fields import Data, Int, Table


class LabelledShelf(BoxShelf):
    label = Data(unique=True)
    boxes = Int(index=True)
    labels = Table("Box Row")
""",
    "box_app/tasks.py": """
def count():
    pass
""",
    "box_app/setup.py": """
import os
import sys

import doclife

seen = []
#: what a function found in doclife.flags
flags = {}
failing = set()


def _note(what):
    seen.append(what)
    flags[what] = {name: value for name, value in doclife.flags.items() if value}
    if os.environ.get("BOX_STOPS_IN") == what:
        print("reached", flush=True)
        sys.stdin.read()
    if what in failing:
        raise ValueError(f"{what} fails")


def before_install():
    _note("before_install")


def after_install():
    seen.append(("boxes", doclife.db.count("Box")))
    doclife.get_doc({"doctype": "Box", "code": "first"}).insert()
    _note("after_install")


def enqueue():
    doclife.enqueue("box_app.tasks.count", queue="short")


def before_migrate():
    _note("before_migrate")


def after_migrate():
    _note("after_migrate")


def before_uninstall():
    seen.append(("boxes", doclife.db.count("Box")))
    _note("before_uninstall")


def after_uninstall():
    _note("after_uninstall")
""",
    "box_more/hooks.py": """
app_name = "box_more"
required_apps = ["box_app"]
extend_doctype_class = {"Box": "box_more.mixins.Coloured"}
""",
    "box_more/mixins.py": """
from doclife.fields import Data


class Coloured:
    colour = Data()
""",
    "box_app/fixtures/box.json": """
[
 {"doctype": "Box", "name": "outer", "code": "outer", "price": 1.25, "packed_on": "2026-02-01", "inside": "room",
  "rows": [{"item": "pen"}, {"item": "ink"}], "modified": "2020-01-01 00:00:00", "owner": "someone"},
 {"doctype": "Box", "code": "room", "title": "The room"}
]
""",
    "box_app/fixtures/box_settings.json": '[{"doctype": "Box Settings", "prefix": "BX", "strict": 0}]\n',
    "box_app/fixtures/role.json": '[{"doctype": "Role", "name": "Box Owner", "role_name": "Box Owner", "docstatus": 0}]\n',
}


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Writes files, given by their path in the folder; every folder of Python files becomes a package."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in path.parent.relative_to(folder).parents:
            if package != Path():
                (folder / package / "__init__.py").touch()
        if path.suffix == ".py":
            (path.parent / "__init__.py").touch()
        path.write_text(text.lstrip("\n"), encoding="utf-8")


def make_apps(folder: Path) -> None:
    """Writes the apps, makes them importable in this process, and makes their first revisions."""
    write_files(folder, FILES)
    sys.path.insert(0, str(folder))
    for app in APPS:
        done = CliRunner().invoke(cli, ["makemigrations", app, "-m", "initial"])
        assert done.exit_code == 0, done.output
