"""Arguments of Frappe's query functions that doclife answers in another way: shown, or refused with the way out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import event

from doclife.core import clock
from doclife.core.errors import NotSupported
from doclife.uow.unit import UnitOfWork

#: argument -> (the values that ask for nothing, what to do instead)
_INSTEAD: dict[str, tuple[tuple[Any, ...], str]] = {
    "run": (
        (True, 1),
        "a query is run when it is called; build one for later with db.select(Class).where(...), or see its text "
        "with debug=True",
    ),
    "ignore_ifnull": (
        (False, 0, None),
        "NULL has one rule here: add a filter [field, 'is', 'set'] where rows without a value are not wanted",
    ),
    "explain": ((False, 0, None), "EXPLAIN is a statement of its own: db.sql('EXPLAIN ' + query)"),
    "auto_commit": ((False, 0, None), "a transaction is ended by db.commit()"),
}


def refuse(**given: Any) -> None:
    """Refuses arguments whose effect doclife does not have.

    Raises:
        NotSupported: one of them asks for something; the message says what to do instead.
    """
    for name, value in given.items():
        nothing, instead = _INSTEAD[name]
        if value not in nothing:
            raise NotSupported(f"{name}={value!r}: {instead}")


_QUIET = nullcontext()


def shown(unit: UnitOfWork, debug: bool) -> AbstractContextManager[None]:
    """Prints the statements of the block with their parameters and seconds to stderr, if `debug` is set."""
    return _showing(unit) if debug else _QUIET


@contextmanager
def _showing(unit: UnitOfWork) -> Iterator[None]:
    begun = 0.0

    def before(_connection: Any, _cursor: Any, text: str, parameters: Any, *_rest: Any) -> None:
        nonlocal begun
        print(f"{text.strip()}\n-- {parameters!r}", file=sys.stderr)
        begun = clock.monotonic()

    def after(*_rest: Any) -> None:
        print(f"-- {clock.monotonic() - begun:.4f} s", file=sys.stderr)

    connection = unit.link.observe()
    event.listen(connection, "before_cursor_execute", before)
    event.listen(connection, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", before)
        event.remove(connection, "after_cursor_execute", after)
