"""What helpers refuse reaches whoever saves a document as a ValidationError."""

from __future__ import annotations

import pytest

from doclife.core.errors import InvalidEmailAddressError, InvalidUrlError, ValidationError
from doclife.events.invalid import as_validation_error
from doclife.events.registry import connected
from doclife.events.trace import trace
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta
from doclife.utils import InvalidEmail, InvalidUrl, InvalidValue, getdate, validate_email_address


class InvalidTestOrder(Document):
    meta = Meta(doctype="Invalid Test Order")

    due = Data()

    def validate(self):
        getdate(self.due)


@pytest.fixture(autouse=True)
def order(use_doctypes):
    use_doctypes(InvalidTestOrder)
    return InvalidTestOrder(due="31.31.2026")


def test_in_a_controller(order):
    with pytest.raises(ValidationError, match=r"31\.31\.2026") as caught:
        order.insert()
    assert isinstance(caught.value.__cause__, InvalidValue)
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


@pytest.mark.parametrize(
    ("raised", "kind"),
    [(InvalidValue, ValidationError), (InvalidEmail, InvalidEmailAddressError), (InvalidUrl, InvalidUrlError)],
)
def test_each_has_its_counterpart(raised, kind):
    converted = as_validation_error(raised("x is none"))
    assert (type(converted), str(converted)) == (kind, "x is none")
