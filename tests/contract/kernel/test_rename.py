"""Renaming and merging on every database: what follows, what is taken, and two who do it at once."""

from __future__ import annotations

import threading

import pytest

from doclife.core.context import Context, activate
from doclife.core.errors import DoesNotExistError, UniqueValidationError, ValidationError
from doclife.model.access import get_doc, rename_doc
from doclife.query.lists import get_all
from doclife.uow.retry import retry_on_conflict
from doclife.uow.unit import UnitOfWork
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopThing


def _linked():
    """Stores two outlets, two items, and documents that name the first of each in every way."""
    for code in ("A", "B"):
        ShopOutlet(code=code).insert()
        ShopItem(title=code).insert(set_name=code)
    invoice = ShopInvoice(outlet="A", rows=[{"code": "1", "item": "A"}, {"code": "2", "item": "B"}]).insert()
    thing = ShopThing(item="A", kind="Shop Outlet", other="A").insert()
    other = ShopThing(kind="Shop Item", other="A").insert()
    return invoice.name, thing.name, other.name


def _names(invoice, thing, other):
    doc = get_doc("Shop Invoice", invoice)
    first, second = get_doc("Shop Thing", thing), get_doc("Shop Thing", other)
    return doc.outlet, [row.item for row in doc.rows], first.item, first.other, second.other


def test_links_of_every_kind_follow(unit):
    stored = _linked()
    unit.commit()
    rename_doc("Shop Outlet", "A", "Ä new", force=True)
    assert _names(*stored) == ("Ä new", ["A", "B"], "A", "Ä new", "A")
    rename_doc("Shop Item", "A", "C", force=True)
    assert _names(*stored) == ("Ä new", ["C", "B"], "C", "Ä new", "C")
    unit.commit()
    assert get_doc("Shop Outlet", "Ä new").code == "Ä new"


def test_merged_documents_are_one(unit):
    stored = _linked()
    unit.commit()
    rename_doc("Shop Item", "A", "B", merge=True, force=True)
    rename_doc("Shop Outlet", "A", "B", merge=True, force=True)
    unit.commit()
    assert _names(*stored) == ("B", ["B", "B"], "B", "B", "B")
    with pytest.raises(DoesNotExistError):
        get_doc("Shop Outlet", "A")


def test_rows_follow_their_parent_and_no_other(unit):
    ShopInvoice(rows=[{"code": "1"}], taxes=[{"label": "t"}]).insert(set_name="ONE")
    ShopInvoice(rows=[{"code": "2"}]).insert(set_name="TWO")
    doc = get_doc("Shop Invoice", "ONE")
    doc.rename("THREE", force=True)
    assert [row.code for row in get_doc("Shop Invoice", "THREE").rows] == ["1"]
    assert [row.label for row in get_doc("Shop Invoice", "THREE").taxes] == ["t"]
    assert [row.code for row in get_doc("Shop Invoice", "TWO").rows] == ["2"]
    doc.rows[0].qty = 7
    doc.save()
    assert get_doc("Shop Invoice", "THREE").rows[0].qty == 7


def test_a_refused_rename_leaves_everything_and_the_transaction_goes_on(unit):
    stored = _linked()
    unit.commit()
    before = _names(*stored)
    with pytest.raises(ValidationError, match="exists already"):
        rename_doc("Shop Outlet", "A", "B", force=True)
    get_doc("Shop Outlet", "B").db_set("code", "drifted")
    with pytest.raises(UniqueValidationError):
        rename_doc("Shop Outlet", "A", "drifted", force=True)
    assert _names(*stored) == before
    unit.commit()
    assert get_doc("Shop Outlet", "A").code == "A"


def test_a_name_that_only_differs_in_case_is_another_name(unit):
    for name in ("one", "ONE"):
        ShopItem(title=name).insert(set_name=name)
    rename_doc("Shop Item", "one", "One", force=True)
    assert [get_doc("Shop Item", name).title for name in ("One", "ONE")] == ["one", "ONE"]


def test_two_who_rename_the_same_documents_crosswise_do_not_wait_for_each_other_for_ever(shop_site, unit):
    """One merges A into B, the other B into A: one of them wins, the other finds nothing any more."""
    _linked()
    unit.commit()
    barrier, done = threading.Barrier(2), []

    def run(old, new):
        context = Context(shop_site)
        context.unit = UnitOfWork(shop_site.database, strict=True)
        with activate(context):
            try:
                barrier.wait(20)
                retry_on_conflict(lambda: rename_doc("Shop Item", old, new, merge=True, force=True), attempts=20)
                context.unit.commit()
                done.append(new)
            except DoesNotExistError as error:
                done.append(error)
            finally:
                context.unit.close()

    threads = [threading.Thread(target=run, args=names) for names in (("A", "B"), ("B", "A"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (left,) = [each for each in done if isinstance(each, str)]
    assert len(done) == 2
    assert get_all("Shop Item", pluck="name") == [left]
    assert {row.item for row in get_doc("Shop Invoice", "INV-0001").rows} == {left}
