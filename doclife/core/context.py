"""The context: what one request, job, command or test is doing, on which site, as whom.

One ContextVar holds one mutable `Context`, set once by the outermost owner (libraries.md 7: a
value set inside a thread-pool endpoint is not seen outside, a mutable object is). Floors above
keep their own state in it; they offer typed accessors, because core must not know their types.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from doclife.core.errors import NoUnitOfWork

ADMINISTRATOR = "Administrator"
GUEST = "Guest"


class AttrDict(dict[str, Any]):
    """A dict whose keys are attributes too; a missing attribute is None (Frappe's `_dict`)."""

    __slots__ = ()

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):  # copy and pickle ask for these; None would mislead them
            raise AttributeError(key)
        return self.get(key)

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value

    def __delattr__(self, key: str) -> None:
        try:
            del self[key]
        except KeyError:
            raise AttributeError(key) from None

    def update(self, *args: Any, **kwargs: Any) -> AttrDict:  # type: ignore[override]  # chains, as Frappe's
        """Updates in place and returns itself."""
        super().update(*args, **kwargs)
        return self

    def copy(self) -> AttrDict:
        """Returns a shallow copy of the same type."""
        return AttrDict(self)


class Context:
    """The state of one piece of work on one site."""

    __slots__ = (
        "flags",
        "form_dict",
        "handler",
        "job",
        "local",
        "messages",
        "operations",
        "response",
        "site",
        "trace",
        "unit",
        "user",
    )

    def __init__(self, site: Any, user: str = ADMINISTRATOR) -> None:
        #: the `doclife.site.runtime.Site` this work belongs to
        self.site: Any = site
        #: whose permissions count
        self.user = user
        #: the open `doclife.uow.unit.UnitOfWork`
        self.unit: Any = None
        #: the running job, or None outside a worker
        self.job: Any = None
        #: who is told of events and handlers as spans (`events.trace`), or None: dispatch tests this one name
        self.trace: Any = None
        #: (doctype, name, operation) of the document operations in progress, outermost first
        self.operations: list[tuple[str, Any, str]] = []
        #: dotted path of the handler that is running, or ""; for messages
        self.handler = ""
        #: request-wide flags of the application
        self.flags = AttrDict()
        #: arguments of the request
        self.form_dict = AttrDict()
        #: what the request answers
        self.response = AttrDict()
        #: messages for the user, oldest first
        self.messages: list[dict[str, Any]] = []
        #: a place for whatever lives as long as the context (caches of higher floors)
        self.local: dict[str, Any] = {}


_current: ContextVar[Context | None] = ContextVar("doclife_context", default=None)


def current() -> Context:
    """Returns the open context.

    Raises:
        NoUnitOfWork: there is none.
    """
    context = _current.get()
    if context is None:
        raise NoUnitOfWork
    return context


def current_or_none() -> Context | None:
    """Returns the open context, or None."""
    return _current.get()


@contextmanager
def activate(context: Context) -> Iterator[Context]:
    """Makes `context` the current one for the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


@contextmanager
def no_context() -> Iterator[None]:
    """Closes the view on the current context for the block: what runs in it belongs to no site."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def set_current(context: Context | None) -> Context | None:
    """Replaces the current context and returns the one before; for init/destroy style scripts."""
    before = _current.get()
    _current.set(context)
    return before
