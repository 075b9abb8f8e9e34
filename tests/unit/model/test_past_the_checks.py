"""What documents do beside their operations: writing past the checks, jobs, errors, messages."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from doclife.core.amount import Amount
from doclife.core.context import current
from doclife.core.errors import (
    DoesNotExistError,
    JobArgumentError,
    TimestampMismatchError,
    UniqueValidationError,
    ValidationError,
)
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.query.db import db
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta
from doclife.testing import assert_enqueued, capture_events, refute_enqueued, run_jobs
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopRow, ShopSettings

# stored state


def test_get_latest_is_another_object_as_stored(invoice):
    invoice.remark = "only here"
    latest = invoice.get_latest()
    assert latest is not invoice
    assert (type(latest), latest.name, latest.remark) == (ShopInvoice, invoice.name, None)
    assert [row.code for row in latest.rows] == ["A", "B"]


def test_reload_keeps_flags_attributes_and_the_image_before(invoice):
    invoice.remark = "first"
    invoice.save()
    invoice.flags.mine, invoice.note = 1, "an attribute"
    invoice.remark = "not saved"
    invoice.reload()
    assert (invoice.remark, invoice.flags.mine, invoice.note) == ("first", 1, "an attribute")
    assert invoice.get_doc_before_save().remark is None
    assert invoice._action == "save"


def test_action_and_doc_before_save_under_the_names_that_apps_read(site, invoice):
    seen = []
    for event in ("validate", "before_update_after_submit", "before_cancel", "before_discard"):
        site.registry.connect("Shop Invoice", event, lambda doc: seen.append(doc._action))
    assert get_doc("Shop Invoice", invoice.name)._action is None
    new = ShopInvoice().insert()
    assert new._doc_before_save is None
    new.discard()
    invoice.save()
    assert invoice._doc_before_save.total == 30
    invoice.submit()
    invoice.save()
    invoice.cancel()
    ShopInvoice().submit()
    assert seen == ["save", "discard", "save", "submit", "update_after_submit", "cancel", "submit"]
    assert invoice._action == "cancel"
    with pytest.raises(AttributeError):
        invoice._action = "x"


# db_update


def test_db_update_writes_all_columns_without_events_times_and_checks(invoice):
    invoice.status, invoice.remark, invoice.rows[0].qty = "Never heard of", "x", 77
    modified = invoice.modified
    with capture_events() as events:
        assert invoice.db_update() is invoice
    stored = get_doc("Shop Invoice", invoice.name)
    assert events.of("Shop Invoice") == []
    assert (stored.status, stored.remark, stored.modified) == ("Never heard of", "x", modified)
    assert stored.rows[0].qty == 2, "rows have a db_update of their own"
    invoice.rows[0].db_update()
    assert get_doc("Shop Invoice", invoice.name).rows[0].qty == 77
    invoice.status = "Paid"
    invoice.save()


def test_db_update_overwrites_what_others_have_written_and_rounds(item):
    copy = get_doc("Shop Item", "LAMP")
    copy.title = "theirs"
    copy.save()
    item.title, item.price = "mine", "1.00000049"
    item.db_update()
    stored = get_doc("Shop Item", "LAMP")
    assert (stored.title, stored.price, item.price) == ("mine", 1, Amount(1))


def test_db_update_refuses_what_is_not_stored_or_cannot_be(outlet):
    with pytest.raises(ValidationError, match=r"Shop Item \(new\) is not stored; insert it first"):
        ShopItem(title="x").db_update()
    outlet.level = "high"
    with pytest.raises(ValidationError, match="'high' is not valid"):
        outlet.db_update()
    outlet.level = 1
    ShopOutlet(code="Bonn").insert()
    outlet.code = "Bonn"
    with pytest.raises(UniqueValidationError):
        outlet.db_update()
    db.delete("Shop Outlet", {"name": "Berlin"})
    with pytest.raises(DoesNotExistError, match="does not exist any more"):
        outlet.db_update()


def test_what_an_undone_db_update_wrote_is_written_by_the_next_save(invoice):
    frame = current().unit.push()
    invoice.remark, invoice.rows[0].note = "x", "y"
    invoice.db_update()
    invoice.rows[0].db_update()
    current().unit.roll_back(frame)
    invoice.save()
    stored = get_doc("Shop Invoice", invoice.name)
    assert (stored.remark, stored.rows[0].note) == ("x", "y")


@pytest.mark.parametrize("write", [lambda row: row.db_set("qty", 5), ShopRow.db_update], ids=["db_set", "db_update"])
def test_a_submitted_document_can_be_saved_after_a_row_was_written_past_the_checks(invoice, write):
    invoice.submit()
    invoice.rows[0].qty = 5
    write(invoice.rows[0])
    invoice.remark = "x"
    invoice.save()
    assert get_doc("Shop Invoice", invoice.name).rows[0].qty == 5


# jobs


class Heavy(Document):
    """Queues what takes long, as Frappe's apps do."""

    meta = Meta(submittable=True)

    label = Data()
    done = Data(allow_on_submit=True)

    def submit(self):
        if self.label == "long":
            return self.queue_action("submit", queue="long")
        return self._submit()

    def mark(self, word, broken=False):
        if broken:
            raise ValidationError("cannot be marked")
        self.db_set("done", word)


