"""The site of a test: its own, fast, and gone afterwards."""

from __future__ import annotations

import pytest

from doclife.core.clock import now, utc_now
from doclife.core.context import ADMINISTRATOR, current, current_or_none
from doclife.core.errors import ConfigError, DataError, DoesNotExistError, HookError, TransactionError
from doclife.doctypes.user import Role
from doclife.events.registry import connected
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema import registry
from doclife.schema.fieldtypes import Data, Int, Table
from doclife.schema.meta import Meta
from doclife.site.load import load_site
from doclife.site.runtime import Site
from doclife.testing import SandboxSite, as_user, make_user, travel_to


def _role(name):
    return Role(role_name=name).insert()


class ModuleThing(Document):
    meta = Meta(autoname="field:code")
    code = Data()


def test_a_context_is_open_as_administrator(site):
    assert current().site is site
    assert current().user == ADMINISTRATOR
    assert isinstance(site, SandboxSite)


@pytest.mark.parametrize("attempt", [1, 2])
def test_what_one_test_commits_is_gone_in_the_next(site, attempt):
    with pytest.raises(DoesNotExistError):
        get_doc("Role", "Clerk")
    _role("Clerk")
    current().unit.commit()
    assert get_doc("Role", "Clerk")


def test_a_commit_runs_what_follows_from_it(site):
    ran = []
    current().unit.add_callback("after_commit", lambda: ran.append(get_doc("Role", "Clerk").name))
    _role("Clerk")
    current().unit.commit()
    assert ran == ["Clerk"]


def test_a_rollback_undoes_what_was_not_committed(site):
    _role("Kept")
    current().unit.commit()
    _role("Gone")
    current().unit.rollback()
    assert get_doc("Role", "Kept")
    with pytest.raises(DoesNotExistError):
        get_doc("Role", "Gone")


def test_another_unit_of_work_sees_what_was_committed_and_keeps_its_own(site):
    _role("Outer")
    current().unit.commit()
    with site.work("Guest") as context:
        assert current() is context
        assert get_doc("Role", "Outer")
        _role_as_admin("Inner")
    assert get_doc("Role", "Inner")
    with pytest.raises(ZeroDivisionError):
        _fail_in_a_unit(site)
    with pytest.raises(DoesNotExistError):
        get_doc("Role", "Failed")


def _role_as_admin(name):
    Role(role_name=name).insert(ignore_permissions=True)


def _fail_in_a_unit(site):
    with site.work():
        _role("Failed")
        raise ZeroDivisionError


# classes


def test_classes_of_a_test_have_tables_and_are_known_by_name(site, use_doctypes):
    class PlainThing(Document):
        title = Data()

    use_doctypes(PlainThing, ModuleThing)
    PlainThing(title="x").insert(set_name="A")
    assert type(get_doc("Plain Thing", "A")) is PlainThing
    assert ModuleThing(code="B").insert().name == "B"
    current().unit.rollback()
    PlainThing(title="x").insert(set_name="A")


@pytest.mark.parametrize("columns", [{"one": Data()}, {"two": Int()}], ids=["one", "two"])
def test_two_tests_may_declare_different_classes_of_one_name(site, columns):
    changing = type("Changing", (Document,), {**columns, "__module__": __name__, "__qualname__": "f.<locals>.Changing"})
    site.use(changing)
    (column,) = columns
    doc = changing({column: 5}).insert()
    assert get_doc("Changing", doc.name).get(column) in (5, "5")


def test_the_classes_of_a_test_are_forgotten_and_those_of_a_module_are_not(site):
    assert registry.declared("Plain Thing") is None
    assert registry.declared("Module Thing") is ModuleThing
    assert "Module Thing" not in site.doctypes


def test_the_rows_of_a_class_come_along(site):
    class KitRow(Document):
        meta = Meta(istable=True)
        code = Data()

    class KitParent(Document):
        rows = Table(KitRow)

    site.use(KitParent)
    doc = KitParent(rows=[{"code": "A"}]).insert()
    assert [row.code for row in get_doc("Kit Parent", doc.name).rows] == ["A"]


def test_hooks_of_a_test_hold_for_that_test(site):
    site.use_hooks("shop", {"doc_events": {"Role": {"validate": f"{__name__}.shout"}}})
    assert _role("clerk").name == "clerk"
    assert get_doc("Role", "clerk").disabled == 1
    assert site.registry.get_hooks("app_name")[0] == "doclife"


def shout(doc):
    doc.disabled = 1


def test_hooks_of_another_test_are_gone(site):
    assert _role("clerk").disabled == 0


# settings


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo", strict=False)
def test_settings_may_be_given_per_test(site):
    assert (site.settings.time_zone, site.settings.strict, site.settings.queue) == ("Asia/Tokyo", False, "memory")


def test_without_them_tests_are_strict_and_jobs_stay_in_memory(site):
    assert (site.settings.time_zone, site.settings.strict, site.settings.queue) == ("UTC", True, "memory")


def test_a_wrong_setting_is_refused_with_the_nearest(doclife_templates):
    from doclife.testing.sandbox import sandbox

    with pytest.raises(ConfigError, match="time_zone"), sandbox(doclife_templates.get(()), {"time_zon": "UTC"}):
        pass


def test_the_environment_does_not_touch_the_site(doclife_templates, monkeypatch):
    from doclife.testing.sandbox import sandbox

    monkeypatch.setenv("DOCLIFE_DB_URL", "postgresql://nobody@nowhere.invalid/production")
    monkeypatch.setenv("DOCLIFE_TIME_ZONE", "Asia/Tokyo")
    with sandbox(doclife_templates.get(()), {}) as site:
        assert site.settings.time_zone == "UTC"
        assert get_doc("User", "Administrator")


