"""The framework's own checks: each names document, row, field and value, and leaves everything as it was."""

from __future__ import annotations

import pytest

from doclife.core.errors import (
    CannotChangeConstantError,
    CharacterLengthExceededError,
    InvalidEmailAddressError,
    InvalidUrlError,
    MandatoryError,
    NonNegativeError,
    ValidationError,
)
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Select, Table
from doclife.schema.meta import Meta
from tests.stored import stored
from tests.unit.model.shop import ShopInvoice, ShopStrict, ShopTax, ShopThing

FULL = {"label": "x", "body": "y", "day": "2026-01-01", "rows": [{"label": "z"}]}


# the order


def test_everything_missing_comes_before_any_wrong_value_and_is_named_at_once():
    doc = ShopInvoice(status="Never", rows=[{"code": "A"}, {}, {"code": "x" * 11}, {"code": " "}], name="X")
    with pytest.raises(MandatoryError) as caught:
        doc.insert()
    name = caught.value.context["name"]
    assert str(caught.value) == (
        f"Shop Invoice {name}, row 2 of rows: mandatory, but empty: Code (code); "
        f"Shop Invoice {name}, row 4 of rows: mandatory, but empty: Code (code)"
    )


def test_each_kind_of_check_is_done_for_all_fields_before_the_next():
    """Options, length, sign, form: whatever the order of the fields."""
    values = {"email": "no address", "level": -1, "short": "longer", "choice": "Blue"}
    for field, right in [("choice", "Red"), ("short", "short"), ("level", 1), ("email", "a@b.example")]:
        with pytest.raises(ValidationError) as caught:
            ShopThing(values).insert()
        assert caught.value.context["field"] == field
        values[field] = right
    ShopThing(values).insert()


def test_the_checks_of_the_document_come_before_those_of_its_rows(invoice):
    invoice.status, invoice.rows[0].code = "Never", "x" * 11
    with pytest.raises(ValidationError) as caught:
        invoice.save()
    assert caught.value.context["field"] == "status"


# mandatory


@pytest.mark.parametrize(
    ("field", "empty"),
    [
        ("label", None),
        ("label", ""),
        ("label", "  \n"),
        ("body", ""),
        ("body", "<p> </p><br>"),
        ("day", None),
        ("rows", []),
    ],
)
def test_an_empty_mandatory_field_is_refused(field, empty):
    doc = ShopStrict({**FULL, field: empty}, name="X")
    with pytest.raises(MandatoryError) as caught:
        doc.insert()
    assert str(caught.value).startswith("Shop Strict X: ")
    assert f"({field})" in str(caught.value)
    assert caught.value.context["field"] == field
    assert doc.is_new()


@pytest.mark.parametrize(
    ("field", "value"), [("label", "0"), ("body", "<p>x</p>"), ("body", "<img src=x>"), ("count", 0)]
)
def test_what_is_not_empty_is_accepted(field, value):
    assert ShopStrict({**FULL, field: value}).insert().get(field, 0) == value


def test_all_missing_fields_are_named_at_once():
    with pytest.raises(MandatoryError) as caught:
        ShopStrict(name="X", body="y").insert()
    assert str(caught.value) == "Shop Strict X: mandatory, but empty: Label (label), Day (day), Rows (rows)"
    assert caught.value.context["fields"] == ["label", "day", "rows"]


def test_a_table_that_needs_a_row_says_so():
    with pytest.raises(MandatoryError, match=r"Shop Strict X: mandatory, but empty: Rows \(rows\)$"):
        ShopStrict({**FULL, "rows": []}, name="X").insert()


def test_a_mandatory_field_of_a_row_names_the_row(invoice):
    invoice.append("rows", {"qty": 1})
    with pytest.raises(MandatoryError) as caught:
        invoice.save()
    assert str(caught.value) == (f"Shop Invoice {invoice.name}, row 3 of rows: mandatory, but empty: Code (code)")


def test_ignore_mandatory_accepts_empty_fields_and_tables():
    doc = ShopStrict().insert(ignore_mandatory=True)
    assert get_doc("Shop Strict", doc.name).label is None