@pytest.fixture
def heavy(site):
    site.use(Heavy)
    return Heavy(label="long").insert()


def test_a_document_may_queue_its_own_submit(heavy):
    heavy.submit()
    assert get_doc("Heavy", heavy.name).docstatus == 0
    run_jobs()
    assert get_doc("Heavy", heavy.name).docstatus == 1
    assert Heavy(label="short").submit().docstatus == 1


def test_queue_action_calls_a_method_after_the_commit(heavy):
    heavy.queue_action("mark", word="x")
    assert_enqueued("mark", doctype="Heavy", name=heavy.name, word="x")
    run_jobs()
    assert get_doc("Heavy", heavy.name).done == "x"


def test_a_queued_action_that_fails_is_in_the_error_log(heavy):
    heavy.queue_action("mark", word="x", broken=True)
    run_jobs(allow_failures=True)
    (log,) = get_all("Error Log", fields=["method", "error"])
    assert "cannot be marked" in log.method
    assert "def mark" in log.error or "in mark" in log.error


def test_an_action_that_cannot_be_queued_is_refused(heavy):
    with pytest.raises(JobArgumentError, match=r"has no method 'marc'\. Did you mean 'mark'"):
        heavy.queue_action("marc")
    with pytest.raises(ValidationError, match=r"Heavy \(new\): 'mark' cannot be queued before"):
        Heavy().queue_action("mark", word="x")
    refute_enqueued("mark")


# errors and messages


def test_log_error_names_the_document_and_outlives_a_rollback(invoice):
    current().unit.commit()
    invoice.remark = "x"
    invoice.save()
    invoice.log_error("Sync failed", "the details")
    current().unit.rollback()
    (log,) = get_all("Error Log", fields=["method", "error", "reference_doctype", "reference_name"])
    assert log == {
        "method": "Sync failed",
        "error": "the details",
        "reference_doctype": "Shop Invoice",
        "reference_name": invoice.name,
    }


def test_log_error_takes_the_exception_at_hand(invoice):
    try:
        raise ZeroDivisionError("by nought")
    except ZeroDivisionError:
        log = invoice.log_error()
    assert log.method == "ZeroDivisionError: by nought"


@pytest.fixture
def published(site):
    """What was published: the broker of tests keeps nothing, so its method is listened to."""
    heard = []
    site.broker.publish = lambda channel, payload: heard.append(payload)
    return heard


def test_notify_update_tells_whoever_looks_after_the_commit(published, invoice):
    invoice.notify_update()
    assert published == []
    current().unit.commit()
    assert len(published) == 2
    assert f'"room":"doc:Shop Invoice/{invoice.name}"' in published[0].replace('": ', '":')
    assert '"event":"list_update"' in published[1].replace('": ', '":')


def test_notify_update_of_a_single_tells_no_list_and_a_rollback_nobody(published):
    settings = ShopSettings(limit=1).save()
    settings.notify_update()
    current().unit.rollback()
    assert published == []
    settings = ShopSettings(limit=1).save()
    settings.notify_update()
    current().unit.commit()
    assert len(published) == 1


def test_notify_update_may_be_turned_off_and_db_set_may_ask_for_it(published, outlet):
    outlet.flags.notify_update = False
    outlet.notify_update()
    outlet.db_set("city", "Bonn", notify=True)
    current().unit.commit()
    assert published == []
    outlet.flags.notify_update = None
    outlet.db_set("city", "Mainz", notify=True, commit=True)
    assert len(published) == 2


def test_a_copy_that_db_update_has_outdated_nobody_knows(outlet):
    """`modified` does not move, so another copy is not stale: that is what it is for."""
    copy = get_doc("Shop Outlet", "Berlin")
    outlet.city = "Bonn"
    outlet.db_update()
    copy.manager = "Grace"
    copy.save()
    with pytest.raises(TimestampMismatchError):
        outlet.save()
    stored = get_doc("Shop Outlet", "Berlin")
    assert (stored.city, stored.manager) == ("Bonn", "Grace")
    assert isinstance(stored.modified, datetime)
    assert stored.creation.time() != time(0)
