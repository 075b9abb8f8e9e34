"""jobs retry, cancel, purge."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from threading import Event, Thread

import pytest

from doclife.jobs.enqueue import enqueue
from doclife.jobs.listing import show_job
from doclife.outbox import complete
from doclife.outbox.claim import claim
from doclife.site.load import load_site
from doclife.worker.presence import liveness, present
from tests.unit.cli.project import Project

RUN = "from doclife.testing import run_jobs; print(len(run_jobs(allow_failures=True)))"


@pytest.fixture(scope="module")
def made(project, tmp_path_factory):  # project: its apps can be imported
    made = Project(tmp_path_factory.mktemp("acting"))
    made.ok("new-site", "shop", "--install-app", "cli_outlets")
    return made


@pytest.fixture
def acting(made):
    """A site with two failed jobs and one that waits."""
    made.ok("jobs", "cancel", "--all", "--yes")
    made.ok("jobs", "purge", "--yes")
    lines = [
        "enqueue('cli_outlets.tasks.make', job_id='first', cod='SJ-1')",
        "enqueue('cli_outlets.tasks.make_and_break', code='SJ-2')",
        "db.commit()",
        RUN,
        "enqueue('cli_outlets.tasks.add', queue='long', job_id='waits', a=1)",
        "db.commit()",
    ]
    made.ok("console", stdin="\n".join(lines))
    return made


def _jobs(project, *words):
    return json.loads(project.ok("jobs", "list", "--json", *words))


def _states(project):
    return sorted((row["method"].rpartition(".")[2], row["status"]) for row in _jobs(project))


def test_a_job_runs_again_with_other_arguments(acting):
    assert acting.ok("jobs", "retry", "first", "--kwargs", '{"code": "SJ-1"}') == "1 job run again\n"
    acting.ok("console", stdin=RUN)
    assert ("make", "finished") in _states(acting)


@pytest.mark.parametrize(
    ("kwargs", "code", "why"),
    [
        ('{"cod": 1}', 1, "cli_outlets.tasks.make takes no argument 'cod'. Did you mean 'code'"),
        ("[1]", 2, "give all arguments by name"),
        ("{", 2, "JSON"),
        ('{"code": {"$type": "dates", "value": 1}}', 2, "unknown type tag 'dates'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(acting, kwargs, code, why):
    done = acting.run("jobs", "retry", "first", "--kwargs", kwargs)
    assert done.exit_code == code
    assert why in done.stderr
    assert ("make", "failed") in _states(acting)


def test_conditions_mean_what_has_failed_and_ask_first(acting):
    done = acting.run("jobs", "retry", "--method", "cli_outlets.*")
    assert done.exit_code == 2
    assert "retry runs 2 jobs again; say --yes" in done.stderr
    assert acting.ok("jobs", "retry", "--method", "cli_outlets.*", "--yes") == "2 jobs run again\n"
    assert {row["status"] for row in _jobs(acting)} == {"queued"}


def test_the_queue_and_the_time_may_be_others(acting):
    acting.ok("jobs", "retry", "--all", "--yes", "--to-queue", "short", "--at", "2099-01-31T18:00")
    rows = _jobs(acting, "--queue", "short")
    assert {(row["status"], row["run_at"]) for row in rows} == {("scheduled", "2099-01-31 18:00:00")}
    assert len(rows) == 2
    shown = acting.ok("jobs", "list").splitlines()
    assert [line.count("2099-01-31 18:00:00") for line in shown] == [0, 0, 1, 1], "whole seconds, where it is to come"


def test_those_that_cannot_run_again_are_told_and_the_others_do(acting):
    acting.ok("console", stdin="enqueue('cli_outlets.tasks.add', job_id='first', a=1)\ndb.commit()")
    done = acting.run("jobs", "retry", "--all", "--yes")
    assert (done.exit_code, done.stdout) == (1, "1 job run again\n")
    assert "its key 'first' is held by job" in done.stderr
    assert "1 job left as they were" in done.stderr


def test_jobs_are_cancelled_by_key_and_by_condition(acting):
    cancelled = acting.run("jobs", "cancel", "waits")
    assert (cancelled.stdout, cancelled.stderr) == ("1 job cancelled\n", ""), "it is told once, not logged too"
    assert ("add", "cancelled") in _states(acting)
    done = acting.run("jobs", "cancel", "waits")
    assert done.exit_code == 1
    assert "has ended already, it is cancelled" in done.stderr
    assert acting.ok("jobs", "cancel", "--queue", "long", "--yes") == "0 jobs cancelled\n"
    acting.ok("jobs", "retry", "waits")
    assert acting.run("jobs", "cancel", "--queue", "long").exit_code == 2
    assert acting.ok("jobs", "cancel", "--queue", "long", "--yes") == "1 job cancelled\n"


def test_those_that_run_are_stopped_first_for_they_may_keep_the_others_from_being_written(acting):
    site = load_site("shop", acting.sites)
    with site.work() as context:
        older, newer = enqueue("cli_outlets.tasks.add", a=1), enqueue("cli_outlets.tasks.add", a=2)
        context.unit.commit()
    with present(site, queues=["default"], isolation="inproc") as worker:
        runs = claim(site.database, newer.id, worker)
        writing, over = Event(), Event()

        def write_until_it_is_asked():
            with closing(sqlite3.connect(site.database.engine.url.database, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                writing.set()
                while not over.wait(0.01):
                    if liveness(site).asked(worker) == {"cancel": newer.id, "fence": runs.fence}:
                        break
            with site.database.transaction() as link:
                complete.cancel(link, runs)

        job = Thread(target=write_until_it_is_asked)
        job.start()
        assert writing.wait(5)
        try:
            done = acting.run("jobs", "cancel", "--queue", "default", "--yes")
        finally:
            over.set()
            job.join()
    assert (done.exit_code, done.stdout, done.stderr) == (0, "2 jobs cancelled\n", "")
    assert [show_job(site.database, each.id).status for each in (older, newer)] == ["cancelled"] * 2


@pytest.mark.parametrize("command", ["retry", "cancel"])
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "which jobs? Name them by id or key"),
        (["x", "--queue", "long"], "not both"),
        (["nothing"], "no job 'nothing'"),
    ],
)
def test_who_says_too_little_or_too_much_is_told_so(acting, command, words, why):
    done = acting.run("jobs", command, *words)
    assert done.exit_code == 2
    assert why in done.stderr


def test_ended_jobs_are_removed_after_a_question(acting):
    done = acting.run("jobs", "purge")
    assert done.exit_code == 2
    assert "purge removes 2 jobs; say --yes" in done.stderr
    assert acting.ok("jobs", "purge", "--ended-before", "1h", "--yes") == "0 jobs removed\n"
    assert acting.ok("jobs", "purge", "--status", "failed", "--yes") == "2 jobs removed\n"
    assert _states(acting) == [("add", "queued")]


def test_a_queue_is_emptied_only_by_its_name(acting):
    done = acting.run("jobs", "purge", "--status", "queued", "--yes")
    assert done.exit_code == 2
    assert "only jobs that have ended are removed" in done.stderr
    assert acting.ok("jobs", "purge", "--status", "queued", "--queue", "long", "--yes") == "1 job removed\n"
