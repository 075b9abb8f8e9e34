"""The error family."""

import copy
import inspect
import pickle

import pytest

from doclife.core import errors
from doclife.core.errors import DoclifeError, MandatoryError, ValidationError, nearest

FAMILY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, DoclifeError)]


def test_without_a_message_the_docstring_speaks():
    assert str(errors.TimestampMismatchError()) == ("The document was changed by someone else after it was loaded.")
    assert errors.NoUnitOfWork().message == "There is no open context: use `with doclife.connect(site=...)`."


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_every_member_speaks_and_has_a_status(kind):
    error = kind()
    assert str(error).endswith((".", "`."))
    assert 400 <= kind.http_status < 600


def test_message_title_and_context_are_kept():
    error = MandatoryError("Sales Invoice SINV-1: posting_date is empty", title="Missing", doctype="Sales Invoice")
    assert str(error) == error.message == "Sales Invoice SINV-1: posting_date is empty"
    assert error.title == "Missing"
    assert error.context == {"doctype": "Sales Invoice"}


def test_an_empty_message_stays_empty():
    assert str(ValidationError("")) == ""


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_survives_copy_and_pickle(kind):
    error = kind("what happened", title="Heading", name="SINV-1", row=3)
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is kind
        assert (twin.message, twin.title, twin.context) == ("what happened", "Heading", {"name": "SINV-1", "row": 3})


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("DoclifeError", 500),
        ("ValidationError", 417),
        ("MandatoryError", 417),
        ("DoesNotExistError", 404),
        ("UnknownDoctypeError", 404),
        ("UnknownFieldError", 417),
        ("NameError", 409),
        ("DuplicateEntryError", 409),
        ("AuthenticationError", 401),
        ("PermissionDenied", 403),
        ("RateLimitExceededError", 429),
        ("QueryDeadlockError", 508),
        ("QueryTimeoutError", 508),
        ("NotSupported", 501),
        ("BrokerUnavailable", 503),
    ],
)
def test_http_statuses(kind, status):
    assert getattr(errors, kind).http_status == status


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("MandatoryError", "ValidationError"),
        ("CancelledLinkError", "LinkValidationError"),
        ("DoesNotExistError", "ValidationError"),
        ("UnknownDoctypeError", "DoesNotExistError"),
        ("UnknownFieldError", "UnknownNameError"),
        ("UnknownFieldError", "ValidationError"),
        ("DuplicateEntryError", "NameError"),
        ("TransactionAborted", "TransactionError"),
        ("JobNotFound", "JobError"),
        ("JobArgumentError", "ValidationError"),
        ("SchemaError", "ConfigError"),
    ],
)
def test_who_descends_from_whom(kind, base):
    assert issubclass(getattr(errors, kind), getattr(errors, base))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("on_sumbit", " Did you mean 'on_submit'?"),
        ("ON_SUBMIT", " Did you mean 'on_submit'?"),
        ("Sales Invioce", " Did you mean 'Sales Invoice'?"),
        ("zzz", ""),
    ],
)
def test_the_nearest_name_is_offered(name, hint):
    assert nearest(name, ["on_submit", "on_cancel", "Sales Invoice"]) == hint


def test_without_names_there_is_no_hint():
    assert nearest("anything", []) == ""
