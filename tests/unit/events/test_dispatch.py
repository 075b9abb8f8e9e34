"""An event runs the controller's method, then each handler; an error names who raised it. Traced or not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from doclife.core.context import Context, activate
from doclife.events.dispatch import fire
from doclife.events.handlers import Handler
from doclife.events.signals import Chain
from doclife.events.trace import trace


@pytest.fixture(params=["plain", "traced"])
def context(request):
    made = Context(None)
    with activate(made):
        if request.param == "plain":
            yield made
        else:
            with trace():
                yield made


@pytest.fixture
def doc():
    return SimpleNamespace(doctype="Invoice", name="INV-1", ran=[])


def _handler(fn, event="on_update"):
    return Handler(app="shop", key="Invoice", event=event, fn=fn)


def _noting(word, answer=None):
    def note(doc):
        doc.ran.append(word)
        return answer

    return note


def test_the_controllers_method_runs_first_then_the_chain(context, doc):
    chain = Chain([_handler(_noting("a")), _handler(_noting("b"))])
    fire(context, doc, "on_update", _noting("own"), chain)
    assert doc.ran == ["own", "a", "b"]


def test_an_event_may_have_no_method_and_no_handler(context, doc):
    assert fire(context, doc, "on_update", None, Chain()) is None


def test_the_answer_is_the_last_that_is_not_none(context, doc):
    chain = Chain([_handler(_noting("a", "from a")), _handler(_noting("b"))])
    assert fire(context, doc, "on_update", _noting("own", "from own"), chain) == "from a"
    assert fire(context, doc, "on_update", _noting("own", "from own"), Chain(chain[1:])) == "from own"


def test_answers_that_are_dicts_are_merged(context, doc):
    answers = [{"a": 1, "b": 1}, None, {"b": 2}, {"c": 3}]
    chain = Chain([_handler(_noting("x", answer)) for answer in answers[1:]])
    assert fire(context, doc, "on_update", _noting("own", answers[0]), chain) == {"a": 1, "b": 2, "c": 3}
    assert answers[0] == {"a": 1, "b": 1}


def test_of_a_dict_and_another_answer_the_later_counts(context, doc):
    dict_last = Chain([_handler(_noting("x", "new name")), _handler(_noting("y", {"new": "N"}))])
    assert fire(context, doc, "on_update", None, dict_last) == {"new": "N"}
    assert fire(context, doc, "on_update", None, Chain(reversed(dict_last))) == "new name"


def test_false_is_an_answer_and_stops_nothing(context, doc):
    chain = Chain([_handler(_noting("a", False)), _handler(_noting("b"))])
    assert fire(context, doc, "on_update", None, chain) is False
    assert doc.ran == ["a", "b"]


def test_arguments_reach_method_and_handlers(context, doc):
    seen = []
    fire(
        context,
        doc,
        "before_rename",
        lambda doc, old, new, merge: seen.append((old, new, merge)),
        Chain([_handler(lambda doc, method, old, new, merge: seen.append((method, old, new, merge)), "before_rename")]),
        ("A", "B", True),
    )
    assert seen == [("A", "B", True), ("before_rename", "A", "B", True)]


def test_arguments_by_name_reach_those_who_name_them(context, doc):
    seen = []

    def method(doc, **named):
        seen.append(("method", named))

    def both(doc, method, colour, degree=0):
        seen.append(("both", colour, degree))

    def one(doc, method, *, degree):
        seen.append(("one", degree))

    def all_of_them(doc, method=None, **named):
        seen.append(("all", method, named))

    def none(doc):
        seen.append(("none",))

    handlers = [_handler(fn, "on_ripe") for fn in (both, one, all_of_them, none)]
    fire(context, doc, "on_ripe", method, Chain(handlers), named={"colour": "red", "degree": 3})
    named = {"colour": "red", "degree": 3}
    assert seen == [("method", named), ("both", "red", 3), ("one", 3), ("all", "on_ripe", named), ("none",)]


def test_arguments_by_place_and_by_name_may_be_mixed(context, doc):
    seen = []
    handler = _handler(lambda doc, method, colour, degree: seen.append((colour, degree)), "on_ripe")
    fire(context, doc, "on_ripe", None, Chain([handler]), ("red",), {"degree": 3})
    assert seen == [("red", 3)]


def test_an_error_passes_on_unchanged_with_a_note_that_names_the_handler(context, doc):
    error = ZeroDivisionError("theirs")

    def breaks(doc):
        raise error

    with pytest.raises(ZeroDivisionError) as caught:
        fire(context, doc, "on_update", None, Chain([_handler(_noting("a")), _handler(breaks), _handler(_noting("b"))]))
    assert caught.value is error
    assert str(error) == "theirs"
    assert error.__notes__ == [f"in {__name__}.{breaks.__qualname__}: on_update of Invoice INV-1"]
    assert doc.ran == ["a"]


def test_an_error_of_the_controller_names_its_method(context, doc):
    def validate(doc):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        fire(context, doc, "validate", validate, Chain([_handler(_noting("a"))]))
    assert caught.value.__notes__ == [f"in {__name__}.{validate.__qualname__}: validate of Invoice INV-1"]
    assert doc.ran == []


def test_what_is_no_exception_gets_its_note_too(context, doc):
    class Stopped(BaseException):
        pass

    def breaks(doc):
        raise Stopped

    with pytest.raises(Stopped) as caught:
        fire(context, doc, "on_update", None, Chain([_handler(breaks)]))
    assert "on_update of Invoice INV-1" in caught.value.__notes__[0]


def test_an_error_of_a_nested_event_names_both_handlers_inner_first(context, doc):
    def inner(doc):
        raise ZeroDivisionError

    def outer(doc):
        fire(context, doc, "on_change", None, Chain([_handler(inner, "on_change")]))

    with pytest.raises(ZeroDivisionError) as caught:
        fire(context, doc, "on_update", None, Chain([_handler(outer)]))
    assert [note.split(":")[0] for note in caught.value.__notes__] == [
        f"in {__name__}.{inner.__qualname__}",
        f"in {__name__}.{outer.__qualname__}",
    ]


def test_the_context_knows_which_handler_is_running(context, doc):
    seen = []

    def outer(doc):
        seen.append(context.handler)
        fire(context, doc, "on_change", lambda doc: seen.append(context.handler), Chain())
        seen.append(context.handler)

    fire(context, doc, "on_update", lambda doc: seen.append(context.handler), Chain([_handler(outer)]))
    path = f"{__name__}.{outer.__qualname__}"
    assert seen == ["", path, "", path]
    assert context.handler == ""


def test_the_context_forgets_a_handler_that_failed(context, doc):
    def breaks(doc):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fire(context, doc, "on_update", None, Chain([_handler(breaks)]))
    assert context.handler == ""
