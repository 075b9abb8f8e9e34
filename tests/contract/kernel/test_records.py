"""What doclife itself writes beside a document, on every database: versions, copies of the deleted, error logs."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from doclife.core.errors import ValidationError
from doclife.database.engine import transaction
from doclife.doctypes.deleted_document import DeletedDocument
from doclife.doctypes.error_log import ErrorLog, log_error
from doclife.doctypes.version import Version
from doclife.events.hooks import load_app
from doclife.events.registry import Registry, connected
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import JSON, Currency, Data, Date, Datetime, Password, Percent, Table
from doclife.schema.meta import Meta
from doclife.schema.tables import metadata
from tests.unit.model.shop import ShopItem, ShopTax


class RecordsAgreement(Document):
    meta = Meta(doctype="Records Agreement", track_changes=True, submittable=True)

    title = Data()
    fee = Currency()
    share = Percent()
    begins = Date()
    signed = Datetime()
    terms = JSON()
    secret = Password()
    taxes = Table(ShopTax)


OWN = (Version, DeletedDocument, ErrorLog, RecordsAgreement)


@pytest.fixture(autouse=True)
def own_types(engine, shop_site):
    tables = [cls.__table__ for cls in OWN]
    metadata.create_all(engine, tables)
    shop_site.doctypes |= {cls.meta.doctype: cls for cls in OWN}
    shop_site.registry = Registry([load_app("doclife")], shop_site.doctypes)
    yield
    with transaction(engine) as connection:
        for table in tables:
            connection.execute(sa.delete(table))


@pytest.fixture
def agreement(unit):
    made = RecordsAgreement(title="Rent", fee="10.5", share=5, begins="2026-01-31", terms={"months": 12})
    made.append("taxes", {"label": "VAT", "percent": "7.7"})
    made.insert()
    unit.commit()
    return get_doc("Records Agreement", made.name)


def _versions(name):
    found = get_all("Version", {"docname": name}, pluck="name", order_by="creation, name")
    return [get_doc("Version", each).get_data() for each in found]


def test_values_are_recorded_as_they_are_read(agreement, unit):
    agreement.update({"fee": "11.25", "share": 0, "begins": None, "signed": "2026-02-01 08:00:00.000005"})
    agreement.terms = {"months": 24}
    agreement.secret = "hidden"
    agreement.taxes[0].percent = 8
    agreement.save()
    unit.commit()
    (found,) = _versions(agreement.name)
    assert found["changed"] == [
        ["fee", 10.5, 11.25],
        ["share", 5, 0],
        ["begins", "2026-01-31", None],
        ["signed", None, "2026-02-01 08:00:00.000005"],
        ["terms", {"months": 12}, {"months": 24}],
    ]
    assert found["row_changed"] == [["taxes", 0, agreement.taxes[0].name, [["percent", 7.7, 8]]]]


def test_what_is_equal_as_it_is_stored_is_no_change(agreement, unit):
    agreement.update({"fee": "10.500000", "terms": {"months": 12}, "begins": "2026-01-31"})
    agreement.save()
    unit.commit()
    assert _versions(agreement.name) == []


def test_a_version_is_undone_with_its_save(agreement, unit):
    agreement.title = "Lease"
    agreement.save()
    unit.rollback()
    assert _versions(agreement.name) == []


def test_an_amendment_is_compared_with_its_source(agreement, unit):
    agreement.submit()
    agreement.cancel()
    amended = RecordsAgreement(title="Rent", fee=12, share=5, begins="2026-01-31", terms={"months": 12})
    amended.append("taxes", {"label": "VAT", "percent": "7.7"})
    amended.append("taxes", {"label": "Levy", "percent": 1})
    amended.amended_from = agreement.name
    amended.insert()
    unit.commit()
    (found,) = _versions(amended.name)
    assert found["changed"] == [
        ["fee", 10.5, 12],
        ["amended_from", None, agreement.name],
        ["name", agreement.name, amended.name],
        ["docstatus", 2, 0],
    ]
    assert [row["label"] for _, row in found["added"]] == ["Levy"]


def test_a_permanent_deletion_takes_versions_along_and_another_keeps_a_copy(agreement, unit):
    agreement.title = "Lease"
    agreement.save()
    agreement.delete(delete_permanently=True)
    unit.commit()
    assert (_versions(agreement.name), get_all("Deleted Document")) == ([], [])
    item = ShopItem(title="x").insert()
    item.delete()
    unit.commit()
    assert get_all("Deleted Document", pluck="deleted_name") == [item.name]


# error logs


def test_an_error_log_survives_the_rollback_of_everything_else(unit):
    ShopItem(title="gone").insert()
    written = log_error("Sync failed", "details", "Shop Item", "I-1")
    assert get_all("Error Log") == [], "not before the transaction ends"
    unit.rollback()
    assert get_all("Shop Item") == []
    stored = get_doc("Error Log", written.name)
    assert (stored.method, stored.error, stored.reference_doctype, stored.reference_name) == (
        "Sync failed",
        "details",
        "Shop Item",
        "I-1",
    )


def test_an_error_log_of_a_refused_operation_survives_it(unit):
    def refuse(doc):
        log_error("Refused", "why")
        raise ValidationError("no")

    with connected("Shop Item", "on_update", refuse), pytest.raises(ValidationError):
        ShopItem(title="x").insert()
    ShopItem(title="y").insert()
    unit.commit()
    assert get_all("Error Log", pluck="method") == ["Refused"]
    assert get_all("Shop Item", pluck="title") == ["y"]


def test_an_error_log_about_a_document_does_not_keep_it_from_being_deleted(unit):
    item = ShopItem(title="x").insert()
    log_error("Odd", "details", "Shop Item", item.name)
    unit.commit()
    item.delete()
    unit.commit()
    assert get_all("Shop Item") == []
