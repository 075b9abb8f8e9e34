"""Handlers run in one order: type before "*", apps as installed, doclife's own last; bad declarations are refused."""

from __future__ import annotations

import pytest

from doclife.core.errors import HookError, UnknownDoctypeError, UnknownEventError
from doclife.events.registry import Registry
from tests.unit.events import declared
from tests.unit.events.declared import app, names, path, registry

ONE, TWO, OPTIONAL = path("one"), path("two"), path("optional")


def _on_update(key, *paths):
    return {key: {"on_update": list(paths)}}


def test_handlers_of_one_app_run_in_the_order_of_their_list():
    made = registry(app("shop", doc_events=_on_update("Invoice", TWO, ONE, OPTIONAL)))
    assert names(made.chain("on_update", "Invoice")) == ["shop.two", "shop.one", "shop.optional"]


def test_apps_run_in_the_order_of_their_installation():
    made = registry(
        app("zoo", doc_events=_on_update("Invoice", ONE)),
        app("bar", doc_events=_on_update("Invoice", TWO)),
        app("abc", doc_events=_on_update("Invoice", ONE)),
    )
    assert names(made.chain("on_update", "Invoice")) == ["zoo.one", "bar.two", "abc.one"]


def test_a_handler_of_every_type_runs_after_those_of_the_type_even_from_the_first_app():
    made = registry(
        app("first", doc_events=_on_update("*", ONE)),
        app("second", doc_events=_on_update("Invoice", TWO)),
    )
    assert names(made.chain("on_update", "Invoice")) == ["second.two", "first.one"]


def test_handlers_of_every_type_run_in_the_order_of_installation():
    made = registry(
        app("zoo", doc_events=_on_update("*", ONE, TWO)),
        app("abc", doc_events=_on_update("*", OPTIONAL)),
    )
    assert names(made.chain("on_update", "Outlet")) == ["zoo.one", "zoo.two", "abc.optional"]


def test_doclife_reacts_after_all_apps():
    made = registry(
        app("doclife", doc_events={**_on_update("Invoice", OPTIONAL), **_on_update("*", ONE)}),
        app("shop", doc_events={**_on_update("*", TWO), **_on_update("Invoice", ONE)}),
    )
    assert names(made.chain("on_update", "Invoice")) == ["shop.one", "shop.two", "doclife.optional", "doclife.one"]


def test_a_tuple_key_stands_where_its_app_stands():
    made = registry(
        app("a", doc_events=_on_update("Invoice", ONE)),
        app("b", doc_events=_on_update(("Invoice", "Outlet"), TWO)),
        app("c", doc_events=_on_update("Invoice", OPTIONAL)),
    )
    assert names(made.chain("on_update", "Invoice")) == ["a.one", "b.two", "c.optional"]
    assert names(made.chain("on_update", "Outlet")) == ["b.two"]


def test_a_function_that_is_declared_twice_runs_twice():
    made = registry(app("shop", doc_events=_on_update("Invoice", ONE, ONE)))
    assert names(made.chain("on_update", "Invoice")) == ["shop.one", "shop.one"]


def test_a_single_path_needs_no_list():
    made = registry(app("shop", doc_events={"Invoice": {"on_update": ONE}}))
    assert names(made.chain("on_update", "Invoice")) == ["shop.one"]


def test_a_type_that_wants_no_wildcards_gets_its_own_handlers_only():
    made = registry(app("shop", doc_events={**_on_update("*", ONE), **_on_update("Invoice", TWO)}))
    assert names(made.chain("on_update", "Invoice", wildcard=False)) == ["shop.two"]
    assert names(made.chain("on_update", "Invoice")) == ["shop.two", "shop.one"]


def test_events_do_not_mix():
    made = registry(app("shop", doc_events={"Invoice": {"on_update": ONE, "on_submit": TWO}}))
    assert names(made.chain("on_submit", "Invoice")) == ["shop.two"]
    assert made.chain("on_cancel", "Invoice") == ()


def test_what_is_connected_at_run_time_comes_after_what_is_declared_for_the_same_key():
    made = registry(app("shop", doc_events={**_on_update("Invoice", ONE), **_on_update("*", TWO)}))
    handler = made.connect("Invoice", "on_update", declared.optional)
    assert names(made.chain("on_update", "Invoice")) == ["shop.one", "tests.optional", "shop.two"]
    made.disconnect(handler)
    assert names(made.chain("on_update", "Invoice")) == ["shop.one", "shop.two"]


def test_connecting_and_disconnecting_outdate_plans_that_were_made_before():
    made = registry()
    before = made.generation
    handler = made.connect("Invoice", "on_update", declared.one)
    between = made.generation
    made.disconnect(handler)
    assert before < between < made.generation


def test_two_connections_of_one_function_are_two():
    made = registry()
    first = made.connect("Invoice", "on_update", declared.one)
    made.connect("Invoice", "on_update", declared.one)
    assert len(made.chain("on_update", "Invoice")) == 2
    made.disconnect(first)
    assert len(made.chain("on_update", "Invoice")) == 1


