"""doctor: how the jobs of the site are, what is wrong, and the command that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from doclife.cli.failures import FAILED, running
from doclife.cli.jobs import for_people
from doclife.cli.output import json_option, plain, say, show_json, show_table
from doclife.cli.state import State, pass_state

if TYPE_CHECKING:
    from doclife.jobs.health import Health
    from doclife.jobs.problems import Problem


@click.command("doctor")
@json_option
@click.pass_context
@pass_state
def doctor(state: State, ctx: click.Context, as_json: bool) -> None:
    """Says how the site's jobs are, what is wrong, and what helps.

    It shows leaders, workers and queues. Each problem comes with its reason and the command that
    helps; the exit code is 1 when there is one. Neither a worker nor the broker is needed.
    """
    from doclife.jobs.health import examine
    from doclife.jobs.problems import problems_of

    with state.work(telling=True) as context, running():
        health = examine(context.site)
        problems = problems_of(context.site, health)
    if as_json:
        show_json(plain(health) | {"problems": [plain(each) for each in problems]})
    else:
        _show(health, problems)
    if problems:
        ctx.exit(FAILED)


def _show(health: Health, problems: list[Problem]) -> None:
    say(f"site       {health.site}, {health.now:%Y-%m-%d %H:%M:%S}")
    say(f"broker     {health.broker.kind}, {'answers' if health.broker.answers else 'does not answer'}")
    say(f"relay      {health.relay.holder or 'nobody'}")
    scheduler = health.scheduler
    stopped = f", {scheduler.stopped} stopped" if scheduler.stopped else ""
    tick = f", last tick {scheduler.last_tick:%Y-%m-%d %H:%M:%S}" if scheduler.last_tick else ""
    say(f"scheduler  {scheduler.holder or 'nobody'}{tick}, {scheduler.active} schedules{stopped}")
    say("")
    rows = [
        for_people(plain(each)) | {"state": "alive" if each.alive else "dead", "queues": ", ".join(each.queues)}
        for each in health.workers
    ]
    show_table(
        rows, ["name", "state", "isolation", "queues", "job", "method", "since"], as_json=False, empty="no workers"
    )
    say("")
    columns = ["queue", "workers", "queued", "scheduled", "started", "failed", "oldest_s", "in_broker"]
    show_table([for_people(plain(each)) for each in health.queues], columns, as_json=False, empty="no queues")
    say("")
    for problem in problems:
        say(f"problem: {problem.what}")
        say(f"    why: {problem.why}")
        say(f"    do:  {problem.help}")
    if not problems:
        say("no problems")
