"""scheduler: runs it, says why schedules do not run, lists, starts and stops them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from doclife.cli.failures import FAILED, REFUSED, CommandError, running
from doclife.cli.output import json_option, plain, say, show_json, show_table, warn
from doclife.cli.processes import parent_option
from doclife.cli.state import State, pass_state

if TYPE_CHECKING:
    from datetime import datetime

    from doclife.jobs.problems import Problem
    from doclife.jobs.schedules import SchedulerState
    from doclife.scheduler.state import Schedule
    from doclife.scheduler.trigger import Ended, Triggered
    from doclife.site.runtime import Site

COLUMNS = ["schedule", "when", "queue", "last", "status", "next"]
#: reasons of one schedule each that people are shown
MOST_REASONS = 20


@click.group("scheduler", invoke_without_command=True)
@click.pass_context
def scheduler(ctx: click.Context) -> None:
    """Runs the scheduler; shows, holds and triggers schedules.

    Without a command it runs until SIGTERM or Ctrl-C. It enqueues what is due, and releases jobs that
    were lost on the way. Any number may run: one leads, another takes over when it dies.

    `pause` holds it for a while, and what was missed is made up after `resume` as catch_up says;
    `disable` stops it for good, and what was missed until `enable` is not made up; `disable SCHEDULE`
    stops this one alone.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(run_)


@scheduler.command("run")
@parent_option
@pass_state
def run_(state: State, parent: int) -> None:
    """Runs the scheduler until SIGTERM or Ctrl-C.

    The same as naming no command.
    """
    from doclife.worker.scheduler import run_scheduler

    run_scheduler(state.site, state.sites_dir, parent=parent)


@scheduler.command("status")
@json_option
@pass_state
def status(state: State, as_json: bool) -> None:
    """Says who ticks, what is due next, and why schedules do not run.

    Each reason comes with the command that helps. Neither a worker nor the broker is needed.
    """
    from doclife.core import clock
    from doclife.jobs.schedules import scheduler_state
    from doclife.scheduler.reasons import reasons
    from doclife.scheduler.state import schedules

    with state.work(telling=True) as context:
        site = context.site
        found = scheduler_state(site)
        why = reasons(site, found, schedules(site))
        zone = site.settings.time_zone
    if as_json:
        show_json({"site": site.name, **plain(found, zone=zone), "reasons": plain(why)})
    else:
        _show_status(site.name, found, why, clock.now(zone))


def _show_status(site: str, state: SchedulerState, why: list[Problem], now: datetime) -> None:
    words = {"maintenance_mode": "in maintenance", "disable_scheduler": "disabled", "pause_scheduler": "paused"}
    held = " and ".join(words[each] for each in state.switches) or "enabled"
    led = f"{state.holder} leads until {_at(state.until)}" if state.holder else "nobody leads"
    say(f"The scheduler of {site} is {held}; {led}.")
    if state.last_tick is None:
        say(f"No scheduler has ticked yet; a tick is due every {state.tick_interval:g} s.")
    else:
        say(
            f"Its last tick was at {_at(state.last_tick)}, {state.last_tick_age_s:.0f} s ago; "
            f"a tick is due every {state.tick_interval:g} s."
        )
    say(f"Schedules: {state.active} active, {state.stopped} stopped, {state.overdue} overdue.")
    if state.next is not None:
        due = "is due next, at" if state.next.at > now else "comes next, and was due at"
        say(f"{state.next.name} {due} {_at(state.next.at)}.")
    say("")
    if not why:
        say("Nothing keeps schedules from running.")
    for each in why[:MOST_REASONS]:
        say(f"- {_sentence(each.what)}: {each.why}.")
        say(f"  {each.help}")
    if len(why) > MOST_REASONS:
        say(f"- {len(why) - MOST_REASONS} more reasons; --json lists them all.")


@scheduler.command("list")
@click.option("--all", "all_", is_flag=True, help="Also those that are stopped or have no next time.")
@click.option("-n", "--times", default=1, show_default=True, type=click.IntRange(1, 1000), help="So many next times.")
@json_option
@pass_state
def list_(state: State, all_: bool, times: int, as_json: bool) -> None:
    """Lists the schedules, the next first.

    Times are in the site's time zone. Of one that runs or has run the status is that of its last run.
    """
    from doclife.scheduler.state import schedules

    with state.work(telling=True) as context:
        found = schedules(context.site, times=times)
        zone = context.site.settings.time_zone
    shown = [each for each in found if all_ or (each.next and not each.stopped)]
    if as_json:
        show_json([plain(each, zone=zone) for each in shown])
        return
    rows = [row for each in shown for row in _rows(each, zone)]
    show_table(rows, COLUMNS, as_json=False, empty="no schedules")
    if len(found) > len(shown):
        warn(f"{len(found) - len(shown)} more are stopped or have no next time: --all")


