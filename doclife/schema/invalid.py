"""What the helpers of `utils` refuse, as members of the error family: each is its helper's error and a ValidationError.

`utils.errors` imports this module by its name when the first of these errors is raised.
"""

from __future__ import annotations

from doclife.core.errors import InvalidEmailAddressError, InvalidUrlError, ValidationError
from doclife.utils.errors import InvalidEmail, InvalidUrl, InvalidValue, register_member


class InvalidValueError(ValidationError, InvalidValue):
    """A value cannot be read as what it should be."""


class InvalidEmailValueError(InvalidEmailAddressError, InvalidEmail):
    """A text is not an e-mail address."""


class InvalidUrlValueError(InvalidUrlError, InvalidUrl):
    """A text is not a URL."""


register_member(InvalidValue, InvalidValueError)
register_member(InvalidEmail, InvalidEmailValueError)
register_member(InvalidUrl, InvalidUrlValueError)
