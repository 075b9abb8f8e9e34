"""jobs list, show, stats."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.project import Project


@pytest.fixture(scope="module")
def queued(project, tmp_path_factory):  # project: its apps can be imported
    made = Project(tmp_path_factory.mktemp("queued"))
    made.ok("new-site", "shop", "--install-app", "cli_outlets")
    made.ok("execute", "cli_outlets.tasks.queue", "--args", "[2]")
    made.ok("console", stdin="enqueue('cli_outlets.tasks.make', queue='long', job_id='new', code='SJ-1')\ndb.commit()")
    return made


def test_the_newest_comes_first(queued):
    rows = json.loads(queued.ok("jobs", "list", "--json"))
    assert [(row["method"], row["queue"], row["status"], row["attempt"]) for row in rows] == [
        ("cli_outlets.tasks.make", "long", "queued", 0),
        ("cli_outlets.tasks.add", "short", "queued", 0),
        ("cli_outlets.tasks.add", "short", "queued", 0),
    ]
    assert {row["seconds"] for row in rows} == {None}


def test_a_list_can_be_narrowed(queued):
    def ids(*words):
        return [row["id"] for row in json.loads(queued.ok("jobs", "list", "--json", *words))]

    every = ids()
    assert ids("--queue", "long") == ids("--method", "cli_outlets.tasks.m*") == every[:1]
    assert ids("--limit", "1", "--start", "1") == every[1:2]
    assert ids("--status", "queued", "--status", "failed") == every
    assert ids("--status", "failed") == ids("--status", "scheduled") == []
    assert ids("--key", "new") == every[:1]
    assert ids("--user", "Administrator", "--newer-than", "1h") == every
    assert ids("--older-than", "1h") == ids("--user", "Guest") == []


def test_people_are_told_how_to_see_more(queued):
    done = queued.run("jobs", "list", "--limit", "2")
    assert (len(done.stdout.splitlines()), done.stderr) == (3, "1 more: --start 2\n")
    assert queued.run("jobs", "list", "--limit", "2", "--start", "2").stderr == ""


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--older-than", "soon"], "'soon' is no duration; write a number and s, m, h, d or w"),
        (["--status", "faild"], "there is no status 'faild'. Did you mean 'failed'"),
    ],
)
def test_what_cannot_be_asked_is_refused(queued, words, why):
    done = queued.run("jobs", "list", *words)
    assert done.exit_code == 2
    assert why in done.stderr


def test_the_stack_of_a_job_that_does_not_run_is_refused_plainly(queued):
    done = queued.run("jobs", "show", "new", "--stack")
    assert done.exit_code == 1
    assert "(cli_outlets.tasks.make) is queued: only a job that runs has a stack" in done.stderr


def test_an_empty_list_says_so_to_people_only(queued):
    done = queued.run("jobs", "list", "--status", "failed")
    assert (done.stdout, done.stderr, done.exit_code) == ("", "no jobs\n", 0)
    assert queued.ok("jobs", "list", "--status", "failed", "--json") == "[]\n"


def test_one_job_by_its_key(queued):
    shown = json.loads(queued.ok("jobs", "show", "new", "--json"))
    assert (shown["method"], shown["kwargs"], shown["timeout"], shown["run_as"]) == (
        "cli_outlets.tasks.make",
        {"code": "SJ-1"},
        1500,
        "Administrator",
    )
    lines = dict(line.split(maxsplit=1) for line in queued.ok("jobs", "show", shown["id"]).splitlines())
    assert (lines["id"], lines["dedup_key"], lines["kwargs"]) == (shown["id"], "new", '{"code":"SJ-1"}')
    assert "error" not in lines


def test_figures_by_queue(queued):
    rows = {row.pop("queue"): row for row in json.loads(queued.ok("jobs", "stats", "--json"))}
    assert rows["short"].pop("oldest_s") > 0
    nothing = dict.fromkeys(["scheduled", "started", "finished", "failed", "cancelled"], 0)
    assert rows["short"] == {"queued": 2, **nothing}
    assert rows["long"]["queued"] == 1
    assert queued.ok("jobs", "stats").splitlines()[0].split()[:2] == ["QUEUE", "QUEUED"]
