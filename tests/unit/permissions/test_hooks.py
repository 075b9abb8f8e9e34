"""Permission hooks as they are declared: what is refused when the site loads, and how functions are called."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.core.errors import HookError, PermissionDenied
from doclife.model.document import Document
from doclife.model.lookup import has_permission
from doclife.permissions.hooks import HAS_PERMISSION, QUERY_CONDITIONS, PermissionHooks, hooks_of
from doclife.query.lists import get_list
from doclife.schema.fieldtypes import Data, Table
from doclife.schema.meta import Meta, Permission
from doclife.testing import as_user, make_user
from tests.unit.permissions import declared
from tests.unit.permissions.declared import HERE, app


class GuardedRow(Document):
    meta = Meta(istable=True)

    label = Data()


class GuardedThing(Document):
    meta = Meta(permissions=[Permission("Keeper", read=True, write=True, create=True)])

    label = Data()
    rows = Table(GuardedRow)


@pytest.fixture(autouse=True)
def site(site):
    site.use(GuardedThing)
    declared.forget()
    declared.calls.clear()
    return site


@pytest.fixture
def thing():
    return GuardedThing(label="x").insert()


def _check(fn, key=HAS_PERMISSION):
    return PermissionHooks([app({key: {"Guarded Thing": f"{HERE}.{fn}"}})], {"Guarded Thing": GuardedThing})


@pytest.mark.parametrize("fn", ["takes_a_stranger", "takes_by_place"])
def test_a_check_that_cannot_be_called_is_refused_with_app_key_and_path(fn):
    with pytest.raises(HookError) as caught:
        _check(fn)
    assert str(caught.value).startswith(f"guard: has_permission['Guarded Thing']: {HERE}.{fn}(")


@pytest.mark.parametrize(
    ("fn", "shown"),
    [
        ("takes_a_stranger", "(doc, invoice) does not fit; write it as fn(doc, ptype, user, debug), or with some"),
        ("not_callable", " is not a function; write it as fn(doc, ptype, user, debug)"),
        ("takes_nothing_at_all", "has no 'takes_nothing_at_all'. Did you mean 'takes_nothing'"),
    ],
)
def test_the_refusal_says_what_is_wrong(fn, shown):
    with pytest.raises(HookError) as caught:
        _check(fn)
    assert shown in str(caught.value)


@pytest.mark.parametrize("fn", ["takes_nothing", "no_user", "a_stranger"])
def test_a_query_condition_is_asked_about_a_user(fn):
    with pytest.raises(HookError, match=r"does not fit; write it as fn\(user, doctype\) or fn\(user\)"):
        _check(fn, QUERY_CONDITIONS)


@pytest.mark.parametrize("value", [5, {"on_update": "a.b"}, [["a.b"]]])
def test_a_value_that_is_no_path_is_refused(value):
    with pytest.raises(HookError, match=r"guard: has_permission\['Guarded Thing'\] must be a dotted path or a list"):
        PermissionHooks([app({HAS_PERMISSION: {"Guarded Thing": value}})], {"Guarded Thing": GuardedThing})


def test_a_site_refuses_them_when_it_loads(site):
    with pytest.raises(HookError, match="guard: has_permission"):
        site.use_hooks("guard", {HAS_PERMISSION: {"Guarded Thing": f"{HERE}.takes_a_stranger"}})


def test_types_that_are_never_asked_about_are_told_of(site):
    values = {"Guarded Thin": f"{HERE}.takes_doc", ("Guarded Row", "Guarded Thing"): f"{HERE}.takes_doc"}
    site.use_hooks("guard", {HAS_PERMISSION: values})
    unknown, rows = site.registry.warnings[-2:]
    assert unknown == (
        "guard: has_permission names the document type 'Guarded Thin', which no installed app has. "
        "Did you mean 'Guarded Thing'?"
    )
    assert rows.startswith("guard: has_permission names 'Guarded Row', whose rows are seen with their documents")


def test_a_check_gets_the_arguments_it_names(site, thing):
    fns = ["takes_doc", "takes_all", "takes_them_in_another_order", "takes_any"]
    site.use_hooks("guard", {HAS_PERMISSION: {"Guarded Thing": [f"{HERE}.{fn}" for fn in fns]}})
    make_user("u@example.com", "Keeper")
    assert thing.has_permission("write", "u@example.com")
    everything = {"doc": thing.name, "ptype": "write", "user": "u@example.com", "debug": False}
    assert declared.calls == [  # the last first
        ("takes_any", everything),
        ("another_order", {"doc": thing.name, "user": "u@example.com", "verbose": False, "debug": False}),
        ("takes_all", everything),
        ("takes_doc", {"doc": thing.name}),
    ]
    declared.calls.clear()
    assert has_permission(doc=thing, user="u@example.com", debug=True)
    assert [given["debug"] for _, given in declared.calls if "debug" in given] == [True, True, True]


def test_a_query_condition_gets_the_user_and_the_type_if_it_takes_it(site):
    fns = ["user_alone", "user_by_another_name", "user_and_any"]
    site.use_hooks("guard", {QUERY_CONDITIONS: {"Guarded Thing": [f"{HERE}.{fn}" for fn in fns]}})
    make_user("u@example.com", "Keeper")
    get_list("Guarded Thing", user="u@example.com")
    assert declared.calls == [
        ("user_alone", {"user": "u@example.com"}),
        ("another_name", {"user": "u@example.com", "doctype": "Guarded Thing"}),
        ("user_and_any", {"args": ("u@example.com",), "doctype": "Guarded Thing"}),
    ]


def test_order_of_apps_and_of_the_key_for_all_types(site):
    for name, key, fn in (
        ("first", "*", "takes_doc"),
        ("second", "Guarded Thing", "takes_all"),
        ("third", "Other", "takes_any"),
    ):
        site.use_hooks(name, {HAS_PERMISSION: {key: f"{HERE}.{fn}"}, QUERY_CONDITIONS: {key: f"{HERE}.user_alone"}})
    hooks = hooks_of(site)
    assert [hook.app for hook in hooks.of(HAS_PERMISSION, "Guarded Thing")] == ["second", "first"]
    assert [hook.app for hook in hooks.of(QUERY_CONDITIONS, "Guarded Thing")] == ["first", "second"]
    assert [hook.app for hook in hooks.of(HAS_PERMISSION, "Role")] == ["first"]


def test_none_denies_and_nothing_grants(site, thing):
    site.use_hooks("guard", {HAS_PERMISSION: {"Guarded Thing": [f"{HERE}.says_nothing", f"{HERE}.takes_all"]}})
    make_user("u@example.com", "Keeper")
    make_user("v@example.com")
    assert not thing.has_permission("read", "u@example.com")
    assert not thing.has_permission("read", "v@example.com")
    assert [name for name, _ in declared.calls] == ["takes_all"], "who has no right is not asked about"
    with as_user("u@example.com"), pytest.raises(PermissionDenied) as caught:
        thing.check_permission("write")
    assert str(caught.value) == (
        f"u@example.com may not write Guarded Thing {thing.name}: {HERE}.says_nothing (guard) does not allow it"
    )
    assert thing.has_permission("write"), "Administrator is not asked about"


@pytest.mark.parametrize(
    ("key", "fn", "ask"),
    [
        (QUERY_CONDITIONS, "asks_itself", lambda thing: get_list("Guarded Thing")),
        (QUERY_CONDITIONS, "asks_itself", lambda thing: thing.has_permission()),
        (HAS_PERMISSION, "asks_itself_about_the_document", lambda thing: thing.has_permission("read")),
    ],
    ids=["list", "document", "check"],
)
def test_a_hook_that_asks_what_it_is_asked_is_told_so(site, thing, key, fn, ask):
    site.use_hooks("guard", {key: {"Guarded Thing": f"{HERE}.{fn}"}})
    make_user("u@example.com", "Keeper")
    with as_user("u@example.com"):
        for _ in range(2):  # and the question may be asked again afterwards
            with pytest.raises(HookError, match=rf"guard: {key}.*{fn} asks about Guarded Thing .*use get_all"):
                ask(thing)


def test_what_a_hook_raises_names_it(site):
    site.use_hooks("guard", {QUERY_CONDITIONS: {"Guarded Thing": f"{HERE}.raises"}})
    with pytest.raises(RuntimeError, match="the hook is broken") as caught:
        get_list("Guarded Thing")
    assert caught.value.__notes__ == [f"in {HERE}.raises: permission_query_conditions['Guarded Thing'] of guard"]
    assert current().local["asked_permission_hooks"] == set()
