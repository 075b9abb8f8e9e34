"""Meta answers what a type is and which fields it has."""

from __future__ import annotations

import pytest

from doclife.core.errors import UnknownFieldError
from doclife.model.document import Document
from doclife.schema import fieldtypes as fields
from doclife.schema.meta import RIGHTS, Meta, Permission


@pytest.fixture
def meta():
    class MetaRow(Document):
        meta = Meta(istable=True)

    class MetaType(Document):
        meta = Meta(submittable=True, title_field="title", permissions=[Permission("Clerk", read=True)])
        title = fields.Data(label="The Title")
        outlet = fields.Link("Role")
        kind = fields.Data()
        other = fields.DynamicLink("kind")
        rows = fields.Table(MetaRow)
        net_total = fields.Currency()

    return MetaType.meta


def test_fields_by_kind(meta):
    assert [each.name for each in meta.fields] == ["title", "outlet", "kind", "other", "rows", "net_total"]
    assert [each.name for each in meta.get_value_fields()] == ["title", "outlet", "kind", "other", "net_total"]
    assert [each.name for each in meta.get_table_fields()] == ["rows"]
    assert [each.name for each in meta.get_link_fields()] == ["outlet"]
    assert [each.name for each in meta.get_dynamic_link_fields()] == ["other"]


def test_a_field_by_name(meta):
    assert meta.get_field("outlet").options == "Role"
    assert meta.get_field("outlet").fieldtype == "Link"
    assert meta.has_field("outlet")
    assert not meta.has_field("name")
    with pytest.raises(UnknownFieldError, match=r"Meta Type has no field 'outlit'\. Did you mean 'outlet'"):
        meta.get_field("outlit")


def test_labels_are_those_declared_or_made_of_the_name(meta):
    assert meta.get_label("title") == "The Title"
    assert meta.get_label("net_total") == "Net Total"
    assert meta.get_label("modified_by") == "Modified By"


def test_names_that_frappe_has(meta):
    assert (meta.name, meta.is_submittable) == ("Meta Type", True)


def test_the_metas_of_two_types_do_not_share_fields(meta):
    shared = Meta(autoname="hash")

    class FirstOfTwo(Document):
        one = fields.Data()

    FirstOfTwo2 = type("FirstOfTwo2", (Document,), {"meta": shared, "a": fields.Data()})
    SecondOfTwo2 = type("SecondOfTwo2", (Document,), {"meta": shared, "b": fields.Data()})
    assert list(FirstOfTwo2.meta.by_name) == ["a"]
    assert list(SecondOfTwo2.meta.by_name) == ["b"]
    assert shared.doctype == ""


def test_a_permission_gives_nothing_that_is_not_said():
    rule = Permission("Clerk")
    assert not any(getattr(rule, right) for right in RIGHTS)
    assert (rule.if_owner, rule.permlevel) == (False, 0)
    assert Permission("Clerk", import_=True).import_
