"""Operations inside a transaction: who may end it, what a failed callback leaves, and in which order apps react."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from doclife.core.context import current
from doclife.core.errors import TransactionControlError
from doclife.doctypes import error_log
from doclife.events.trace import trace
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data
from tests.stored import stored
from tests.unit.model.shop import ShopItem

HERE = __name__


def commits(doc):
    current().unit.commit()


def rolls_back(doc):
    current().unit.rollback()


def app_one(doc, method):
    doc.flags.ran.append("one")


def app_two(doc, method):
    doc.flags.ran.append("two")


def every_type(doc, method):
    (doc.flags.ran or []).append("every type")


def _item(**values):
    item = ShopItem(**values)
    item.flags.ran = []
    return item


# who may end the transaction


@pytest.mark.parametrize(("handler", "verb"), [("commits", "commit"), ("rolls_back", "rollback")])
def test_a_handler_may_not_end_the_transaction_and_the_refusal_names_it(site, handler, verb):
    site.use_hooks("shop", {"doc_events": {"Shop Item": {"on_update": f"{HERE}.{handler}"}}})
    item = ShopItem(title="x", name="X")
    with pytest.raises(TransactionControlError) as caught:
        item.insert()
    assert str(caught.value).startswith(f"{verb}() was called by {HERE}.{handler} during insert of Shop Item X; ")
    assert item.is_new()
    assert stored("Shop Item") == []


def test_a_controller_may_not_either(site):
    class Committing(Document):
        title = Data()

        def validate(self):
            current().unit.commit()

    site.use(Committing)
    with pytest.raises(TransactionControlError, match=r"commit\(\) was called during insert of Committing"):
        Committing(title="x").insert()


@pytest.mark.doclife_settings(strict=False)
def test_where_sites_are_not_strict_the_call_is_logged_and_ignored(site):
    site.use_hooks("shop", {"doc_events": {"Shop Item": {"on_update": [f"{HERE}.commits", f"{HERE}.rolls_back"]}}})
    with capture_logs() as logs:
        ShopItem(title="x", name="X").insert()
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("transaction_control_refused", "warning")] * 2
    assert f"{HERE}.commits during insert of Shop Item X" in logs[0]["message"]
    current().unit.rollback()
    assert stored("Shop Item") == []


def test_between_operations_the_transaction_may_be_ended(item):
    current().unit.commit()
    item.title = "changed"
    item.save()
    current().unit.rollback()
    assert get_doc("Shop Item", "LAMP").title == "Lamp"


# callbacks and what outlives


def test_a_callback_of_an_operation_runs_when_its_transaction_is_committed(site):
    ran = []
    site.registry.connect(
        "Shop Item", "on_update", lambda doc: current().unit.add_callback("after_commit", lambda: ran.append(doc.name))
    )
    ShopItem(name="X").insert()
    assert ran == []
    current().unit.commit()
    assert ran == ["X"]


def test_a_failing_callback_leaves_an_error_log_and_stops_nothing(site):
    ran = []

    def fail():
        ShopItem(name="half done").insert()
        raise ZeroDivisionError("in a callback")

    unit = current().unit
    unit.add_callback("after_commit", fail)
    unit.add_callback("after_commit", lambda: ran.append("the other"))
    ShopItem(name="X").insert()
    with capture_logs():
        unit.commit()
    assert ran == ["the other"]
    assert stored("Shop Item", "name") == [("X",)]
    ((title, text),) = stored("Error Log", "method", "error")
    assert title.startswith(f"after_commit callback {HERE}.")
    assert "ZeroDivisionError: in a callback" in text


def test_an_error_log_that_is_written_in_a_failing_operation_outlives_it(site):
    def log_and_fail(doc):
        error_log.record(current(), "tried", "and failed")
        raise ZeroDivisionError

    site.registry.connect("Shop Item", "on_update", log_and_fail)
    with pytest.raises(ZeroDivisionError):
        ShopItem(name="X").insert()
    assert stored("Error Log") == []
    current().unit.rollback()
    assert stored("Error Log", "method") == [("tried",)]


# the order of apps, in a real operation


def test_apps_react_in_their_order_and_doclife_after_them(site):
    site.use_hooks("shop", {"doc_events": {"*": {"on_update": f"{HERE}.every_type"}}})
    site.use_hooks("books", {"doc_events": {"Shop Item": {"on_update": f"{HERE}.app_one"}}})
    site.use_hooks("mail", {"doc_events": {("Shop Item", "Shop Outlet"): {"on_update": f"{HERE}.app_two"}}})
    item = _item(title="x")
    with trace() as traced:
        item.insert()
    assert item.flags.ran == ["one", "two", "every type"]
    handlers = [span.handler for span in traced.spans if span.event == "on_update" and span.handler]
    assert handlers == [f"{HERE}.app_one", f"{HERE}.app_two", f"{HERE}.every_type"]


def test_a_type_may_do_without_the_handlers_of_every_type(site):
    from doclife.schema.meta import Meta

    class Quiet(Document):
        meta = Meta(wildcard_events=False)

    site.use(Quiet)
    site.use_hooks("shop", {"doc_events": {"*": {"on_update": f"{HERE}.commits"}}})
    assert Quiet().insert().name


def test_a_handler_that_is_connected_at_run_time_counts_at_once(site, item):
    seen = []
    item.save()
    handler = site.registry.connect("Shop Item", "on_update", lambda doc: seen.append(doc.title))
    item.save()
    site.registry.disconnect(handler)
    item.save()
    assert seen == ["Lamp"]
