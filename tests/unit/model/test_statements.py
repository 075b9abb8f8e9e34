"""How many statements an operation costs: these numbers are promised (design 17)."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Currency, Data, Int, Link, Table
from doclife.schema.meta import Meta
from doclife.testing import capture_statements

CONTROL = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")


@pytest.fixture(autouse=True)
def types(site):
    class YardRow(Document):
        meta = Meta(istable=True)
        code = Data(reqd=True)
        qty = Int()

    class YardInvoice(Document):
        meta = Meta(submittable=True)
        customer = Data()
        total = Currency()
        rows = Table(YardRow)

    class YardSimple(Document):
        customer = Data()

    class YardNumbered(Document):
        meta = Meta(autoname="Y-.####")

    class YardLinked(Document):
        simple = Link("Yard Simple")
        again = Link("Yard Simple")
        invoice = Link("Yard Invoice")

    site.use(YardInvoice, YardSimple, YardNumbered, YardLinked)


def _costs(work):
    """Returns the statements of some work inside a transaction that writes already, and its savepoints.

    A savepoint costs two statements, one on MariaDB, which replaces an older one of the same name by itself.
    """
    get_doc({"doctype": "Yard Simple", "customer": "begins the transaction"}).insert()
    with capture_statements() as statements:
        work()
    control = [text for text in statements if text.startswith(CONTROL)]
    savepoints = len([text for text in control if text.startswith("SAVEPOINT")])
    assert len(control) == savepoints * (1 if current().unit.link.dialect == "mariadb" else 2)
    return len(statements) - len(control), savepoints


def _invoice():
    rows = [{"code": str(n), "qty": n} for n in range(5)]
    return get_doc({"doctype": "Yard Invoice", "customer": "x", "rows": rows})


def test_insert_of_a_simple_document():
    assert _costs(get_doc({"doctype": "Yard Simple", "customer": "x"}).insert) == (1, 1)


def test_insert_with_five_rows():
    assert _costs(_invoice().insert) == (2, 1)


def test_save_of_one_field():
    doc = get_doc("Yard Invoice", _invoice().insert().name)
    doc.total = 5
    assert _costs(doc.save) == (1, 1)


def test_save_of_nothing():
    assert _costs(get_doc("Yard Invoice", _invoice().insert().name).save) == (1, 1)


def test_submit_with_five_rows():
    assert _costs(get_doc("Yard Invoice", _invoice().insert().name).submit) == (2, 1)


def test_insert_as_submitted_with_five_rows():
    assert _costs(_invoice().submit) == (2, 1)


def test_a_counter_costs_one_more():
    assert _costs(get_doc({"doctype": "Yard Numbered"}).insert) == (2, 1)


def test_each_linked_type_costs_one_more_whatever_the_number_of_links():
    simple = [get_doc({"doctype": "Yard Simple"}).insert().name for _ in range(2)]
    invoice = _invoice().insert().name
    current().unit.commit()
    values = {"simple": simple[0], "again": simple[1], "invoice": invoice}

    def insert():
        get_doc({"doctype": "Yard Linked", **values}).insert()

    assert _costs(insert) == (3, 1)
    assert _costs(insert) == (1, 1), "what the transaction has verified is not asked again"


def test_a_nested_operation_costs_its_own_and_no_more(site):
    def nested(doc):
        get_doc({"doctype": "Yard Simple"}).insert()

    site.registry.connect("Yard Numbered", "validate", nested)
    assert _costs(get_doc({"doctype": "Yard Numbered"}).insert) == (3, 2)


def test_loading_costs_one_per_table():
    name = _invoice().insert().name
    assert _costs(lambda: get_doc("Yard Invoice", name)) == (2, 0)


def test_the_first_operation_of_a_transaction_needs_no_savepoint(committed_site, types):
    """Outside tests: BEGIN and the writes themselves."""
    from doclife.doctypes.user import Role

    with committed_site.work() as context:
        with capture_statements() as statements:
            Role(role_name="Clerk").insert()
        begins = ["BEGIN"] if context.unit.link.dialect == "sqlite" else []  # elsewhere the driver does, with the first
        assert [text.split()[0] for text in statements] == [*begins, "INSERT"]
        assert context.unit.link.writing
