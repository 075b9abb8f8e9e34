"""Operations nested without end are stopped, and the error names the chain."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import LifecycleRecursionError
from doclife.model.access import get_doc
from doclife.model.lifecycle import MAX_DEPTH, MAX_DEPTH_OF_ONE
from tests.stored import stored
from tests.unit.model.shop import ShopItem


def test_a_document_may_be_saved_in_its_own_event_a_few_times(site, item):
    def again(doc):
        doc.flags.runs = (doc.flags.runs or 0) + 1
        if doc.flags.runs < MAX_DEPTH_OF_ONE:
            doc.save()

    site.registry.connect("Shop Item", "on_update", again)
    item.save()
    assert item.flags.runs == MAX_DEPTH_OF_ONE == 10


def test_a_document_that_saves_itself_for_ever_is_stopped_and_nothing_is_left(site, item):
    runs = []

    def again(doc):
        runs.append(1)
        doc.title = f"run {len(runs)}"
        doc.save()

    site.registry.connect("Shop Item", "on_update", again)
    with pytest.raises(LifecycleRecursionError) as caught:
        item.save()
    assert len(runs) == MAX_DEPTH_OF_ONE
    message = str(caught.value)
    assert "nested 11 deep (11 of Shop Item LAMP)" in message
    assert message.count("save of Shop Item LAMP") == 11
    assert "guard it with doc.flags" in message
    assert get_doc("Shop Item", "LAMP").title == "Lamp"
    assert current().operations == []


def test_documents_that_insert_each_other_for_ever_are_stopped(site):
    def another(doc):
        ShopItem(title="another").insert()

    site.registry.connect("Shop Item", "after_insert", another)
    with pytest.raises(LifecycleRecursionError, match=f"nested {MAX_DEPTH + 1} deep"):
        ShopItem(title="first").insert()
    assert stored("Shop Item") == []


def test_fifty_operations_in_each_other_are_allowed(site):
    def another(doc):
        if doc.price < MAX_DEPTH:
            ShopItem(price=doc.price + 1).insert()

    site.registry.connect("Shop Item", "after_insert", another)
    ShopItem(price=1).insert()
    assert stored("Shop Item", "price", order_by="price") == [(n,) for n in range(1, 51)]


def test_after_it_was_stopped_the_site_works_as_before(site, item):
    handler = site.registry.connect("Shop Item", "on_update", lambda doc: doc.save())
    with pytest.raises(LifecycleRecursionError):
        item.save()
    site.registry.disconnect(handler)
    item.title = "fine"
    item.save()
    assert get_doc("Shop Item", "LAMP").title == "fine"