def test_two_sites_do_not_share_what_is_connected():
    here, there = registry(), registry()
    here.connect("Invoice", "on_update", declared.one)
    assert there.chain("on_update", "Invoice") == ()


def test_connecting_to_an_unknown_type_names_the_nearest():
    with pytest.raises(UnknownDoctypeError, match=r"no document type 'Invoise'\. Did you mean 'Invoice'"):
        registry().connect("Invoise", "on_update", declared.one)


def test_connecting_to_an_unknown_event_names_the_nearest():
    with pytest.raises(UnknownEventError, match="Did you mean 'on_update'"):
        registry().connect("Invoice", "on_updated", declared.one)


def test_an_unknown_event_in_hooks_is_refused_naming_app_and_key():
    with pytest.raises(UnknownEventError) as caught:
        registry(app("shop", doc_events={"Invoice": {"after_save": ONE}}))
    assert str(caught.value).startswith("shop: doc_events['Invoice']: no event 'after_save'. Did you mean 'on_update'?")


def test_an_event_that_another_app_declares_may_be_handled():
    made = registry(
        app("farm", custom_events=["on_ripe"]), app("shop", doc_events={"Invoice": {"on_ripe": declared.path("two")}})
    )
    assert names(made.chain("on_ripe", "Invoice")) == ["shop.two"]


def test_a_path_that_does_not_import_is_refused_naming_app_key_and_path():
    with pytest.raises(HookError) as caught:
        registry(app("shop", doc_events=_on_update("Invoice", path("nothing_here"))))
    message = str(caught.value)
    assert message.startswith("shop: doc_events['Invoice']['on_update']: ")
    assert "nothing_here" in message


def test_a_wrong_signature_is_refused_naming_app_key_and_path():
    with pytest.raises(HookError) as caught:
        registry(app("shop", doc_events=_on_update("Invoice", path("wants_more"))))
    assert str(caught.value).startswith(f"shop: 'Invoice' on_update: {path('wants_more')}(doc, method, strange)")


@pytest.mark.parametrize("wrong", ["on_update", [ONE], None])
def test_events_that_are_no_dict_are_refused(wrong):
    with pytest.raises(HookError, match=r"shop: doc_events\['Invoice'\] must be a dict of events"):
        registry(app("shop", doc_events={"Invoice": wrong}))


@pytest.mark.parametrize("wrong", [5, [5], {"a": 1}, None])
def test_handlers_that_are_no_paths_are_refused(wrong):
    with pytest.raises(HookError, match="must be a dotted path or a list of dotted paths"):
        registry(app("shop", doc_events={"Invoice": {"on_update": wrong}}))


def test_a_type_of_no_installed_app_is_a_warning_with_the_nearest_name():
    made = registry(app("shop", doc_events=_on_update("Invoce", ONE)))
    assert len(made.warnings) == 1
    assert "shop: doc_events names the document type 'Invoce'" in made.warnings[0]
    assert "Did you mean 'Invoice'?" in made.warnings[0]


def test_every_type_and_known_types_are_no_warning():
    made = registry(app("shop", doc_events={**_on_update("*", ONE), **_on_update("Outlet", ONE)}))
    assert made.warnings == []


def test_all_handlers_are_listed_by_event_in_the_order_of_the_lifecycle():
    made = registry(
        app(
            "shop",
            custom_events=["on_ripe"],
            doc_events={
                "*": {"on_update": ONE},
                "Invoice": {"on_ripe": ONE, "on_submit": ONE, "validate": TWO, "on_update": TWO},
            },
        )
    )
    listed = [(each.event, each.key) for each in made.handlers()]
    assert listed == [
        ("validate", "Invoice"),
        ("on_update", "Invoice"),
        ("on_update", "*"),
        ("on_submit", "Invoice"),
        ("on_ripe", "Invoice"),
    ]


def test_functions_of_a_key_come_from_all_apps_or_from_one():
    made = registry(app("a", after_migrate=ONE), app("b", after_migrate=[TWO, OPTIONAL]), app("c"))
    assert made.functions("after_migrate") == [declared.one, declared.two, declared.optional]
    assert made.functions("after_migrate", app="b") == [declared.two, declared.optional]
    assert made.functions("after_install") == []


def test_a_function_of_a_key_that_does_not_import_names_app_and_key():
    made = registry(app("a", after_migrate="no_such.fn"))
    with pytest.raises(HookError, match=r"a: after_migrate: 'no_such\.fn' does not import"):
        made.functions("after_migrate")


def test_the_registry_of_a_site_holds_doclifes_own_reactions(site):
    assert isinstance(site.registry, Registry)
    kept = [each.path for each in site.registry.chain("after_delete", "User")]
    assert kept == ["doclife.doctypes.deleted_document.keep_copy", "doclife.doctypes.version.forget"]
