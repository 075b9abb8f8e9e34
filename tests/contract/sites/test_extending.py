"""extend_doctype_class and override_doctype_class: several sites in one process, each with the apps it has."""

from __future__ import annotations

import threading
from datetime import date

import pytest
import sqlalchemy as sa

import doclife
from doclife.core.amount import Amount
from doclife.core.errors import AppNotInstalledError, LinkValidationError, SchemaError, UnknownFieldError
from doclife.database.drift import check
from doclife.model.explain import explain
from doclife.schema.tables import metadata
from doclife.site.apps import install_app
from doclife.site.migrating import histories

pytestmark = pytest.mark.slow_on_servers

#: of tests of what is the same on every database
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ORDER = "tabExt Order"


def _columns(site, table):
    return [column["name"] for column in sa.inspect(site.database.engine).get_columns(table)]


def _drifts(site):
    return [str(each) for each in check(site.database.engine, metadata, histories(site)) if each.kind != "orphan"]


def _listen(site):
    """Returns a list that grows by each text that goes to the site's database."""
    texts = []
    sa.event.listen(site.database.engine, "before_cursor_execute", lambda *args: texts.append(args[2]))
    return texts


def test_a_type_has_the_fields_of_the_apps_of_its_site(make_site):
    plain, loyal = make_site("plain", "ext_shop"), make_site("loyal", "ext_shop", "ext_loyalty")
    assert _columns(plain, ORDER)[-2:] == ["code", "total"]
    assert _columns(loyal, ORDER)[-6:] == ["code", "total", "points", "tier", "card", "discount"]
    assert (_drifts(plain), _drifts(loyal)) == ([], [])
    of_plain, of_loyal = _listen(plain), _listen(loyal)

    with loyal.work():
        order = doclife.get_doc({"doctype": "Ext Order", "code": "A", "total": 105, "items": [{"item": "pen"}]})
        order.items[0].bonus = 4
        order.insert()
        assert (order.points, order.tier, order.discount, order.items[0].double()) == (10, "Basic", Amount(2), 8)
        assert order.flags.ran == ["shop", "loyalty"]
        order.submit()
        assert order.reload().tier == "Gold"
        assert doclife.get_all("Ext Order", {"points": [">", 9]}, ["name", "tier", "items.bonus"]) == [
            {"name": "A", "tier": "Gold", "bonus": 4}
        ]
    with plain.work():
        order = doclife.get_doc({"doctype": "Ext Order", "code": "A", "total": 105, "items": [{"item": "pen"}]})
        order.insert().submit()
        assert order.flags.ran == ["shop", "shop"]
        assert not hasattr(order, "points")
        assert "points" not in doclife.get_doc("Ext Order", "A").as_dict()
        with pytest.raises(UnknownFieldError, match="Ext Order has no field 'points'"):
            doclife.get_all("Ext Order", {"points": 1})
        with pytest.raises(UnknownFieldError, match="points"):
            doclife.get_doc({"doctype": "Ext Order", "code": "B", "points": 1})
        assert doclife.get_all("Ext Order", fields=["*"])[0].keys().isdisjoint({"points", "tier"})

    assert len(of_plain) > 5
    assert any("points" in text for text in of_loyal)
    assert not [text for text in of_plain if any(f in text for f in ("points", "tier", "bonus", "discount"))]


@ON_SQLITE
def test_classes_and_metas_are_those_of_the_site(make_site):
    from ext_loyalty.mixins import LoyalOrder
    from ext_shop.doctypes.order import ExtOrder, ExtOrderItem

    plain, loyal = make_site("plain", "ext_shop"), make_site("loyal", "ext_shop", "ext_loyalty")
    with plain.work():
        assert doclife.get_meta("Ext Order").has_field("points") is False
        assert type(ExtOrder(code="A")) is ExtOrder
        for wrong in (lambda: doclife.get_doc(LoyalOrder, "A"), lambda: LoyalOrder(code="A")):
            with pytest.raises(AppNotInstalledError, match="adds the fields points, tier, card, discount to 'Ext Order'"):
                wrong()
    with loyal.work():
        assert doclife.get_meta("Ext Order").get_field("tier").options == ("Basic", "Gold")
        made = ExtOrder(code="A", total=30, items=[{"item": "ink", "bonus": 2}])
        assert isinstance(made, LoyalOrder)
        assert made.insert().points == 3
        assert ExtOrderItem(item="x", bonus=3).double() == 6
        assert isinstance(doclife.get_doc(ExtOrder, "A"), LoyalOrder)
        assert [row.name for row in doclife.db.select(LoyalOrder).where(LoyalOrder.points == 3)] == ["A"]
        assert doclife.get_all(LoyalOrder, pluck="tier") == ["Basic"]
    assert type(ExtOrder(code="A")) is ExtOrder  # without a site


