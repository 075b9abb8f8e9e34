"""jobs: what waits, runs and has failed; running it again, stopping it, taking it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from doclife.cli.failures import FAILED, REFUSED, CommandError, make_sure, running
from doclife.cli.job_options import PAGE, age_option, at_option, chosen, filters, kwargs_option
from doclife.cli.output import json_option, say, show_json, show_table, warn
from doclife.cli.state import State, pass_state

if TYPE_CHECKING:
    from datetime import datetime

    from doclife.database.link import Database
    from doclife.jobs.selection import Selection

COLUMNS = ["id", "status", "queue", "method", "label", "user", "attempt", "enqueued_at", "run_at", "seconds"]
#: jobs in one transaction of `retry`
BATCH = 500


@click.group("jobs")
def jobs() -> None:
    """Shows background jobs, runs them again, stops and removes them."""


@jobs.command("list")
@filters
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="At most so many.")
@click.option("--start", default=0, type=click.IntRange(min=0), help="Leave out so many.")
@json_option
@pass_state
def list_(state: State, selection: Selection, limit: int, start: int, as_json: bool) -> None:
    """Lists jobs, the newest first; times are in the site's time zone."""
    from doclife.jobs.listing import count_jobs, list_jobs

    with state.work(telling=True) as context:
        database = context.site.database
        found = list_jobs(database, selection, start=start, limit=limit)
        rows = [_plain(row) | {"status": row.state, "user": row.run_as, "seconds": row.seconds} for row in found]
        more = not as_json and len(found) == limit and count_jobs(database, selection) - start - limit
    show_table(rows if as_json else list(map(for_people, rows)), COLUMNS, as_json=as_json, empty="no jobs")
    if more and more > 0:
        warn(f"{more} more: --start {start + limit}")


@jobs.command("show")
@click.argument("job_id", metavar="JOB")
@click.option("--stack", is_flag=True, help="Print where the job is that runs now.")
@json_option
@pass_state
def show(state: State, job_id: str, stack: bool, as_json: bool) -> None:
    """Prints everything about one job, by its id or its key."""
    from doclife.jobs.listing import show_job

    with state.work(telling=True) as context:
        found = show_job(context.site.database, job_id)
        values = _plain(found) | {"status": found.state, "seconds": found.seconds}
        if stack:
            from doclife.jobs.asking import stack_of

            with running():
                values = {"id": found.id, "worker": found.worker, "stack": stack_of(context.site, found.id)}
    if as_json:
        show_json(values)
    elif stack:
        say(values["stack"].rstrip())
    else:
        _show_values(values)