def _rows(schedule: Schedule, zone: str) -> list[dict[str, str]]:
    """Returns the lines of one schedule: what it is with its first time, then the other times alone."""
    when = schedule.cron_format or schedule.frequency
    job = schedule.busy
    became = schedule.last_status or ("" if job is None else job.status)
    first = {
        "schedule": schedule.name,
        "when": when if schedule.time_zone == zone else f"{when} ({schedule.time_zone})",
        "queue": schedule.queue,
        "last": "" if schedule.last is None else _short(schedule.last.replace(second=0)),
        "status": "stopped" if schedule.stopped else became,
    }
    times = [] if schedule.stopped else [_short(each) for each in schedule.next]
    return [first | {"next": "".join(times[:1])}, *({"next": each} for each in times[1:])]


@scheduler.command("pause")
@json_option
@pass_state
def pause(state: State, as_json: bool) -> None:
    """Holds the scheduler for a while.

    Nothing is enqueued until `resume`. What was missed is made up then, as catch_up of each schedule
    says. It is the setting pause_scheduler of the site, and holds for the processes that run, too.
    """
    _switch(state, "pause_scheduler", True, as_json)


@scheduler.command("resume")
@json_option
@pass_state
def resume(state: State, as_json: bool) -> None:
    """Lets a paused scheduler go on.

    What was missed is made up as catch_up of each schedule says.
    """
    _switch(state, "pause_scheduler", False, as_json)


@scheduler.command("disable")
@click.argument("words", nargs=-1, metavar="[SCHEDULE]...")
@json_option
@pass_state
def disable(state: State, words: tuple[str, ...], as_json: bool) -> None:
    """Stops the scheduler, or schedules, for good.

    Nothing is enqueued until `enable`, and what was missed until then is not made up. SCHEDULE is the name, the
    method or the cron expression of one, or a word like daily, which means all of them.
    """
    if words:
        _stop(state, words, True, as_json)
    else:
        _switch(state, "disable_scheduler", True, as_json)


@scheduler.command("enable")
@click.argument("words", nargs=-1, metavar="[SCHEDULE]...")
@json_option
@pass_state
def enable(state: State, words: tuple[str, ...], as_json: bool) -> None:
    """Lets what was disabled run again.

    That is the scheduler of the site, or the schedules that are named. They are planned anew from now:
    what was missed is not made up. SCHEDULE is as for `disable`.
    """
    if words:
        _stop(state, words, False, as_json)
    else:
        _switch(state, "disable_scheduler", False, as_json)


#: what is said, by setting and value: what became of it, and what it was already
_BECAME = {
    ("pause_scheduler", True): "is paused: nothing is enqueued until `doclife scheduler resume`",
    ("pause_scheduler", False): "goes on: what was missed is made up as catch_up says",
    ("disable_scheduler", True): "is disabled: nothing is enqueued until `doclife scheduler enable`",
    ("disable_scheduler", False): "is enabled, and planned anew from now: what was missed is not made up",
}
_WAS = {
    ("pause_scheduler", True): "was paused already",
    ("pause_scheduler", False): "was not paused",
    ("disable_scheduler", True): "was disabled already",
    ("disable_scheduler", False): "was not disabled",
}


def _switch(state: State, setting: str, value: bool, as_json: bool) -> None:
    from doclife.scheduler.switches import DISABLE, enable, switch

    name = state.site_name()
    site = state.load_site(telling=True) if setting == DISABLE and not value else None
    with running():
        done = enable(site) if site is not None else switch(state.folder().resolve(), name, setting, value)
    if as_json:
        show_json({"site": name, **plain(done)})
        return
    say(f"The scheduler of {name} {(_BECAME if done.changed else _WAS)[setting, value]}.")
    if done.source.endswith("common_site_config.json"):
        say(f"That is from {done.source}, for all sites that do not say otherwise.")
    if done.also_set and not value:
        are = "are" if done.also_set[1:] else "is"
        warn(f"It enqueues nothing all the same: {' and '.join(done.also_set)} {are} set (doclife scheduler status).")