def test_the_last_app_comes_first_and_super_reaches_the_others(make_site):
    from ext_audit.mixins import AuditedOrder
    from ext_loyalty.mixins import LoyalOrder
    from ext_shop.doctypes.order import ExtOrder

    both = make_site("both", "ext_shop", "ext_loyalty", "ext_audit")
    with both.work():
        cls = type(doclife.new_doc("Ext Order"))
        assert [each for each in cls.__mro__ if each in (AuditedOrder, LoyalOrder, ExtOrder)] == [
            AuditedOrder,
            LoyalOrder,
            ExtOrder,
        ]
        order = doclife.get_doc({"doctype": "Ext Order", "code": "A", "total": 20}).insert()
        assert order.flags.ran == ["shop", "loyalty", "audit"]
        assert (order.reload().audited_on, order.points) == (date(2026, 1, 31), 2)
        [chain] = explain("Ext Order", "validate")
        assert [(each.app, each.why) for each in chain.reactions] == [
            ("ext_audit", "the controller's own method comes first; ExtOrder has it from AuditedOrder"),
            ("ext_loyalty", "runs if AuditedOrder.validate calls super()"),
            ("ext_shop", "runs if LoyalOrder.validate calls super()"),
        ]
    assert _columns(both, ORDER)[-5:] == ["points", "tier", "card", "discount", "audited_on"]
    assert _drifts(both) == []


@ON_SQLITE
def test_the_last_class_that_overrides_wins_and_is_extended_too(make_site):
    from ext_shop.doctypes.order import ExtCustomer

    told = {}
    for name, apps in {
        "a": ("ext_shop",),
        "b": ("ext_shop", "ext_loyalty"),
        "c": ("ext_shop", "ext_audit"),
        "d": ("ext_shop", "ext_loyalty", "ext_audit"),
        "e": ("ext_shop", "ext_audit", "ext_last"),
    }.items():
        with make_site(name, *apps).work():
            ExtCustomer(code="Ann").insert()
            ann = doclife.get_doc(ExtCustomer, "Ann")
            assert isinstance(ann, ExtCustomer)
            told[name] = ann.greeting()
    assert told == {
        "a": "Hello Ann",
        "b": "Hello Ann, welcome back",
        "c": "Dear Ann",
        "d": "Dear Ann, welcome back",
        "e": "Ann",
    }


@ON_SQLITE
def test_a_mixin_that_subclasses_document_is_no_type_of_its_own(make_site):
    loyal = make_site("loyal", "ext_shop", "ext_loyalty")
    assert "Known Customer" not in loyal.doctypes
    assert "tabKnown Customer" not in metadata.tables
    assert "tabKnown Customer" not in sa.inspect(loyal.database.engine).get_table_names()
    assert "known_since" in _columns(loyal, "tabExt Customer")


def test_links_of_an_extension_are_checked_where_it_is_installed(make_site):
    loyal, plain = make_site("loyal", "ext_shop", "ext_loyalty"), make_site("plain", "ext_shop")
    for _ in range(2):  # neither site learns from the other what to check
        with plain.work() as context:
            doclife.get_doc({"doctype": "Ext Order", "code": "A", "items": [{"item": "pen"}]}).insert()
            context.unit.rollback()
        with loyal.work() as context:
            order = {"doctype": "Ext Order", "code": "A", "items": [{"item": "pen", "granted_by": "none"}]}
            with pytest.raises(LinkValidationError, match="none"):
                doclife.get_doc(order).insert()
            doclife.get_doc({"doctype": "Ext Card", "number": "none"}).insert()
            doclife.get_doc(order).insert()
            with pytest.raises(doclife.LinkExistsError):
                doclife.delete_doc("Ext Card", "none")
            context.unit.rollback()


def test_an_app_that_is_installed_later_fills_what_is_there(make_site):
    site = make_site("site", "ext_shop")
    with site.work():
        for code in "AB":
            doclife.get_doc({"doctype": "Ext Order", "code": code, "total": 7, "items": [{"item": "pen"}]}).insert()

    site = install_app(site, "ext_loyalty")

    with site.work():
        order = doclife.get_doc("Ext Order", "A")
        assert (order.points, order.tier, order.discount, order.card, order.items[0].bonus) == (0, None, 0, None, 0)
        order.card = "c1"
        order.save()
        other = doclife.get_doc("Ext Order", "B")
        other.card = "c1"
        with pytest.raises(doclife.UniqueValidationError, match="card"):
            other.save()
    assert _drifts(site) == []


