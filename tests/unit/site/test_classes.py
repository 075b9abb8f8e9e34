"""The classes of a site, and what cannot be a class that overrides or extends."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from doclife.core.errors import HookError, SchemaError
from doclife.events.hooks import AppHooks
from doclife.schema import registry
from doclife.site.classes import site_classes
from tests.unit.site import mixins

DOCTYPE = "Site Outlet"


def _app(name, *, required=("tests",), **hooks):
    return AppHooks(name, {"required_apps": list(required), **hooks}, ModuleType(name))


def _classes(*apps):
    return site_classes([_app("tests", required=()), *apps])


def _extending(*names, app="extra", required=("tests",)):
    paths = [f"{mixins.__name__}.{name}" for name in names]
    return _app(app, required=required, extend_doctype_class={DOCTYPE: paths})


def _overriding(name, app="extra"):
    return _app(app, override_doctype_class={DOCTYPE: f"{mixins.__name__}.{name}"})


def test_without_hooks_the_classes_are_those_that_are_declared():
    classes = _classes()
    assert classes.by_doctype[DOCTYPE] is mixins.SiteOutlet
    assert classes.warnings == []


def test_fields_belong_to_the_app_that_adds_them_and_are_known_to_its_sites_only():
    cls = _classes(_extending("Points", "Visits", "FetchingWell")).by_doctype[DOCTYPE]
    assert list(cls.meta.by_name) == ["city", "region", "points", "visits", "zone"]
    assert list(mixins.SiteOutlet.meta.by_name) == ["city", "region"]
    assert cls._blueprint.columns[-3:] == ("region", "points", "zone")
    table = mixins.SiteOutlet.__table__
    assert cls.__table__ is table
    assert {column.name: column.info.get("app") for column in table.c if column.name in ("city", "points")} == {
        "city": None,
        "points": "extra",
    }
    assert "visits" not in table.c


def test_sites_with_the_same_apps_share_a_class():
    one, two = (_classes(_extending("Points")).by_doctype[DOCTYPE] for _ in range(2))
    assert one is two
    assert _classes(_extending("Points", "Quiet")).by_doctype[DOCTYPE] is not one


def test_methods_of_mixins_come_before_those_of_the_class_that_overrides():
    cls = _classes(_overriding("Better"), _extending("Quiet", app="more")).by_doctype[DOCTYPE]
    assert cls.__mro__[1:4] == (mixins.Quiet, mixins.Better, mixins.SiteOutlet)
    assert cls().close() == "closed for good"
    assert (cls.__name__, cls.__module__) == ("Better", mixins.__name__)


def test_a_type_that_no_installed_app_has_is_a_warning_and_nothing_is_imported():
    app = _app(
        "extra",
        extend_doctype_class={"Site Outlets": "tests.not_there.Mixin"},
        override_doctype_class={"Nothing At All": "tests.not_there.Mixin"},
    )
    assert sorted(_classes(app).warnings) == [
        "extra: extend_doctype_class names the document type 'Site Outlets', which no installed app has. "
        "Did you mean 'Site Outlet'?",
        "extra: override_doctype_class names the document type 'Nothing At All', which no installed app has.",
    ]


WHERE = re.escape(f"extra: extend_doctype_class['Site Outlet']: '{mixins.__name__}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Cities", r"\.Cities': the field 'city' is one of 'Site Outlet' itself, of the app 'tests'; choose another"),
        ("Taken", r"\.Taken': the field 'owner': this name is taken by Document"),
        ("Hidden", r"\.Hidden': the field '_secret': this name is taken by Document"),
        ("Closing", r"\.Closing': the field 'close' hides SiteOutlet\.close"),
        (
            "Required",
            r"\.Required': the field 'code' is required \(reqd=True\), but documents exist.*give it a default",
        ),
        ("Fetching", r"\.Fetching': zone: fetch_from='regoin\.zone' must be .*Did you mean 'region'"),
        ("OfItsOwn", r"\.OfItsOwn' declares the document type 'Site Other'; a mixin of 'Site Outlet' is a plain class"),
        ("DerivedType", r"\.DerivedType' declares the document type 'Derived Type'"),
        ("Sloppy", r"\.Sloppy' declares the document type '\(unnamed\)'"),
        ("function", r"\.function' is no class but a function"),
    ],
)
def test_a_mixin_that_cannot_be_used_is_refused_naming_app_key_and_path(name, message):
    with pytest.raises(SchemaError, match=WHERE + message):
        _classes(_extending(name))
    assert registry.declared("Site Other") is mixins.OfItsOwn


def test_a_field_that_two_apps_of_a_site_add_is_refused_naming_both():
    with pytest.raises(SchemaError) as caught:
        _classes(_extending("Points"), _extending("MorePoints", app="more"))
    assert str(caught.value) == (
        f"more: extend_doctype_class['Site Outlet']: '{mixins.__name__}.MorePoints': the field 'points' is declared by "
        f"extra: extend_doctype_class['Site Outlet']: '{mixins.__name__}.Points' too; choose another name"
    )


def test_a_field_that_an_app_of_another_site_adds_is_refused_too():
    _classes(_extending("Points"))
    with pytest.raises(SchemaError, match="the app 'extra', which is loaded too, has a column of this name"):
        _classes(_extending("MorePoints", app="more"))


def test_an_app_that_adds_fields_must_require_the_app_whose_type_it_is():
    with pytest.raises(SchemaError, match=r"adds fields to a type of the app 'tests'.* name 'tests' in required_apps"):
        _classes(_extending("Points", required=()))
    assert _classes(_extending("Quiet", required=())).by_doctype[DOCTYPE].__mro__[1] is mixins.Quiet
    through = [_app("between"), _extending("Points", required=("between",))]
    assert _classes(*through).by_doctype[DOCTYPE].meta.has_field("points")


def test_the_last_app_overrides():
    assert _classes(_overriding("Better")).by_doctype[DOCTYPE] is mixins.Better
    assert _classes(_overriding("Better"), _overriding("SiteOutlet", "last")).by_doctype[DOCTYPE] is mixins.SiteOutlet


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Points", r"Points must be a subclass of tests\.unit\.site\.mixins\.SiteOutlet"),
        ("function", r"function must be a subclass of"),
        ("DerivedType", r"DerivedType has a meta of its own, so it is another document type"),
        ("BetterWithField", r"BetterWithField declares the fields extra; .* name it in extend_doctype_class instead"),
    ],
)
def test_a_class_that_cannot_override_is_refused_naming_app_key_and_path(name, message):
    with pytest.raises(HookError, match=r"extra: override_doctype_class\['Site Outlet'\]: .*" + message):
        _classes(_overriding(name))
