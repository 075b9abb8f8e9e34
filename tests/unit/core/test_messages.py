"""Messages to the user, and refusals."""

from __future__ import annotations

import pytest

from doclife.core.context import Context, activate
from doclife.core.errors import NotSupported, NoUnitOfWork, PermissionDenied, ValidationError
from doclife.core.messages import _, clear_last_message, clear_messages, get_message_log, msgprint, throw


@pytest.fixture
def context():
    with activate(Context(site=None)) as opened:
        yield opened


def test_throw_raises_a_validation_error_with_the_text(context):
    with pytest.raises(ValidationError, match=r"^The outlet is closed$") as caught:
        throw("The outlet is closed", title="No sale")
    assert caught.value.title == "No sale"
    assert context.messages == [
        {"message": "The outlet is closed", "title": "No sale", "indicator": "red", "raise_exception": True}
    ]


def test_throw_raises_the_class_it_is_given(context):
    with pytest.raises(PermissionDenied, match="not yours"):
        throw("not yours", PermissionDenied)
    with pytest.raises(ZeroDivisionError, match="two\nlines"):
        throw(["two", "lines"], exc=ZeroDivisionError)


def test_throw_needs_no_context():
    with pytest.raises(ValidationError, match="no"):
        throw("no")


def test_msgprint_adds_a_message_with_what_was_said_of_it(context):
    msgprint("Royalty: 5.00", alert=True, indicator="blue")
    msgprint(["a", "b"])
    assert context.messages == [{"message": "Royalty: 5.00", "indicator": "blue", "alert": True}, {"message": "a\nb"}]


@pytest.mark.parametrize(
    ("asked", "kind"), [(True, ValidationError), (1, ValidationError), (PermissionDenied, PermissionDenied)], ids=str
)
def test_msgprint_can_raise(context, asked, kind):
    with pytest.raises(kind, match="stop"):
        msgprint("stop", raise_exception=asked)
    assert context.messages == [{"message": "stop", "indicator": "red", "raise_exception": True}]


def test_lists_and_tables_stay_lists_where_they_are_shown_as_such(context):
    msgprint(["a", "b"], as_list=True, indicator="orange")
    msgprint([("Item", "Qty"), ("CONE", 2)], as_table=True)
    msgprint("a", as_list=True)
    with pytest.raises(ValidationError, match=r"^a\nb$"):
        throw(["a", "b"], as_list=True, title="Missing")
    assert context.messages == [
        {"message": ["a", "b"], "indicator": "orange", "as_list": True},
        {"message": [["Item", "Qty"], ["CONE", 2]], "as_table": True},
        {"message": "a"},
        {"message": ["a", "b"], "title": "Missing", "indicator": "red", "raise_exception": True, "as_list": True},
    ]
    with pytest.raises(ValidationError, match=r"^Item, Qty\nCONE, 2$"):
        msgprint([("Item", "Qty"), ("CONE", 2)], as_table=True, raise_exception=True)


def test_what_is_no_text_is_shown_as_one(context):
    msgprint(5)
    msgprint(None)
    with pytest.raises(ValidationError, match=r"^7$"):
        throw(7)
    assert [message["message"] for message in context.messages] == ["5", "", "7"]


def test_throw_takes_a_class(context):
    for wrong in (ValidationError("no"), "ValidationError", int):
        with pytest.raises(TypeError, match="takes a class of exceptions"):
            throw("no", wrong)
    assert context.messages == []


def test_messages_that_go_out_at_once_are_another_function(context):
    with pytest.raises(NotSupported, match="publish_realtime"):
        msgprint("now", realtime=True)


def test_messages_can_be_read_and_taken_back(context):
    for text in ("a", "b", "c"):
        msgprint(text)
    clear_last_message()
    assert [message["message"] for message in get_message_log()] == ["a", "b"]
    clear_messages()
    clear_last_message()
    assert get_message_log() == context.messages == []


def test_muted_messages_are_not_kept_but_still_raise(context):
    context.flags.mute_messages = True
    msgprint("quiet")
    with pytest.raises(ValidationError, match="loud"):
        throw("loud")
    assert context.messages == []


def test_a_message_needs_a_context():
    with pytest.raises(NoUnitOfWork):
        msgprint("to whom?")


def test_a_text_is_its_own_translation():
    assert _("{0} sold").format(3) == "3 sold"
    assert _("Draft", context="Sales Invoice") == "Draft"