def test_sites_with_other_apps_work_at_once_in_threads(make_site):
    sites = [make_site("plain", "ext_shop"), make_site("loyal", "ext_shop", "ext_loyalty", "ext_audit")]
    start, failures, seen = threading.Barrier(4), [], []

    def work(site, code):
        try:
            start.wait()
            for n in range(15):
                with site.work():
                    order = doclife.get_doc({"doctype": "Ext Order", "code": f"{code}{n}", "total": 50 + n})
                    order.append("items", {"item": "pen"})
                    order.insert().submit()
                    seen.append((site.name, "points" in doclife.get_doc("Ext Order", order.name).as_dict()))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(site, code)) for site in sites for code in "AB"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)

    assert failures == []
    assert set(seen) == {("plain", False), ("loyal", True)}
    assert len(seen) == 60
    for site in sites:
        with site.work():
            assert doclife.db.count("Ext Order", {"docstatus": 1}) == 30


def test_a_framework_type_can_be_extended(make_site):
    loyal = make_site("loyal", "ext_shop", "ext_loyalty")
    with loyal.work():
        doclife.get_doc({"doctype": "Ext Card", "number": "7"}).insert()
        user = doclife.get_doc({"doctype": "User", "email": "ann@example.com", "first_name": "Ann", "card": "7"}).insert()
        assert doclife.db.get_value("User", user.name, "card") == "7"
    assert _drifts(loyal) == []


@ON_SQLITE
def test_a_document_of_another_site_or_of_none_is_refused(make_site):
    from ext_shop.doctypes.order import ExtOrder

    plain, loyal = make_site("plain", "ext_shop"), make_site("loyal", "ext_shop", "ext_loyalty")
    outside = ExtOrder(code="A")
    with loyal.work():
        said = "Ext Order: on loyal the type has also card, discount, points, tier; this document was made outside"
        with pytest.raises(SchemaError, match=said):
            outside.insert()
        stored = ExtOrder(code="A").insert()
    with plain.work():
        assert outside.insert().name == "A"
        with pytest.raises(SchemaError, match="on plain the type has no card, discount, points, tier"):
            stored.save()
        with pytest.raises(SchemaError, match="on plain the type has no card"):
            doclife.insert_many([stored])


def test_every_way_to_write_knows_the_fields(make_site):
    from ext_loyalty.mixins import LoyalOrder

    loyal, plain = make_site("loyal", "ext_shop", "ext_loyalty"), make_site("plain", "ext_shop")
    for site, more in ((plain, {}), (loyal, {"tier": "Gold", "discount": "1.5"})):
        with site.work():
            made = [{"doctype": "Ext Order", "code": code, "total": 20, **more} for code in ("a", "b", "c")]
            doclife.insert_many([doclife.get_doc(each) for each in made])
            a, b, c = doclife.get_docs("Ext Order", ["a", "b", "c"])
            a.db_set("total", 30)
            doclife.db.set_value("Ext Order", "b", "total", 40)
            c.update({"total": 50})
            c.append("items", {"item": "pen"})
            c.save().submit()
            c.cancel()
            doclife.db.bulk_update("Ext Order", {"a": {"total": 31}})
            doclife.rename_doc("Ext Order", "b", "b2", force=True)
            copy = doclife.copy_doc(c)
            copy.code = "d"
            copy.insert()
            doclife.delete_doc("Ext Order", "a")
            assert doclife.get_all("Ext Order", fields=["name", "total"], order_by="name") == [
                {"name": "b2", "total": 40},
                {"name": "c", "total": 50},
                {"name": "d", "total": 50},
            ]
    with loyal.work():
        orders = {each.name: each for each in doclife.db.select(LoyalOrder)}
        assert {name: (each.points, each.tier, each.discount) for name, each in orders.items()} == {
            "b2": (2, "Gold", Amount("1.5")),
            "c": (5, "Gold", Amount("1.5")),
            "d": (5, "Gold", Amount("1.5")),
        }
        doclife.db.set_value("Ext Order", "b2", {"points": 9, "card": "x"})
        assert doclife.db.get_value("Ext Order", {"card": "x"}, ["points", "tier"], as_dict=True) == {"points": 9, "tier": "Gold"}
        assert doclife.get_all("Ext Order", fields=["sum(points) as n"], group_by="tier") == [{"n": 19}]
        doclife.db.bulk_insert("Ext Order", ["name", "code", "tier"], [["e", "e", "Basic"], ["f", "f", None]])
        assert doclife.db.get_value("Ext Order", "f", ["points", "discount"]) == (0, Amount(2))
