"""A handler takes what its signature asks for, and one that cannot be called is refused when it is declared."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from doclife.core.errors import HookError
from doclife.events.handlers import Handler, for_types_with, import_path, source_location
from doclife.schema.meta import Meta
from tests.unit.events import declared
from tests.unit.events.declared import path, ran


def _handler(fn, event="on_update"):
    return Handler(app="shop", key="Invoice", event=event, fn=fn)


@pytest.fixture(autouse=True)
def _forget_runs():
    ran.clear()


@pytest.mark.parametrize(
    ("fn", "event", "args", "expected"),
    [
        (declared.one, "on_update", (), "one"),
        (declared.two, "on_update", (), "two on_update"),
        (declared.optional, "on_update", (), "optional on_update"),
        (declared.takes_all, "on_update", (), "takes_all on_update"),
        (declared.one, "after_rename", ("A", "B", False), "one"),
        (declared.two, "after_rename", ("A", "B", False), "two after_rename"),
        (declared.three, "after_rename", ("A", "B", False), "three after_rename A B False"),
        (declared.takes_all, "after_rename", ("A", "B", True), "takes_all after_rename A B True"),
        (declared.three, "on_ripe", (1, 2, 3), "three on_ripe 1 2 3"),
    ],
)
def test_a_handler_gets_as_many_arguments_as_it_takes(fn, event, args, expected):
    _handler(fn, event).run(object(), args)
    assert ran == [expected]


def test_a_handler_with_a_further_optional_argument_is_given_document_and_event():
    def run(doc, method, more="own"):
        return (method, more)

    assert _handler(run).run(object(), ()) == ("on_update", "own")


def test_a_handler_that_takes_some_of_the_arguments_as_optional_gets_only_document_and_event():
    def run(doc, method, old="own"):
        return (method, old)

    assert _handler(run, "after_rename").run(object(), ("A", "B", False)) == ("after_rename", "own")


@pytest.mark.parametrize("fn", [declared.takes_nothing, declared.wants_more, declared.wants_keyword])
def test_a_signature_that_does_not_fit_is_refused_with_what_would(fn):
    with pytest.raises(HookError) as caught:
        Handler(app="shop", key="Invoice", event="on_submit", fn=fn)
    message = str(caught.value)
    assert message.startswith(f"shop: 'Invoice' on_submit: {path(fn.__name__)}(")
    assert "fn(doc, method)" in message


def test_the_arguments_of_a_rename_are_named_where_a_signature_does_not_fit():
    def rename(doc, method, old, new, merge, more):
        return None

    with pytest.raises(HookError, match=r"fn\(doc, method, old, new, merge\)"):
        _handler(rename, "after_rename")


async def _never_awaited(doc):
    return None


def _generator(doc):
    yield


async def _both(doc):
    yield


@pytest.mark.parametrize("fn", [_never_awaited, _generator, _both])
def test_a_function_whose_body_a_call_does_not_run_is_refused(fn):
    with pytest.raises(HookError, match=r"shop: 'Invoice' on_update: .* is async or a generator"):
        _handler(fn)


def test_an_event_of_an_apps_own_may_have_arguments_by_name_only():
    _handler(declared.wants_keyword, "on_ripe").run(object(), (), {"strange": 1, "unknown": 2})
    assert ran == ["never"]


def test_a_handler_may_ask_for_an_option_of_the_type():
    @for_types_with("track_changes")
    def tracked(doc):
        return None

    handler = Handler(app="shop", key="*", event="on_update", fn=tracked)
    assert handler.reacts_to("Invoice", Meta(track_changes=True), wildcard=True)
    assert handler.reacts_to("Invoice", Meta(track_changes=True), wildcard=False), "the type has asked for it"
    assert not handler.reacts_to("Invoice", Meta(), wildcard=True)
    assert not handler.reacts_to("Invoice", None, wildcard=True)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(HookError, match="is not a function"):
        _handler(declared.not_callable)


def test_a_handler_knows_where_its_source_is():
    location = _handler(declared.one).location
    file, _, line = location.rpartition(":")
    assert file.endswith("tests/unit/events/declared.py")
    source = Path(file).read_text().splitlines()
    assert source[int(line) - 1] == "def one(doc):"


def test_a_function_without_source_has_no_location():
    assert source_location(len) == ""


def test_a_dotted_path_may_name_a_method_of_a_class():
    found = import_path("decimal.Decimal.sqrt", "shop")
    assert found(Decimal(9)) == 3


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("nodots", "'nodots' is not a dotted path"),
        ("no_such_module.fn", "'no_such_module.fn' does not import: No module named 'no_such_module'"),
        (path("optionnal"), "has no 'optionnal'. Did you mean 'optional'?"),
    ],
)
def test_a_path_that_does_not_import_is_refused_with_who_names_it(wrong, expected):
    with pytest.raises(HookError) as caught:
        import_path(wrong, "shop: doc_events['Invoice']['on_submit']")
    assert str(caught.value).startswith("shop: doc_events['Invoice']['on_submit']: ")
    assert expected in str(caught.value)