@jobs.command("retry")
@click.argument("ids", nargs=-1, metavar="[JOB]...")
@filters
@click.option("--all", "all_", is_flag=True, help="All that have failed.")
@kwargs_option
@click.option("--to-queue", metavar="QUEUE", help="Put them into this queue.")
@at_option
@click.option("--from-start", is_flag=True, help="Their steps begin anew.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_state
def retry(
    state: State,
    ids: tuple[str, ...],
    selection: Selection,
    all_: bool,
    kwargs: dict[str, Any] | None,
    to_queue: str | None,
    at: datetime | None,
    from_start: bool,
    yes: bool,
) -> None:
    """Runs jobs again that have failed or were cancelled, or that wait for their next attempt.

    A job keeps its id, its user and what its steps have done. Named by conditions instead of ids,
    those that have failed are meant, unless --status says otherwise. Those whose key another job has
    meanwhile are left out, with the reason; the exit code is 1 then.
    """
    from doclife.core.errors import JobError
    from doclife.jobs.manage import retry_jobs

    refused: list[JobError] = []
    with state.work(telling=True) as context:
        meant = chosen(context.site.database, ids, selection, all_, default=("failed",))
        if not ids:
            make_sure(yes, f"retry runs {len(meant)} jobs again", f"Run {len(meant)} jobs again?")
        if kwargs is not None and len(meant) != 1:
            raise CommandError(f"--kwargs are the arguments of one job, and {len(meant)} are meant", REFUSED)
        again = 0
        with running():
            for start in range(0, len(meant), BATCH):
                again += retry_jobs(
                    meant[start : start + BATCH],
                    kwargs=kwargs,
                    queue=to_queue,
                    run_at=at,
                    from_start=from_start,
                    refused=refused if len(meant) > 1 else None,
                )
                context.unit.commit()
    _say_what_became(again, "run again", refused)


@jobs.command("cancel")
@click.argument("ids", nargs=-1, metavar="[JOB]...")
@filters
@click.option("--all", "all_", is_flag=True, help="All that wait or run.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_state
def cancel(state: State, ids: tuple[str, ...], selection: Selection, all_: bool, yes: bool) -> None:
    """Cancels jobs that wait, and stops those that run: what they have not committed is rolled back."""
    from doclife.core.errors import JobError
    from doclife.jobs.manage import cancel_job

    refused: list[JobError] = []
    became: dict[str, str] = {}
    cancelled = 0
    with state.work(telling=True) as context:
        meant = chosen(context.site.database, ids, selection, all_, default=("queued", "started"))
        if not ids:
            make_sure(yes, f"cancel stops {len(meant)} jobs", f"Cancel {len(meant)} jobs?")
        with running():
            for some in _running_first(context.site.database, meant):
                to_stop: list[str] = []
                for job_id in some:
                    try:
                        if cancel_job(job_id) == "started":
                            to_stop.append(job_id)
                        else:
                            cancelled += 1
                        context.unit.commit()
                    except JobError as error:
                        context.unit.rollback()  # it may have begun to write
                        if len(meant) == 1:
                            raise
                        refused.append(error)
                became |= {each: _stopped(context.site, each) for each in to_stop}
    for job_id, status in became.items():
        if status == "started":
            warn(f"{job_id} is asked to stop, and has not yet; its worker kills itself in the end")
        elif status != "cancelled":
            warn(f"{job_id} has {status} in this moment")
    _say_what_became(cancelled + list(became.values()).count("cancelled"), "cancelled", refused)


def _running_first(database: Database, ids: list[str]) -> tuple[list[str], list[str]]:
    """Parts jobs into those that run and the others: on SQLite one that runs and has written keeps us from writing."""
    from doclife.jobs.listing import list_jobs

    run = {row.id for row in list_jobs(database, status="started", limit=PAGE)}
    return [each for each in ids if each in run], [each for each in ids if each not in run]


def _stopped(site: Any, job_id: str) -> str:
    """Waits some seconds for a running job to stop, and returns its status."""
    from doclife.outbox.cancel import cancel
    from doclife.outbox.workers import liveness_of

    return cancel(site.database, site.broker, liveness_of(site.database, site.folder), job_id)


@jobs.command("purge")
@filters
@age_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_state
def purge(state: State, selection: Selection, yes: bool) -> None:
    """Removes the rows of jobs that have ended, for good.

    With --status queued --queue NAME it empties a queue: what waits there never runs.
    """
    from doclife.jobs.listing import count_jobs
    from doclife.jobs.manage import purge_jobs, to_purge

    with state.work(telling=True) as context:
        site = context.site
        selection = to_purge(selection)
        count = count_jobs(site.database, selection)
        make_sure(yes, f"purge removes {count} jobs", f"Remove {count} jobs ({', '.join(selection.status)})?")
        with running():
            removed = purge_jobs(site.database, site.broker, selection)
    _say_what_became(removed, "removed", [])


@jobs.command("stats")
@json_option
@pass_state
def stats(state: State, as_json: bool) -> None:
    """Counts the jobs of each queue, and says for how many seconds the oldest has been waiting."""
    from doclife.jobs.listing import queue_stats

    with state.work(telling=True) as context:
        found = queue_stats(context.site.database)
    columns = ["queue", "queued", "scheduled", "started", "finished", "failed", "cancelled", "oldest_s"]
    rows = [_plain(row) for row in found]
    show_table(rows if as_json else list(map(for_people, rows)), columns, as_json=as_json, empty="no jobs")


def _jobs(count: int) -> str:
    return "job" if count == 1 else "jobs"


def _say_what_became(count: int, what: str, refused: list[Any]) -> None:
    say(f"{count} {_jobs(count)} {what}")
    if refused:
        for error in refused:
            warn(str(error))
        raise CommandError(f"{len(refused)} {_jobs(len(refused))} left as they were", FAILED)


def _show_values(values: dict[str, Any]) -> None:
    from doclife.core import json

    width = max(map(len, values))
    for name, value in values.items():
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value)
            say(f"{name:<{width}}  {text.rstrip().replace(chr(10), chr(10) + ' ' * (width + 2))}")


def for_people(row: dict[str, Any]) -> dict[str, Any]:
    """Returns the values of a row of a table as people read them: whole seconds, and times to run that are to come."""
    short: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, float):
            short[name] = f"{value:.1f}"
        else:
            short[name] = value[:19] if name.endswith(("_at", "since")) and isinstance(value, str) else value
    if row.get("status") != "scheduled":
        short.pop("run_at", None)
    return short


def _plain(row: Any) -> dict[str, Any]:
    """Returns the values of a row, times as text."""
    values = {name: getattr(row, name) for name in row.__struct_fields__}
    return {name: str(value) if hasattr(value, "isoformat") else value for name, value in values.items()}
