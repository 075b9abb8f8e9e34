"""Messages to the user, and refusals."""

from __future__ import annotations

import pytest

from doclife.core.context import Context, activate
from doclife.core.errors import NoUnitOfWork, PermissionDenied, ValidationError
from doclife.core.messages import _, msgprint, throw


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


@pytest.mark.parametrize(("asked", "kind"), [(True, ValidationError), (PermissionDenied, PermissionDenied)])
def test_msgprint_can_raise(context, asked, kind):
    with pytest.raises(kind, match="stop"):
        msgprint("stop", raise_exception=asked)
    assert [message["message"] for message in context.messages] == ["stop"]


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
