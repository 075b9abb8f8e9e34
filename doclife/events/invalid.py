"""What a helper of `utils` refuses, as the error a caller of doclife expects."""

from __future__ import annotations

from doclife.core.errors import InvalidEmailAddressError, InvalidUrlError, ValidationError
from doclife.utils.errors import InvalidEmail, InvalidUrl, InvalidValue

_KINDS: dict[type[InvalidValue], type[ValidationError]] = {
    InvalidEmail: InvalidEmailAddressError,
    InvalidUrl: InvalidUrlError,
}


def as_validation_error(error: InvalidValue) -> ValidationError:
    """Returns the ValidationError of a value that a helper could not read; raise it `from` the helper's error."""
    converted = _KINDS.get(type(error), ValidationError)(str(error))
    for note in getattr(error, "__notes__", ()):
        converted.add_note(note)
    return converted
