"""Renaming and merging: what is refused, who may, what merging does, and that nothing is left of a failure."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import (
    DoesNotExistError,
    LinkExistsError,
    NameError,
    PermissionDenied,
    UniqueValidationError,
    ValidationError,
)
from doclife.model.access import get_doc, new_doc, rename_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Date, Int
from doclife.schema.meta import Meta
from doclife.testing import as_user, make_user
from tests.stored import stored
from tests.unit.model.parties import RenOrder, RenParty, RenProfile, RenSettings
from tests.unit.model.shop import ShopInvoice, ShopItem, ShopOutlet, ShopSettings


@pytest.fixture(autouse=True)
def types(site):
    site.use(RenParty, RenOrder, RenProfile, RenSettings)
    return site


@pytest.fixture
def party():
    return RenParty(title="Ada", rows=[{"kind": "a"}, {"kind": "b"}]).insert()


def _value(doctype, name, column):
    return get_doc(doctype, name).get(column)


# what is refused


def test_a_new_document_cannot_be_renamed():
    with pytest.raises(ValidationError, match=r"Ren Party \(new\) is not stored, so it cannot be renamed"):
        RenParty(title="x").rename("y")
    with pytest.raises(DoesNotExistError):
        rename_doc("Ren Party", "nobody", "y")


def test_a_single_and_a_row_in_hand_cannot_be_renamed(party):
    settings = ShopSettings(limit=1).save()
    with pytest.raises(ValidationError, match="is the only one of a single type"):
        settings.rename("x")
    with pytest.raises(ValidationError, match="is a row; rename_doc"):
        party.rows[0].rename("x", force=True)


def test_the_type_must_allow_it(outlet):
    with pytest.raises(ValidationError, match="may not be renamed: its type does not say"):
        outlet.rename("Bonn")
    assert rename_doc("Shop Outlet", "Berlin", "Bonn", force=True) == "Bonn"
    assert rename_doc("Shop Outlet", "Bonn", "Mainz", ignore_permissions=True) == "Mainz"
    assert rename_doc("Shop Outlet", "Mainz", "Trier", validate=False) == "Trier"
    get_doc("Shop Outlet", "Trier").rename("Worms", validate_rename=False)
    assert get_doc(ShopOutlet, "Worms").code == "Worms"


def test_the_same_name_is_refused(party):
    with pytest.raises(ValidationError, match="Ren Party Ada has this name already"):
        party.rename(" Ada ")


def test_a_name_that_is_taken_is_refused(party):
    RenParty(title="Grace").insert()
    with pytest.raises(ValidationError, match="Ren Party Grace exists already; choose another name, or merge=True"):
        party.rename("Grace")
    assert rename_doc("Ren Party", "Ada", "Grace", ignore_if_exists=True) == "Ada"
    assert party.reload().name == "Ada"


def test_a_patch_that_renames_may_run_twice(party):
    assert rename_doc("Ren Party", "Ada", "Grace", ignore_if_exists=True) == "Grace"
    assert rename_doc("Ren Party", "Ada", "Grace", ignore_if_exists=True) == "Grace"


def test_ignore_if_exists_holds_for_the_name_before_rename_chooses_too(site, party):
    RenParty(title="Grace").insert()
    site.registry.connect("Ren Party", "before_rename", lambda doc: "Grace")
    assert rename_doc("Ren Party", "Ada", "Eve", ignore_if_exists=True) == "Ada"


@pytest.mark.parametrize("name", ["a<b", "x" * 141, "New Ren Party 1", "Ren Party"])
def test_a_name_that_is_not_allowed_is_refused(party, name):
    with pytest.raises(NameError):
        party.rename(name)


@pytest.mark.parametrize("name", ["", "  ", None, 1.5, True])
def test_what_is_no_name_is_refused(party, name):
    with pytest.raises(ValidationError):
        party.rename(name)


def test_the_field_that_names_it_must_take_the_name(site, party):
    with pytest.raises(ValidationError, match="at most 20 fit"):
        party.rename("x" * 21)

    class RenDay(Document):
        meta = Meta(autoname="field:day", allow_rename=True)
        day = Date(reqd=True)
        count = Int()

    site.use(RenDay)
    doc = RenDay(day="2026-01-31").insert()
    with pytest.raises(ValidationError, match="'tomorrow' is not valid"):
        doc.rename("tomorrow")
    assert doc.name == "2026-01-31"
    doc.rename("2026-02-01")
    assert doc.day.isoformat() == doc.name == "2026-02-01"


def test_a_field_that_links_must_find_the_new_name(party):
    profile = RenProfile(party="Ada").insert()
    with pytest.raises(ValidationError, match="it is named by party, and there is no Ren Party 'Eve'"):
        profile.rename("Eve")
    RenParty(title="Eve").insert()
    profile.rename("Eve")
    assert profile.party == "Eve"


def test_a_field_value_that_another_has_is_refused(party):
    other = RenParty(title="Bob").insert()
    other.db_set("title", "Grace")  # drifted
    with pytest.raises(UniqueValidationError, match="another Ren Party has this value"):
        party.rename("Grace")
    assert party.name == "Ada"


# permissions


@pytest.fixture
def renamer():
    make_user("renamer@example.com", "Renamer")
    return "renamer@example.com"


def test_renaming_needs_the_right_to_write(party, renamer):
    make_user("nobody@example.com")
    with as_user("nobody@example.com"):
        with pytest.raises(PermissionDenied, match="may not write Ren Party Ada"):
            party.rename("Grace")
        with pytest.raises(PermissionDenied):
            rename_doc("Ren Party", "Ada", "Grace", force=True)
        with pytest.raises(PermissionDenied):
            rename_doc("Ren Row", party.rows[0].name, "x", force=True)
        rename_doc("Ren Party", "Ada", "Grace", ignore_permissions=True)
    with as_user(renamer):
        rename_doc("Ren Party", "Grace", "Eve")


def test_merging_needs_the_right_to_delete_and_to_write_the_target(party, renamer):
    make_user("merger@example.com", "Merger")
    make_user("author@example.com", "Author")
    RenParty(title="Grace").insert()
    with as_user(renamer), pytest.raises(PermissionDenied, match="may not delete Ren Party Ada"):
        party.rename("Grace", merge=True)
    with as_user("author@example.com"):
        own = new_doc("Ren Party", title="Own").insert()
        with pytest.raises(PermissionDenied, match="may not write Ren Party Grace"):
            own.rename("Grace", merge=True)
    with as_user("merger@example.com"):
        party.rename("Grace", merge=True)


# merging


def test_merging_moves_the_links_and_deletes_the_document(party):
    RenParty(title="Grace", rows=[{"kind": "kept"}]).insert()
    order = RenOrder(buyer="Ada", payer="Grace", kind="Ren Party", other="Ada", rows=[{"party": "Ada"}]).insert()
    assert party.rename("Grace", merge=True) is party
    loaded = get_doc(RenOrder, order.name)
    assert (loaded.buyer, loaded.payer, loaded.other, loaded.rows[0].party) == ("Grace",) * 4
    assert (party.name, party.title, [row.kind for row in party.rows]) == ("Grace", "Grace", ["kept"])
    assert stored("Ren Party", "name") == [("Grace",)]
    assert stored("Ren Row", "parent", "kind", parenttype="Ren Party") == [("Grace", "kept")]
    assert stored("Deleted Document", "deleted_doctype", "deleted_name") == [("Ren Party", "Ada")]
    party.save()


def test_documents_that_name_each_other_can_be_merged(party):
    grace = RenParty(title="Grace", above="Ada").insert()
    party.above = "Grace"
    party.save()
    party.rename("Grace", merge=True)
    assert grace.reload().above == "Grace"


def test_what_forms_send_as_text_is_understood(party):
    RenParty(title="Grace").insert()
    with pytest.raises(ValidationError, match="exists already"):
        rename_doc("Ren Party", "Ada", "Grace", merge="0")
    with pytest.raises(ValidationError, match="exists already"):
        rename_doc("Ren Party", "Ada", "Grace", merge="false")
    assert rename_doc("Ren Party", "Ada", "Grace", merge="1") == "Grace"


def test_a_merge_needs_a_target(party):
    with pytest.raises(DoesNotExistError, match="cannot be merged into Grace, which does not exist"):
        party.rename("Grace", merge=True)


def test_a_submitted_document_is_not_merged_away():
    ShopInvoice().insert(set_name="INV-A")
    invoice = ShopInvoice().submit()
    with pytest.raises(ValidationError, match="is submitted, and merging deletes it; cancel it first"):
        invoice.rename("INV-A", merge=True, force=True)
    invoice.cancel()
    invoice.rename("INV-A", merge=True, force=True)


def test_a_merge_that_breaks_a_unique_link_changes_nothing(party):
    RenParty(title="Grace").insert()
    for name in ("Ada", "Grace"):
        RenProfile(party=name).insert()
    order = RenOrder(buyer="Ada").insert()
    with pytest.raises(UniqueValidationError, match=r"Ada cannot become Grace: Party \(party\) of Ren Profile must be"):
        party.rename("Grace", merge=True)
    assert (party.name, _value(RenOrder, order.name, "buyer")) == ("Ada", "Ada")
    assert stored("Ren Profile", "party", order_by="party") == [("Ada",), ("Grace",)]


def test_a_handler_of_the_deletion_may_refuse_the_merge(site, party):
    RenParty(title="Grace").insert()
    order = RenOrder(buyer="Ada").insert()

    def refuse(doc):
        raise ValidationError(f"{doc.name} must stay")

    site.registry.connect("Ren Party", "on_trash", refuse)
    with pytest.raises(ValidationError, match="Ada must stay"):
        party.rename("Grace", merge=True)
    assert (party.name, party.title, [row.kind for row in party.rows]) == ("Ada", "Ada", ["a", "b"])
    assert _value(RenOrder, order.name, "buyer") == "Ada"
    party.save()


def test_a_link_that_a_handler_makes_meanwhile_stops_the_merge(site, party):
    RenParty(title="Grace").insert()
    site.registry.connect("Ren Party", "on_trash", lambda doc: RenOrder(buyer=doc.name).insert(ignore_links=True))
    with pytest.raises(LinkExistsError):
        party.rename("Grace", merge=True)


# failures


def test_a_failure_after_the_write_leaves_nothing(site, party):
    order = RenOrder(buyer="Ada").insert()
    rows = list(party.rows)

    def fail(doc):
        raise ZeroDivisionError

    handler = site.registry.connect("Ren Party", "after_rename", fail)
    with pytest.raises(ZeroDivisionError):
        party.rename("Grace")
    assert (party.name, party.title) == ("Ada", "Ada")
    assert party.rows == rows
    assert _value(RenOrder, order.name, "buyer") == "Ada"
    assert [row.name for row in get_doc(RenParty, "Ada").rows] == [row.name for row in rows]
    site.registry.disconnect(handler)
    party.rename("Grace")


def test_when_what_is_around_it_fails_the_object_is_what_it_was(party):
    rows = list(party.rows)
    frame = current().unit.push()
    party.rename("Grace")
    current().unit.roll_back(frame)
    assert party.name == "Ada"
    assert party.rows == rows
    assert [(row.name, row.parent, row.is_new()) for row in rows] == [(row.name, "Ada", False) for row in rows]
    party.rows[1].kind = "z"
    party.save()
    assert [row.kind for row in get_doc(RenParty, "Ada").rows] == ["a", "z"]


def test_when_what_is_around_it_fails_values_are_what_they_were_and_what_was_set_since_stays(party):
    party.above = "Ada"
    party.save()
    party.idx = "no number"
    frame = current().unit.push()
    party.rename("Grace")
    assert (party.above, party.idx) == ("Grace", 0)
    party.title = "Hopper"
    current().unit.roll_back(frame)
    assert (party.name, party.above, party.title) == ("Ada", "Ada", "Hopper")
    with pytest.raises(ValidationError, match="'no number' is not valid"):
        party.save()


def test_the_message_to_the_user(party):
    rename_doc("Ren Party", "Ada", "Grace")
    rename_doc("Ren Party", "Grace", "Eve", show_alert=False)
    assert current().messages == [{"message": "Ren Party Ada is now Grace", "alert": True, "indicator": "green"}]


def test_the_refusal_of_another_name_by_assignment_leads_here(item):
    item.name = "LANTERN"
    with pytest.raises(ValidationError, match=r"use rename_doc\('Shop Item', 'LAMP', 'LANTERN'\)"):
        item.save()
    rename_doc("Shop Item", "LAMP", "LANTERN", force=True)
    assert get_doc(ShopItem, "LANTERN").title == "Lamp"
