"""The one error family of doclife.

Every error that doclife raises on purpose is a `DoclifeError`. Library errors are wrapped once,
at the adapter that calls the library. Names and HTTP codes are those of Frappe where Frappe has
the error (reference 1.19), so that code written against them keeps working.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar


class DoclifeError(Exception):
    """Something went wrong in doclife."""

    http_status: ClassVar[int] = 500

    def __init__(self, message: str | None = None, /, *, title: str | None = None, **context: Any) -> None:
        """Builds the error; without a message the class's docstring is the message.

        Args:
            message: what happened, where, and what to do next.
            title: heading for a dialog.
            context: structured facts (doctype, name, field, ...) for logs and JSON answers.
        """
        text = message if message is not None else (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(text)
        self.message = text
        self.title = title
        self.context = context

    def __reduce__(self) -> Any:
        return (_rebuild, (type(self), self.message, self.title, self.context))

    def __str__(self) -> str:
        return self.message


def _rebuild(cls: type[DoclifeError], message: str, title: str | None, context: dict[str, Any]) -> DoclifeError:
    return cls(message, title=title, **context)


# --- what a user's input or a document's state can cause -------------------------------------


class ValidationError(DoclifeError):
    """The document is not valid."""

    http_status = 417


class DoesNotExistError(ValidationError):
    """The document does not exist."""

    http_status = 404


class MandatoryError(ValidationError):
    """A mandatory field is empty."""


class NonNegativeError(ValidationError):
    """A number that may not be negative is."""


class CannotChangeConstantError(ValidationError):
    """A value that may be set only once was changed."""


class CharacterLengthExceededError(ValidationError):
    """A text is longer than its column."""


class InvalidEmailAddressError(ValidationError):
    """A text is not an e-mail address."""


class InvalidUrlError(ValidationError):
    """A text is not a URL."""


class UpdateAfterSubmitError(ValidationError):
    """A field that is fixed by submitting was changed."""


class LinkValidationError(ValidationError):
    """A link names a document that does not exist."""


class CancelledLinkError(LinkValidationError):
    """A link names a cancelled document."""


class LinkExistsError(ValidationError):
    """The document is still linked from others."""


class DocstatusTransitionError(ValidationError):
    """The document cannot change from this docstatus to that one."""


class TimestampMismatchError(ValidationError):
    """The document was changed by someone else after it was loaded."""


class UniqueValidationError(ValidationError):
    """A value that must be unique exists already."""


class DocumentLockedError(ValidationError):
    """The document is locked by a running action."""


class InvalidNamingSeriesError(ValidationError):
    """A naming series has characters that are not allowed."""


class InvalidUUIDValue(ValidationError):
    """A text is not a UUID."""


class InvalidDates(ValidationError):
    """A time ends before it begins."""


class AppNotInstalledError(ValidationError):
    """The app is not installed on this site."""


class RateLimitExceededError(ValidationError):
    """Too many requests."""

    http_status = 429


class NameError(DoclifeError):
    """The name is not allowed for a document."""

    http_status = 409


class DuplicateEntryError(NameError):
    """A document with this name exists already."""


class AuthenticationError(DoclifeError):
    """The caller is not known."""

    http_status = 401


class PermissionDenied(DoclifeError):
    """The user may not do this."""

    http_status = 403


# --- names that do not exist -------------------------------------------------------------------


class UnknownNameError(DoclifeError):
    """A name is not known."""

    http_status = 404


class UnknownDoctypeError(UnknownNameError, DoesNotExistError):
    """No document type has this name."""


class UnknownFieldError(UnknownNameError, ValidationError):
    """The document type has no such field."""

    http_status = 417


class UnknownEventError(UnknownNameError):
    """No event has this name."""


class UnknownQueueError(UnknownNameError, ValidationError):
    """No queue has this name."""

    http_status = 417


class UnknownSiteError(UnknownNameError):
    """No site has this name."""


class UnknownAppError(UnknownNameError):
    """No app has this name."""


# --- queries and transactions --------------------------------------------------------------------


class DataError(ValidationError):
    """A query or a value is not acceptable to the database."""


class TransactionError(DoclifeError):
    """The transaction cannot go on."""


class TransactionControlError(TransactionError):
    """commit() and rollback() are refused while a document operation is in progress."""


class TransactionAborted(TransactionError):
    """The database ended this transaction; nothing more can be done in it."""


class QueryDeadlockError(TransactionError):
    """The database chose this transaction as the victim of a deadlock."""

    http_status = 508


class QueryTimeoutError(TransactionError):
    """A row or the database stayed locked for too long."""

    http_status = 508


class DatabaseUnavailable(TransactionError):
    """The database does not answer."""

    http_status = 503


class NoUnitOfWork(TransactionError):
    """There is no open context: use `with doclife.connect(site=...)`."""


class LifecycleRecursionError(DoclifeError):
    """Document operations are nested too deep."""


# --- set-up ----------------------------------------------------------------------------------------


class ConfigError(DoclifeError):
    """The settings are not usable."""


class SchemaError(ConfigError):
    """A document class is not declared correctly."""


class HookError(ConfigError):
    """An app's hooks.py is not usable."""


class MigrationError(ConfigError):
    """The database could not be migrated."""


class NotSupported(DoclifeError):
    """doclife does not do this."""

    http_status = 501


# --- jobs ------------------------------------------------------------------------------------------


class JobError(DoclifeError):
    """A background job cannot be handled as asked."""


class JobNotFound(JobError):
    """No job has this id."""

    http_status = 404


class JobArgumentError(JobError, ValidationError):
    """An argument of a job cannot be stored."""

    http_status = 417


class JobTimeoutError(JobError):
    """The job ran longer than its timeout."""


class BrokerUnavailable(JobError):
    """The broker does not answer."""

    http_status = 503


class LockTimeout(JobError):
    """A lock was not had in time."""

    http_status = 503


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns a hint " Did you mean 'x'?" with the nearest of `known`, or "" when none is near."""
    options = {str(option).lower(): str(option) for option in known}
    found = get_close_matches(name.lower(), options, n=1, cutoff=0.55)
    return f" Did you mean {options[found[0]]!r}?" if found else ""


class _Brief(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxstring = self.maxother = 200


_brief = _Brief()


def brief(value: object) -> str:
    """Returns a value as a message quotes it: not more of it than helps, however long or deep it is."""
    return _brief.repr(value)