@pytest.mark.doclife_apps("example_app")
def test_apps_may_be_named_per_test(site):
    assert [app.name for app in site.apps] == ["doclife", "example_app"]


# the committed site


def test_a_committed_site_is_a_real_one(committed_site):
    assert current_or_none() is None
    with committed_site.work():
        _role("Clerk")
    other = Site(committed_site.name, committed_site.sites_dir, committed_site.settings)
    with other.work():
        assert get_doc("Role", "Clerk")
    other.close()
    assert load_site("test", committed_site.sites_dir) is committed_site


def test_a_committed_site_is_each_tests_own(committed_site):
    with committed_site.work(), pytest.raises(DoesNotExistError):
        get_doc("Role", "Clerk")


def test_both_kinds_may_be_used_together(site, committed_site):
    with committed_site.work():
        _role("There")
    with pytest.raises(DoesNotExistError):
        get_doc("Role", "There")
    _role("Here")


# who and when


def test_another_user_acts_in_a_block(site):
    make_user("ada@example.com", "Clerk")
    with as_user("ada@example.com"):
        assert Role(role_name="x").owner is None
        assert current().user == "ada@example.com"
        assert _as_owner().owner == "ada@example.com"
    assert current().user == ADMINISTRATOR


def _as_owner():
    return Role(role_name="x").insert(ignore_permissions=True)


def test_a_user_is_made_with_roles_that_need_not_exist(site):
    user = make_user("ada@example.com", "Brand New", "All", last_name="Lovelace")
    assert (user.full_name, [row.role for row in user.roles]) == ("ada Lovelace", ["Brand New", "All"])
    make_user("grace@example.com", "Brand New")


@pytest.mark.doclife_settings(time_zone="Asia/Tokyo")
def test_a_moment_is_one_of_the_site_and_stands_still(site):
    with travel_to("2026-01-31 10:00"):
        assert utc_now().isoformat() == "2026-01-31T01:00:00+00:00"
        assert utc_now() == utc_now()
    with travel_to("2026-01-31 10:00", tick=True):
        first = now("Asia/Tokyo")
        assert now("Asia/Tokyo") > first
        assert first.hour == 10


def test_without_a_site_a_moment_is_utc():
    with travel_to("2026-01-31 10:00"):
        assert utc_now().isoformat() == "2026-01-31T10:00:00+00:00"


def test_what_was_connected_stays_when_the_site_is_given_more(site):
    class SandboxTestLate(Document):
        pass

    seen = []
    with connected("Role", "on_update", lambda doc: seen.append(doc.name)) as handler:
        site.use(SandboxTestLate)
        site.use_hooks("more", {})
        Role(role_name="Clerk").insert()
    assert seen == ["Clerk"]
    assert handler not in site.registry.chain("on_update", "Role")


# statements that the database refuses


def _refused():
    with pytest.raises(DataError):
        current().unit.link.rows("SELECT nothing FROM nowhere")


def test_a_refused_read_is_no_hindrance(site):
    with site.work():
        _role("Other")
        current().unit.commit()
        _refused()
        _role("Another")
    get_doc("Role", "Other")
    _refused()
    _role("Clerk")
    current().unit.commit()
    assert [get_doc("Role", name).name for name in ("Other", "Another", "Clerk")] == ["Other", "Another", "Clerk"]


def test_a_unit_that_has_only_read_takes_nothing_back_that_others_have_committed(site):
    assert get_doc("Role", "All")
    with site.work():
        _role("Other")
    current().unit.rollback()
    assert get_doc("Role", "Other")
    with site.work():
        _role("Another")
    _role("Own")
    current().unit.rollback()
    assert get_doc("Role", "Another")
    with pytest.raises(DoesNotExistError):
        get_doc("Role", "Own")


def test_a_refusal_that_was_caught_after_a_write_is_not_committed_as_if_all_were_well(site):
    """On PostgreSQL alone the transaction is broken then."""
    _role("Clerk")
    _refused()
    if current().unit.link.dialect == "postgresql":
        with pytest.raises(TransactionError, match="put what may fail into"):
            current().unit.commit()
        _role("Clerk")
    current().unit.commit()
    assert get_doc("Role", "Clerk")


class SandboxThing(Document):
    title = Data()

    def shown(self) -> str:
        return self.title or ""


class LoudThing(SandboxThing):
    def shown(self) -> str:
        return super().shown().upper()


class Dotted:
    def shown(self) -> str:
        return f"{super().shown()}."  # type: ignore[misc]


class Sized:
    size = Int()


def test_hooks_of_a_test_override_and_extend_types(site):
    site.use(SandboxThing)
    site.use_hooks("loud", {"override_doctype_class": {"Sandbox Thing": f"{__name__}.LoudThing"}})
    site.use_hooks("dots", {"extend_doctype_class": {"Sandbox Thing": f"{__name__}.Dotted"}})
    SandboxThing(title="a").insert(set_name="x")
    assert get_doc(SandboxThing, "x").shown() == "A."


def test_hooks_of_a_test_cannot_add_columns(site):
    site.use(SandboxThing)
    with pytest.raises(HookError, match="sizes adds fields to 'Sandbox Thing', whose table has no such columns"):
        site.use_hooks(
            "sizes", {"extend_doctype_class": {"Sandbox Thing": f"{__name__}.Sized"}, "required_apps": ["tests"]}
        )
    SandboxThing(title="a").insert(set_name="x")
    assert get_doc(SandboxThing, "x").shown() == "a"