def test_a_handler_may_fill_what_is_mandatory(site):
    site.registry.connect("Shop Strict", "before_validate", lambda doc: doc.update(FULL))
    assert ShopStrict().insert().label == "x"


def test_mandatory_is_checked_on_every_save():
    doc = ShopStrict(FULL).insert()
    doc.label = ""
    with pytest.raises(MandatoryError):
        doc.save()
    assert get_doc("Shop Strict", doc.name).label == "x"


# the form of values


@pytest.mark.parametrize(
    "good", ["a@b.example", "Ada.Lovelace+x@sub.example.org", "a@b.example, c@d.example", "", None]
)
def test_an_address_or_a_list_of_them_is_accepted(good):
    ShopThing(email=good).insert()


@pytest.mark.parametrize("bad", ["a", "a@b", "@b.example", "a b@c.example", "a@b.example,", "a@b@c.example"])
def test_what_is_no_address_is_refused(bad):
    with pytest.raises(InvalidEmailAddressError) as caught:
        ShopThing(email=bad, name="X").insert()
    assert str(caught.value) == f"Shop Thing X: Email (email): {bad!r} is not a valid Email"


@pytest.mark.parametrize("good", ["https://a.example/x?y=1", "http://localhost:8000", "ftp://a.example", "mailto:a@b"])
def test_an_address_of_the_web_is_accepted(good):
    ShopThing(url=good).insert()


@pytest.mark.parametrize("bad", ["a.example", "https://", "https:// a", "javascript:alert(1)"])
def test_what_is_no_address_of_the_web_is_refused(bad):
    with pytest.raises(InvalidUrlError, match=r"Url \(url\): .* is not a valid URL"):
        ShopThing(url=bad).insert()


def test_a_telephone_number_has_digits_and_few_signs():
    ShopThing(phone="+49 (30) 123-456").insert()
    with pytest.raises(ValidationError, match=r"Phone \(phone\): 'call me' is not a valid Phone"):
        ShopThing(phone="call me").insert()


def test_a_choice_is_one_of_the_options():
    assert ShopThing(choice="Red").insert().choice == "Red"
    assert ShopThing(choice="").insert().choice == ""
    with pytest.raises(ValidationError) as caught:
        ShopThing(choice="Blue", name="X").insert()
    assert str(caught.value) == "Shop Thing X: Choice (choice): 'Blue' is not one of 'Red', 'Green'"


def test_blanks_around_a_choice_are_taken_off():
    thing = ShopThing(choice=" Red\t").insert()
    assert thing.choice == get_doc("Shop Thing", thing.name).choice == "Red"


def test_a_choice_in_a_row_is_checked(site):
    class ChoiceRow(Document):
        meta = Meta(istable=True)
        choice = Select("Red", "Green", reqd=True)

    class ChoiceThing(Document):
        rows = Table(ChoiceRow)

    site.use(ChoiceThing)
    with pytest.raises(ValidationError, match=r"row 2 of rows: Choice \(choice\): 'Blue' is not one of"):
        ChoiceThing(rows=[{"choice": "Red"}, {"choice": "Blue"}]).insert()
    made = ChoiceThing(rows=[{"choice": " Green "}]).insert()
    assert get_doc("Choice Thing", made.name).rows[0].choice == "Green"


@pytest.mark.parametrize(("field", "value"), [("level", -1), ("debt", "-0.01")])
def test_a_number_that_may_not_be_negative_is_refused(field, value):
    with pytest.raises(NonNegativeError) as caught:
        ShopThing({field: value}, name="X").insert()
    assert str(caught.value) == f"Shop Thing X: {field.title()} ({field}): {value} is negative"


@pytest.mark.parametrize("value", [0, 1])
def test_zero_is_not_negative(value):
    ShopThing(level=value, debt=value).insert()


@pytest.mark.parametrize(("field", "limit"), [("short", 5), ("label", 140), ("choice", 140)])
def test_a_text_longer_than_its_column_is_refused(field, limit):
    if field != "choice":
        ShopThing({field: "x" * limit}).insert()
        with pytest.raises(CharacterLengthExceededError) as caught:
            ShopThing({field: "x" * (limit + 1)}, name="X").insert()
        assert str(caught.value) == (
            f"Shop Thing X: {field.title()} ({field}): {limit + 1} characters, but at most {limit} fit"
        )


