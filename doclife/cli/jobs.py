"""jobs: what waits, runs and has failed."""

from __future__ import annotations

from typing import Any

import click

from doclife.cli.output import json_option, say, show_json, show_table
from doclife.cli.state import State, pass_state


@click.group("jobs")
def jobs() -> None:
    """Shows background jobs: what waits, runs and has failed."""


@jobs.command("list")
@click.option("--status", multiple=True, help="queued, started, finished, failed or cancelled; may be repeated.")
@click.option("--queue", help="Of this queue alone.")
@click.option("--method", help="Dotted path, or the beginning of one with a * after it.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="At most so many.")
@click.option("--start", default=0, type=click.IntRange(min=0), help="Leave out so many.")
@json_option
@pass_state
def list_(
    state: State,
    status: tuple[str, ...],
    queue: str | None,
    method: str | None,
    limit: int,
    start: int,
    as_json: bool,
) -> None:
    """Lists jobs, the newest first."""
    from doclife.jobs.listing import list_jobs

    with state.work() as context:
        found = list_jobs(
            context.site.database, status=status or None, queue=queue, method=method, start=start, limit=limit
        )
    rows = [_plain(row) | {"seconds": row.seconds} for row in found]
    columns = ["id", "status", "queue", "method", "attempt", "enqueued_at", "seconds"]
    show_table(rows, columns, as_json=as_json, empty="no jobs")


@jobs.command("show")
@click.argument("job_id")
@json_option
@pass_state
def show(state: State, job_id: str, as_json: bool) -> None:
    """Prints everything about one job, by its id or its key."""
    from doclife.jobs.listing import show_job

    with state.work() as context:
        found = show_job(context.site.database, job_id)
    values = _plain(found) | {"seconds": found.seconds}
    if as_json:
        show_json(values)
        return
    from doclife.core import json

    width = max(map(len, values))
    for name, value in values.items():
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            say(f"{name:<{width}}  {text.rstrip().replace(chr(10), chr(10) + ' ' * (width + 2))}")


@jobs.command("stats")
@json_option
@pass_state
def stats(state: State, as_json: bool) -> None:
    """Counts the jobs of each queue, and says how long the oldest has been waiting."""
    from doclife.jobs.listing import queue_stats

    with state.work() as context:
        found = queue_stats(context.site.database)
    columns = ["queue", "queued", "scheduled", "started", "finished", "failed", "oldest_s"]
    show_table([_plain(row) for row in found], columns, as_json=as_json, empty="no jobs")


def _plain(row: Any) -> dict[str, Any]:
    """Returns the values of a row, times as text."""
    values = {name: getattr(row, name) for name in row.__struct_fields__}
    return {name: str(value) if hasattr(value, "isoformat") else value for name, value in values.items()}
