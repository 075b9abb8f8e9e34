"""log_error: kept whatever becomes of the work around it."""

from __future__ import annotations

import pytest

from doclife.core.context import current
from doclife.doctypes.error_log import ErrorLog, log_error
from doclife.model.access import get_doc
from doclife.utils import get_traceback

pytestmark = pytest.mark.usefixtures("site")


def _stored(log: ErrorLog) -> ErrorLog:
    current().unit.rollback()
    return get_doc(ErrorLog, log.name)


def test_title_and_message_are_kept_although_the_work_is_rolled_back():
    get_doc({"doctype": "Role", "role_name": "Gone"}).insert()
    log = log_error("Sync failed", "the outlet is closed", "Role", "Gone")
    assert log.method == "Sync failed"
    stored = _stored(log)
    assert (stored.method, stored.error) == ("Sync failed", "the outlet is closed")
    assert (stored.reference_doctype, stored.reference_name, stored.owner) == ("Role", "Gone", "Administrator")


def test_the_traceback_is_the_default_message():
    try:
        raise LookupError("no such outlet")
    except LookupError:
        stored = _stored(log_error(title="Sync failed"))
    assert stored.method == "Sync failed"
    assert stored.error.startswith("Traceback")
    assert stored.error.endswith("LookupError: no such outlet\n")


@pytest.mark.parametrize(("second", "title"), [("Sync failed", "Sync failed"), (None, "LookupError: no such outlet")])
def test_a_traceback_for_a_title_is_the_message(second, title):
    try:
        raise LookupError("no such outlet")
    except LookupError:
        stored = _stored(log_error(get_traceback(), second))
    assert stored.method == title
    assert stored.error.startswith("Traceback")


def test_what_cannot_be_stored_is_escaped():
    log = log_error("half\ud800", "nul\0")
    stored = _stored(log)
    assert (stored.method, stored.error) == (log.method, log.error) == ("half\\ud800", "nul\\0")


def test_nothing_said_is_an_error_all_the_same():
    assert _stored(log_error()).method == "Error"
