"""The options of `jobs` that say which jobs are meant, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from doclife.cli.failures import REFUSED, CommandError

if TYPE_CHECKING:
    from doclife.database.link import Database
    from doclife.jobs.selection import Selection

Command = Callable[..., Any]

#: ids in one look into the table
PAGE = 1000


class Age(click.ParamType[float]):
    """A duration like 90s, 15m, 1.5h, 2d or 1w, in seconds."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Returns the seconds."""
        from doclife.core.errors import ValidationError
        from doclife.jobs.selection import seconds_of

        try:
            return seconds_of(str(value))
        except ValidationError as error:
            self.fail(str(error), param, ctx)


class Moment(click.ParamType[datetime]):
    """A time as ISO text; without an offset it is in the site's time zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Returns the datetime."""
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time; write it as in 2026-01-31T18:00", param, ctx)


class Arguments(click.ParamType[dict[str, Any]]):
    """The arguments of a job as JSON, as `jobs show` prints them."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """Returns the arguments by name."""
        from doclife.core import json
        from doclife.core.errors import DataError

        try:
            found = json.unpack(str(value))
        except DataError as error:
            self.fail(str(error), param, ctx)
        if not isinstance(found, dict):
            self.fail('give all arguments by name, as in {"month": "2026-01"}', param, ctx)
        return found


_OPTIONS = (
    click.option(
        "--status", multiple=True, help="queued, scheduled, started, finished, failed, cancelled; repeatable."
    ),
    click.option("--queue", help="Of this queue alone."),
    click.option("--method", help="Dotted path, or the beginning of one with a * after it."),
    click.option("--user", help="As whom they run."),
    click.option("--key", help="Their job_id or job_name."),
    click.option("--older-than", type=Age(), help="Enqueued longer ago: 90s, 15m, 1h, 2d."),
    click.option("--newer-than", type=Age(), help="Enqueued not longer ago."),
)
_NAMES = ("status", "queue", "method", "user", "key", "older_than", "newer_than", "ended_before")

age_option = click.option("--ended-before", type=Age(), help="Ended longer ago: 90s, 15m, 1h, 2d.")
at_option = click.option("--at", type=Moment(), help="Not before this time, as in 2026-01-31T18:00; default now.")
kwargs_option = click.option(
    "--kwargs", type=Arguments(), metavar="JSON", help="Its arguments from now on, all of them."
)


def filters(command: Command) -> Command:
    """Gives a command the options that narrow jobs down; it takes them as `selection`."""

    @wraps(command)
    def with_selection(*args: Any, **options: Any) -> Any:
        from doclife.jobs.selection import Selection

        terms = {name: options.pop(name) for name in _NAMES if name in options}
        return command(*args, selection=Selection(**terms), **options)

    wrapped: Command = with_selection
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def chosen(
    database: Database, ids: Sequence[str], selection: Selection, all_: bool, *, default: Sequence[str]
) -> list[str]:
    """Returns the ids of the jobs that a command means, the oldest first.

    Args:
        database: the site's.
        ids: as named, or the keys of open jobs.
        selection: what the options said.
        all_: --all was given.
        default: statuses that are meant where none is named.
    Raises:
        CommandError: nothing was said, or both ids and conditions.
    """
    from msgspec.structs import replace

    from doclife.jobs.listing import list_jobs, show_job
    from doclife.jobs.selection import Selection

    narrowed = selection != Selection()
    if ids:
        if narrowed or all_:
            raise CommandError("name jobs, or conditions, not both", REFUSED)
        return [show_job(database, each).id for each in dict.fromkeys(ids)]
    if not narrowed and not all_:
        raise CommandError(
            "which jobs? Name them by id or key, or by --status, --queue, --method, ..., or --all", REFUSED
        )
    if not selection.status:
        selection = replace(selection, status=tuple(default))
    found: list[str] = []
    while page := list_jobs(database, selection, start=len(found), limit=PAGE):
        found += [row.id for row in page]
    return found[::-1]
