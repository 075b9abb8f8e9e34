"""Connecting at run time: for an app outside a context, for one site inside, for a block in tests; from any thread."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from doclife.core.context import activate, current, no_context
from doclife.core.errors import HookError, UnknownDoctypeError, UnknownEventError
from doclife.doctypes.user import Role
from doclife.events import registry as events_registry
from doclife.events.registry import connected, on
from doclife.model.engine import plan
from doclife.model.lifecycle import SAVE
from tests.unit.events import declared
from tests.unit.events.declared import app, names, path, registry

ONE, TWO = path("one"), path("two")


def _of(module, name="noticed"):
    """Returns a function that seems to be written in a module."""

    def noticed(doc):
        return None

    noticed.__module__, noticed.__name__ = module, name
    return noticed


@pytest.fixture(autouse=True)
def _forget_what_is_recorded():
    before = {name: list(each) for name, each in events_registry._recorded.items()}
    yield
    events_registry._recorded.clear()
    events_registry._recorded.update(before)


# on


def test_what_on_records_outside_a_context_is_connected_where_its_app_is_installed():
    def noticed(doc):
        return None

    noticed.__module__ = "app_of_on.events.invoice"
    assert on("Invoice", "on_submit")(noticed) is noticed
    with_app = registry(app("app_of_on"), app("shop", doc_events={"*": {"on_submit": ONE}}))
    without = registry(app("shop"))
    assert names(with_app.chain("on_submit", "Invoice")) == ["app_of_on.noticed", "shop.one"]
    assert without.chain("on_submit", "Invoice") == ()


def test_what_on_records_for_an_unknown_event_is_refused_when_a_site_loads():
    def mistaken(doc):
        return None

    mistaken.__module__ = "app_of_bad_on.events"
    on("Invoice", "on_sbmit")(mistaken)
    with pytest.raises(UnknownEventError, match=r"app_of_bad_on: @on\('Invoice', 'on_sbmit'\): .*'on_submit'"):
        registry(app("app_of_bad_on"))


def test_on_inside_a_context_holds_for_that_site(site):
    @on("User", "on_update")
    def noticed(doc):
        return None

    assert [each.fn for each in site.registry.chain("on_update", "User")] == [noticed]


def test_connected_holds_for_its_block_even_when_that_fails(site):
    before = site.registry.chain("on_update", "User")

    def use_it():
        with connected("User", "on_update", declared.one) as handler:
            assert site.registry.chain("on_update", "User") == (*before, handler)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use_it()
    assert site.registry.chain("on_update", "User") == before


# where what is recorded stands, and when it counts


def test_what_an_app_records_stands_where_the_app_stands():
    with no_context():
        on("Invoice", "on_submit")(_of("app_two.events"))
    hooks = {"Invoice": {"on_submit": ONE}}
    made = registry(app("app_one", doc_events=hooks), app("app_two", doc_events=hooks), app("three", doc_events=hooks))
    assert names(made.chain("on_submit", "Invoice")) == ["app_one.one", "app_two.one", "app_two.noticed", "three.one"]


def test_a_site_that_is_loaded_already_gets_it_too_at_the_same_place():
    hooks = {"Invoice": {"on_submit": ONE}}
    made = registry(app("app_early", doc_events=hooks), app("app_late", doc_events=hooks))
    without = registry(app("app_late"))
    generation = made.generation
    with no_context():
        on("Invoice", "on_submit")(_of("app_early.module_that_is_imported_late"))
    assert names(made.chain("on_submit", "Invoice")) == ["app_early.one", "app_early.noticed", "app_late.one"]
    assert made.generation > generation
    assert without.chain("on_submit", "Invoice") == ()


def test_what_cannot_be_connected_to_a_loaded_site_is_refused_and_not_recorded():
    made = registry(app("app_refused"))
    with no_context(), pytest.raises(UnknownEventError, match=r"app_refused: @on\('Invoice', 'on_sumbit'\)"):
        on("Invoice", "on_sumbit")(_of("app_refused.events"))
    with no_context(), pytest.raises(HookError, match="does not fit"):
        on("Invoice", "on_submit")(declared_of("app_refused.events"))
    assert made.chain("on_submit", "Invoice") == ()
    assert registry(app("app_refused")).warnings == []


def declared_of(module):
    def wants(doc, method, more):
        return None

    wants.__module__ = module
    return wants


def test_a_type_that_no_app_has_is_a_warning_there_and_an_error_on_one_site(site):
    made = registry(app("app_of_others"))
    with no_context():
        on("Invoise", "on_submit")(_of("app_of_others.events"))
    assert ["app_of_others: @on names the document type 'Invoise'" in text for text in made.warnings] == [True]
    with pytest.raises(UnknownDoctypeError):
        on("Invoise", "on_submit")(_of("tests.events"))


def test_a_registry_that_nobody_uses_is_forgotten():
    made = registry(app("app_forgotten"))
    seen = weakref.ref(made)
    del made
    gc.collect()
    assert seen() is None


# threads


def test_plans_are_never_older_than_what_was_connected_before(site):
    """Eight threads connect and disconnect while two look at the plan: what each of them has connected is in it."""
    problems: list[str] = []
    context = current()
    begin = threading.Barrier(10)

    def change(number):
        begin.wait()
        for _ in range(100):
            handler = site.registry.connect("Role", "on_update", _of("tests.events", f"of_{number}"))
            if handler not in site.registry.chain("on_update", "Role"):
                problems.append("its own handler is missing")
            with activate(context):
                plan(context, Role, SAVE)
            found = site.plans[Role, SAVE, False]
            if found[0] > site.registry.generation:
                problems.append("a plan from the future")
            site.registry.disconnect(handler)
            if handler in site.registry.chain("on_update", "Role"):
                problems.append("a handler that was disconnected is still there")

    def look():
        begin.wait()
        seen = 0
        for _ in range(2000):
            now = site.registry.generation
            if now < seen:
                problems.append("the generation went back")
            seen = now

    threads = [threading.Thread(target=change, args=(n,)) for n in range(8)]
    threads += [threading.Thread(target=look) for _ in range(2)]
    before = site.registry.generation
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert site.registry.generation == before + 2 * 8 * 100
    assert [each for each in site.registry.chain("on_update", "Role") if each.app == "tests"] == []