def test_long_text_has_no_limit():
    thing = ShopThing(text="x" * 100_000, small="y" * 10_000).insert()
    assert len(get_doc("Shop Thing", thing.name).text) == 100_000


def test_length_counts_characters_not_bytes():
    assert ShopThing(short="ÄÖÜß€").insert().short == "ÄÖÜß€"


def test_markup_is_kept_as_it_was_given():
    thing = ShopThing(label="<script>x</script> & more").insert()
    assert get_doc("Shop Thing", thing.name).label == "<script>x</script> & more"


# set only once


def test_a_value_that_may_be_set_once_may_be_set_once():
    thing = ShopThing().insert()
    thing.once = "first"
    thing.save()
    thing.save()
    thing.once = "second"
    with pytest.raises(CannotChangeConstantError) as caught:
        thing.save()
    assert str(caught.value) == (
        f"Shop Thing {thing.name}: Once (once): may be set only once; it is 'first' and cannot become 'second'"
    )
    thing.once = None
    with pytest.raises(CannotChangeConstantError):
        thing.save()
    assert get_doc("Shop Thing", thing.name).once == "first"


@pytest.mark.parametrize(("field", "value"), [("owner", "someone@example.com"), ("creation", "2000-01-01 00:00:00")])
def test_owner_and_creation_may_not_change(outlet, field, value):
    setattr(outlet, field, value)
    with pytest.raises(CannotChangeConstantError, match=rf"\({field}\): may be set only once"):
        outlet.save()


def test_rows_that_may_be_set_once_may_not_change(site):
    class OnceThing(Document):
        rows = Table(ShopTax, set_only_once=True)

    site.use(OnceThing)
    thing = OnceThing().insert()
    thing.append("rows", {"label": "a"})
    thing.save()
    thing.save()
    thing.append("rows", {"label": "b"})
    with pytest.raises(CannotChangeConstantError, match=r"Rows \(rows\): its rows may be set only once"):
        thing.save()


# all of them


def test_a_refused_document_leaves_the_database_and_the_transaction_as_they_were(invoice):
    rows = stored("Shop Invoice")
    before = (invoice.name, invoice.modified, invoice.docstatus, [row.name for row in invoice.rows])
    for field, value in (("status", "Gone"), ("day", "someday"), ("total", "much"), ("outlet", "Nowhere")):
        old = invoice.get(field)
        setattr(invoice, field, value)
        with pytest.raises(ValidationError):
            invoice.save()
        assert getattr(invoice, field) == value, "the value that was refused stays for its owner to see"
        setattr(invoice, field, old)
    assert stored("Shop Invoice") == rows
    assert (invoice.name, invoice.modified, invoice.docstatus, [row.name for row in invoice.rows]) == before
    invoice.save()


def test_checks_come_after_the_handlers_and_before_the_write(site):
    seen = []
    site.registry.connect("Shop Thing", "before_save", lambda doc: seen.append("before_save"))
    site.registry.connect("Shop Thing", "after_insert", lambda doc: seen.append("after_insert"))
    with pytest.raises(NonNegativeError):
        ShopThing(level=-1).insert()
    assert seen == ["before_save"]


def test_a_submitted_insert_is_checked_too():
    with pytest.raises(MandatoryError):
        ShopInvoice(rows=[{}]).submit()


def test_what_a_check_refuses_may_be_mended_and_inserted_again():
    thing = ShopThing(level=-1)
    with pytest.raises(NonNegativeError):
        thing.insert()
    thing.level = 1
    assert thing.insert().level == 1


def test_a_field_of_a_list_of_names_has_no_option_of_its_own(site):
    class FreeThing(Document):
        kind = Select()
        name_of = Data(options="Name")

    site.use(FreeThing)
    made = FreeThing(kind="anything", name_of="Ada").insert()
    assert (made.kind, made.name_of) == ("anything", "Ada")
