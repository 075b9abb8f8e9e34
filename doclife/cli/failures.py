"""Errors to words and exit codes: 2 for what was asked wrongly, 1 for what was run and failed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from doclife.cli.state import State
from doclife.core.errors import DoclifeError

REFUSED, FAILED = 2, 1


class CommandError(click.ClickException):
    """An error of doclife as the command line shows it."""

    def __init__(self, error: BaseException | str, exit_code: int) -> None:
        """Takes the error and the code the process ends with."""
        super().__init__(str(error))
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class, and reads it from self


def is_expected(error: Exception) -> bool:
    """Tells whether an error is one that people cause and can mend, so that its message says enough."""
    if not isinstance(error, DoclifeError):
        return False
    context = click.get_current_context(silent=True)
    state = context.find_object(State) if context is not None else None
    return state is None or not state.tracebacks


@contextmanager
def answered(exit_code: int) -> Iterator[None]:
    """Turns errors of doclife in the block into a line on stderr and this exit code.

    An outer block leaves alone what an inner one has answered. Other exceptions are bugs, of doclife
    or of an app, and keep their tracebacks; with --debug all do.
    """
    try:
        yield
    except Exception as error:
        if not is_expected(error):
            raise
        raise CommandError(error, exit_code) from error


@contextmanager
def running() -> Iterator[None]:
    """Marks the block as what the command was asked to do: an error in it is a failure of that."""
    with answered(FAILED):
        yield


def make_sure(yes: bool, what: str, question: str) -> None:
    """Asks before data is deleted.

    Args:
        yes: --yes was given.
        what: says what happens, where nobody can be asked.
        question: to the person at the terminal.
    Raises:
        CommandError: nobody can be asked. Abort: the answer is no.
    """
    if not yes:
        if not sys.stdin.isatty():
            raise CommandError(f"{what}; say --yes", REFUSED)
        click.confirm(question, abort=True)
