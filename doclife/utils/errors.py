"""What the helpers raise when a value cannot be read.

Helpers may not know the error family of doclife (`core` is on the same floor), so they raise
ValueErrors of their own. The floors that meet a user's input turn them into ValidationErrors: an
`InvalidEmail` into InvalidEmailAddressError, an `InvalidUrl` into InvalidUrlError.
"""


class InvalidValue(ValueError):
    """A value cannot be read as what it should be; the message says why and what is accepted."""


class InvalidEmail(InvalidValue):
    """A text is not an e-mail address."""


class InvalidUrl(InvalidValue):
    """A text is not a URL."""
