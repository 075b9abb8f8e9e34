"""What helpers refuse is a ValueError and a ValidationError, in an operation and in a plain call."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import doclife
from doclife.core.errors import InvalidEmailAddressError, InvalidUrlError, ValidationError
from doclife.events.registry import connected
from doclife.events.trace import trace
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta
from doclife.utils import (
    InvalidEmail,
    InvalidUrl,
    InvalidValue,
    getdate,
    rounded,
    validate_email_address,
    validate_url,
)


class InvalidTestOrder(Document):
    meta = Meta(doctype="Invalid Test Order")

    due = Data()

    def validate(self):
        getdate(self.due)


@pytest.fixture
def order(use_doctypes):
    use_doctypes(InvalidTestOrder)
    return InvalidTestOrder(due="31.31.2026")


def test_in_a_controller(order):
    with pytest.raises(ValidationError, match=r"31\.31\.2026") as caught:
        order.insert()
    assert isinstance(caught.value, InvalidValue)
    assert any("validate of Invalid Test Order" in note for note in caught.value.__notes__)
    assert order.is_new()


def test_in_a_handler_also_while_it_is_traced(order):
    order.due = None
    with (
        connected("Invalid Test Order", "on_update", lambda doc: validate_email_address("no address", throw=True)),
        trace(),
        pytest.raises(InvalidEmailAddressError, match="no address"),
    ):
        order.insert()


REFUSED = {
    "date": (lambda: getdate("31.31.2026"), InvalidValue, ValidationError),
    "rounding": (lambda: rounded(1, rounding_method="up"), InvalidValue, ValidationError),
    "address": (lambda: validate_email_address("no address", throw=True), InvalidEmail, InvalidEmailAddressError),
    "url": (lambda: validate_url("no url", throw=True), InvalidUrl, InvalidUrlError),
}


@pytest.mark.parametrize("what", REFUSED)
def test_in_a_plain_call(what):
    refused, own, member = REFUSED[what]
    with pytest.raises(ValueError, match=r".") as caught:
        refused()
    error = caught.value
    assert isinstance(error, own)
    assert isinstance(error, member)
    assert (error.http_status, error.message) == (417, str(error))
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (type(error), str(error))


def test_before_anything_else_of_doclife_was_loaded():
    code = """
import doclife as frappe
try:
    frappe.utils.getdate("31.31.2026")
except frappe.ValidationError as refusal:
    print(refusal)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("'31.31.2026' is not a date")


def test_an_apps_own_kind_stays_its_own():
    class NoPostcode(InvalidValue):
        pass

    assert type(NoPostcode("12 is no postcode")) is NoPostcode
    assert type(InvalidValue("x")) is not InvalidValue
    assert isinstance(InvalidValue("x"), doclife.ValidationError)
