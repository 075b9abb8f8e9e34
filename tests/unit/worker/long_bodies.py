"""Long work, as jobs of tests do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import doclife
from doclife.doctypes.notification_log import NotificationLog
from doclife.uow.unit import current_unit

#: is called after each row with its number
after_row: Callable[[int], object] = lambda _n: None  # noqa: E731 replaced by tests

seen: list[Any] = []


def note(subject: str) -> None:
    NotificationLog(subject=subject, for_user="Administrator").insert()


def rows(count: int, every: int = 1) -> str:
    """Leaves one note per row, a checkpoint after each `every` rows, and then a note of its own."""
    numbers = list(range(count))
    with doclife.job.step("rows") as step:
        seen.append((doclife.job.attempt, "rows", step.done))
        seen.append(step.cursor)
        for n, row in enumerate(numbers[step.cursor or 0 :], step.cursor or 0):
            note(f"row {row}")
            after_row(n)
            if (n + 1) % every == 0:
                step.checkpoint(n + 1)
    with doclife.job.step("sum") as step:
        seen.append((doclife.job.attempt, "sum", step.done))
        if step.cursor is None:
            note(f"sum {sum(numbers)}")
            step.checkpoint("told")
    after_row(count)
    return "all"


def inside(where: str) -> None:
    """Takes a checkpoint where none can be taken."""
    unit = current_unit()
    note("before")

    def checkpoint() -> None:
        doclife.job.step("x").checkpoint(1)

    if where == "savepoint":
        with doclife.db.savepoint():
            checkpoint()
    elif where == "operation":
        with doclife.events.connected("Role", "validate", checkpoint_in_handler):
            doclife.new_doc("Role", role_name="x").insert()
    else:
        unit.add_callback(where, checkpoint)


def checkpoint_in_handler(doc: Any) -> None:
    doclife.job.step("x").checkpoint(1)


def cursor_that_changes() -> None:
    """Changes what it has given as a cursor before another step is committed."""
    at = [1]
    with doclife.job.step("a") as step:
        step.checkpoint(at)
    at.append(2)
    with doclife.job.step("b") as step:
        step.checkpoint("b")
    raise ValueError("no paper")


def undone(how: str) -> None:
    """Undoes what a step has done, its end included, and goes on."""
    try:
        if how == "savepoint":
            with doclife.db.savepoint():
                _one_step()
                raise LookupError
        _one_step()
        if how == "failed commit":
            current_unit().add_callback("before_commit", _refuse)
            doclife.db.commit()
        doclife.db.rollback()
    except LookupError:
        pass
    note("kept")
    doclife.db.commit()
    raise ValueError("no paper")


def _one_step() -> None:
    with doclife.job.step("one"):
        note("gone")


def _refuse() -> None:
    raise LookupError


def ends_with_a_commit() -> None:
    """Ends a step by a commit of its own."""
    with doclife.job.step("one") as step:
        if not step.done:
            note("one")
    doclife.db.commit()
    with doclife.job.step("one") as step:
        seen.append(step.done)
    raise ValueError("no paper")


def many_rows(count: int) -> None:
    """Leaves one row for each number, a checkpoint behind each."""
    with doclife.job.step("rows") as step:
        for n in range(step.cursor or 0, count):
            note(f"row {n:03}")
            step.checkpoint(n + 1)


def goes_on_at_its_end(rows: int) -> None:
    """Keeps a second step whatever ends it."""
    try:
        with doclife.job.step("rows") as step:
            seen.append(step.cursor)
            for n in range(step.cursor or 0, rows):
                note(f"row {n}")
                step.checkpoint(n + 1)
    finally:
        seen.append(step.cursor)
        doclife.job.step("end").checkpoint("came")


def one_step_in_another() -> None:
    """Asks for the cursor of the step around it in the one inside."""
    with doclife.job.step("outer") as outer:
        with doclife.job.step("inner"):
            seen.append(f"inner at {outer.cursor}")
        seen.append("behind inner")
    doclife.db.commit()
    after_row(0)