def _stop(state: State, words: Sequence[str], stop: bool, as_json: bool) -> None:
    from doclife.doctypes.scheduled_job_type import ScheduledJobType
    from doclife.model.access import get_doc
    from doclife.scheduler.state import schedules

    with state.work(telling=True) as context:
        found = schedules(context.site)
        names = _meant(found, words)
        changed = [each.name for each in found if each.name in names and each.stopped != stop]
        for name in changed:
            document = get_doc(ScheduledJobType, name)
            document.stopped = stop
            document.save()
    if as_json:
        show_json([{"schedule": name, "stopped": stop, "changed": name in changed} for name in names])
        return
    became = "is stopped: nothing enqueues it until it is enabled" if stop else "is enabled, and planned anew from now"
    was = "was stopped already" if stop else "was not stopped"
    for name in names:
        say(f"{name} {became if name in changed else was}.")


@scheduler.command("trigger")
@click.argument("words", nargs=-1, metavar="[EVENT|SCHEDULE]...")
@click.option("--wait", "wait_s", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait for their jobs to end.")
@json_option
@pass_state
def trigger_(state: State, words: tuple[str, ...], wait_s: float | None, as_json: bool) -> None:
    """Starts schedules now, or ticks once.

    Without an argument it is one tick, as the scheduler does it, also where none runs.
    EVENT is a word of scheduler_events (daily, monthly_long, all, cron): all its schedules but those that
    are stopped. SCHEDULE is the name, the method or the cron expression of one, stopped or not. When they
    are due next stays as it was. One whose last job has not ended is not started again; the exit code is 1
    when none could be started, and with --wait when one has not finished well in time.
    """
    from doclife.scheduler.state import meant, schedules
    from doclife.scheduler.trigger import trigger, trigger_tick, wait_for

    site = state.load_site(telling=True)
    with site.work():
        found = schedules(site)
    by_word = {word: meant(found, word) for word in words}
    with running():
        done = trigger(site, by_word) if words else trigger_tick(site)
    queues = {each.name: each.queue for each in found}
    if not as_json:
        _show_triggered(done, queues)
    _warn_unserved(site, {queues[each.schedule] for each in done.started if each.schedule in queues})
    with running():
        ended = [] if wait_s is None else wait_for(site, done.started, wait_s)
    if as_json:
        started = [plain(each) | {"queue": queues.get(each.schedule)} for each in done.started]
        show_json({"started": started, "refused": plain(done.refused)} | ({"ended": plain(ended)} if ended else {}))
    else:
        _show_ended(ended)
    if not done.started and (words or done.refused):
        raise CommandError("nothing was started", FAILED)
    bad = [each for each in ended if each.status != "finished"]
    if bad:
        raise CommandError(f"{len(bad)} of {len(ended)} have not finished well", FAILED)


def _show_triggered(done: Triggered, queues: dict[str, str]) -> None:
    for each in done.started:
        say(f"{each.schedule} is started: job {each.job} in the queue {queues.get(each.schedule)}.")
    for other in done.refused:
        warn(f"{other.schedule} is not started: {other.reason}.")
    if not done.started and not done.refused:
        say("Nothing is due.")


def _show_ended(ended: Sequence[Ended]) -> None:
    for each in ended:
        became = {"finished": "has finished", "failed": "has failed", "cancelled": "was cancelled"}.get(each.status)
        after = "" if each.seconds is None else f" after {each.seconds:.1f} s"
        error = f": {each.error}" if each.error else ""
        say(f"{each.schedule} {became or f'has not ended, its job is {each.status}'}{after}{error}.")


def _warn_unserved(site: Site, queues: set[str]) -> None:
    from doclife.jobs.health import workers_of

    served = {queue for each in workers_of(site) if each.alive for queue in each.queues}
    for queue in sorted(queues - served if site.settings.queue != "inline" else ()):
        warn(f"No worker that runs serves the queue {queue}: doclife worker --queue {queue}")


def _meant(found: Sequence[Schedule], words: Sequence[str]) -> list[str]:
    from doclife.scheduler.state import meant

    by_word = {word: [each.name for each in meant(found, word)] for word in words}
    none = [word for word, names in by_word.items() if not names]
    if none:
        raise CommandError(f"no schedule is declared as {', '.join(none)}; look at `doclife scheduler list`", REFUSED)
    return list(dict.fromkeys(name for names in by_word.values() for name in names))


def _at(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _short(moment: datetime) -> str:
    """Leaves out seconds where there are none, as nearly everywhere."""
    return f"{moment:%Y-%m-%d %H:%M}{f':{moment:%S}' if moment.second else ''}"


def _sentence(text: str) -> str:
    """Begins it with a capital, unless it begins with a dotted name."""
    return text if "." in text.split(" ", 1)[0] else text[0].upper() + text[1:]
