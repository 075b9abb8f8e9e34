"""doctor, for people and for scripts."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.project import Project


@pytest.fixture(scope="module")
def made(project, tmp_path_factory):  # project: its apps can be imported
    made = Project(tmp_path_factory.mktemp("doctor"))
    made.ok("new-site", "shop", "--install-app", "cli_outlets")
    made.ok("console", stdin="enqueue('cli_outlets.tasks.gone', queue='long')\ndb.commit()")
    return made


def test_without_worker_and_broker_it_says_what_is_missing_and_what_to_do(made):
    done = made.run("doctor")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[1:3] == ["broker     rq, does not answer", "relay      nobody"]
    assert "no workers" in done.stderr
    assert any(line.split() == ["long", "0", "1", "0", "0", "0", *line.split()[6:]] for line in lines)
    assert "problem: no worker runs" in lines
    assert "    why: 1 job waits, and nobody would run them" in lines
    assert "    do:  doclife worker, or doclife start" in lines
    assert "problem: 1 job waits for cli_outlets.tasks.gone to exist" in lines


def test_scripts_read_the_same(made):
    done = made.run("doctor", "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert [each["kind"] for each in found["problems"]][:3] == ["broker-down", "no-worker", "no-relay"]
    assert found["broker"]["answers"] is False
    assert {each["queue"]: each["queued"] for each in found["queues"]} == {"short": 0, "default": 0, "long": 1}
    assert found["workers"] == []


def test_it_is_zero_where_nothing_is_wrong(project, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCLIFE_QUEUE", "inline")
    well = Project(tmp_path)
    well.ok("new-site", "well")
    well.ok("console", stdin="db.sql('UPDATE `tabScheduled Job Type` SET stopped = 1')\ndb.commit()")
    done = well.run("doctor")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "no problems")
