"""scheduler: status, list, pause, disable, trigger; for people and for scripts."""

from __future__ import annotations

import json
import re
import shutil
import sys

import pytest

from doclife.outbox.leases import Lease
from doclife.site.load import forget_site, load_site
from doclife.testing import travel_to
from tests.stored import note_tick
from tests.unit.cli.project import Project

APP = {
    "cli_schedules/__init__.py": "",
    "cli_schedules/hooks.py": """
app_name = "cli_schedules"
scheduler_events = {
    "daily": ["cli_schedules.tasks.nightly"],
    "weekly": ["cli_schedules.tasks.digest"],
    "monthly_long": ["cli_schedules.tasks.close_month"],
    "cron": {
        "0 9 * * 1-5": [{"method": "cli_schedules.tasks.nightly", "time_zone": "Europe/Berlin"}],
    },
}
""",
    "cli_schedules/tasks.py": """
def nightly():
    pass


def digest():
    raise ValueError("no sales\\nin any outlet")


def close_month():
    pass
""",
}
NIGHTLY, DIGEST, MONTH = (f"cli_schedules.tasks.{name}" for name in ("nightly", "digest", "close_month"))
WORKDAYS = f"{NIGHTLY} #2"

#: a Monday
NOON = "2030-01-14 12:00"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("schedules"))
    made.write(APP)
    sys.path.insert(0, str(made.folder))
    with travel_to(NOON):
        made.ok("new-site", "shop", "--install-app", "cli_schedules")
    yield made
    sys.path.remove(str(made.folder))


@pytest.fixture
def shop(original, tmp_path):
    """A copy of the site on which the app is installed, at noon of a Monday."""
    shutil.copytree(original.sites, tmp_path / "sites")
    with travel_to(NOON):
        yield Project(tmp_path)


def _sql(shop, statement):
    shop.ok("console", stdin=f"db.sql({statement!r})\ndb.commit()")


def _config(shop):
    return (shop.sites / "shop" / "site_config.json").read_text()


def _names(shop, *options):
    return [each["name"] for each in json.loads(shop.ok("scheduler", "list", "--json", *options))]


# list


def test_a_list_says_when_each_is_due(shop):
    head, *lines = [re.split(r"  +", line) for line in shop.ok("scheduler", "list").splitlines()]
    assert head == ["SCHEDULE", "WHEN", "QUEUE", "LAST", "STATUS", "NEXT"]
    assert lines == [
        [NIGHTLY, "daily", "default", "2030-01-15 00:00"],
        [WORKDAYS, "0 9 * * 1-5 (Europe/Berlin)", "default", "2030-01-15 08:00"],
        [DIGEST, "weekly", "default", "2030-01-20 00:00"],
        [MONTH, "monthly", "long", "2030-02-01 00:00"],
    ]


def test_scripts_get_times_with_their_offset(shop):
    found = {each["name"]: each for each in json.loads(shop.ok("scheduler", "list", "--json", "-n", "3"))}
    assert found[WORKDAYS]["next"] == [f"2030-01-{day}T08:00:00+00:00" for day in (15, 16, 17)]
    assert (found[WORKDAYS]["time_zone"], found[WORKDAYS]["catch_up"], found[WORKDAYS]["last"]) == (
        "Europe/Berlin",
        "once",
        None,
    )
    assert found[MONTH]["queue"] == "long"


def test_further_times_stand_below_the_first(shop):
    lines = shop.ok("scheduler", "list", "--times", "2").splitlines()
    assert lines[1].startswith(NIGHTLY)
    assert lines[2].split() == ["2030-01-16", "00:00"]


# status


def test_status_without_any_process_says_what_is_missing(shop):
    assert shop.ok("scheduler", "status").splitlines() == [
        "The scheduler of shop is enabled; nobody leads.",
        "No scheduler has ticked yet; a tick is due every 60 s.",
        "Schedules: 4 active, 0 stopped, 0 overdue.",
        f"{NIGHTLY} is due next, at 2030-01-15 00:00:00.",
        "",
        "- No scheduler runs: 4 schedules are to come, and nobody leads.",
        "  doclife scheduler, or doclife start; one tick by hand: doclife scheduler trigger",
    ]


def test_status_does_not_say_of_what_is_late_that_it_is_to_come(shop):
    with travel_to("2030-01-15 00:00"):
        assert f"{NIGHTLY} comes next, and was due at 2030-01-15 00:00:00." in shop.ok("scheduler", "status")


def test_status_gives_each_reason_its_command(shop):
    shop.ok("scheduler", "pause")
    shop.ok("scheduler", "disable", DIGEST)
    _sql(shop, "UPDATE `tabScheduled Job Type` SET next_execution = '2030-01-14 11:00' WHERE frequency = 'monthly'")
    found = json.loads(shop.ok("scheduler", "status", "--json"))
    assert (found["active"], found["stopped"], found["overdue"], found["switches"]) == (3, 1, 1, ["pause_scheduler"])
    assert found["first_overdue"] == {"name": MONTH, "method": MONTH, "at": "2030-01-14T11:00:00+00:00"}
    assert [(each["kind"], each["help"].partition(",")[0]) for each in found["reasons"]] == [
        ("pause_scheduler", "doclife scheduler resume"),
        ("no-scheduler", "doclife scheduler"),
        ("stopped", f"doclife scheduler enable {DIGEST}"),
    ]


def test_status_tells_when_hooks_and_rows_differ(shop):
    _sql(shop, "UPDATE `tabScheduled Job Type` SET cron_format = '0 8 * * *' WHERE frequency = 'cron'")
    why = json.loads(shop.ok("scheduler", "status", "--json"))["reasons"]
    (differs,) = [each for each in why if each["kind"] == "not-synced"]
    assert differs["what"] == "1 schedule is not as hooks and settings say"
    assert WORKDAYS in differs["why"]
    shop.ok("migrate")
    assert "not-synced" not in shop.ok("scheduler", "status", "--json")


def test_status_names_the_job_that_a_schedule_waits_for(shop):
    _sql(shop, "UPDATE `tabScheduled Job Type` SET stopped = 1 WHERE frequency != 'daily'")
    (started,) = json.loads(shop.ok("scheduler", "trigger", NIGHTLY, "--json"))["started"]
    why = json.loads(shop.ok("scheduler", "status", "--json"))["reasons"]
    (waits,) = [each for each in why if each["kind"] == "no-worker"]
    assert waits["help"] == "doclife worker --queue default"
    assert f"its job {started['job']} is queued since 2030-01-14 12:00:00" in waits["why"]


def test_status_names_the_job_on_account_of_which_a_run_was_left_out(shop):
    (started,) = json.loads(shop.ok("scheduler", "trigger", NIGHTLY, "--json"))["started"]
    # it was due at midnight, and would have run
    for since, is_reason in (("2030-01-14 00:00:00", False), ("2030-01-13 23:59:00", True)):
        _sql(shop, f"UPDATE `tabBackground Job` SET status = 'started', started_at = '{since}'")
        why = json.loads(shop.ok("scheduler", "status", "--json"))["reasons"]
        told = [each["why"] for each in why if each["kind"] == "overlap"]
        assert told == ([f"its job {started['job']} is started since {since}"] if is_reason else [])


def test_status_of_a_scheduler_that_runs(shop):
    site = load_site("shop", shop.sites)
    try:
        assert Lease(site.database, "scheduler", "host-7").hold()
        with travel_to("2030-01-14 11:59:30"):
            note_tick(site)
    finally:
        forget_site(site)
    assert shop.ok("scheduler", "status").splitlines() == [
        "The scheduler of shop is enabled; host-7 leads until 2030-01-14 12:00:20.",
        "Its last tick was at 2030-01-14 11:59:30, 30 s ago; a tick is due every 60 s.",
        "Schedules: 4 active, 0 stopped, 0 overdue.",
        f"{NIGHTLY} is due next, at 2030-01-15 00:00:00.",
        "",
        "Nothing keeps schedules from running.",
    ]


# pause, resume, disable, enable


@pytest.mark.parametrize(
    ("hold", "go_on", "setting", "was"),
    [
        ("pause", "resume", "pause_scheduler", "was paused already"),
        ("disable", "enable", "disable_scheduler", "was disabled already"),
    ],
)
def test_the_scheduler_of_a_site_is_held_and_goes_on(shop, hold, go_on, setting, was):
    shop.ok("scheduler", hold)
    assert json.loads(_config(shop))[setting] is True
    assert was in shop.ok("scheduler", hold)
    refused = shop.run("scheduler", "trigger", "daily")
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"Error: nothing is enqueued while {setting} is set: doclife scheduler {go_on}\n",
    )
    done = json.loads(shop.ok("scheduler", go_on, "--json"))
    assert done == {
        "site": "shop",
        "setting": setting,
        "value": False,
        "changed": True,
        "source": "default",
        "also_set": [],
    }
    assert setting not in _config(shop)


def test_what_the_environment_says_is_not_claimed_to_be_changed(shop, monkeypatch):
    monkeypatch.setenv("DOCLIFE_PAUSE_SCHEDULER", "1")
    before = _config(shop)
    done = shop.run("scheduler", "resume")
    assert done.exit_code == 1
    assert "pause_scheduler stays true: the variable DOCLIFE_PAUSE_SCHEDULER says so" in done.stderr
    assert _config(shop) == before
    assert shop.ok("scheduler", "pause") == "The scheduler of shop was paused already.\n"


def test_a_site_that_is_enabled_although_all_are_disabled_says_so_in_its_file(shop):
    (shop.sites / "common_site_config.json").write_text('{"disable_scheduler": true}')
    assert "for all sites that do not say otherwise" in shop.ok("scheduler", "disable")
    shop.ok("scheduler", "enable")
    assert json.loads(_config(shop))["disable_scheduler"] is False
    assert json.loads(shop.ok("scheduler", "status", "--json"))["switches"] == []


def test_it_is_held_and_goes_on_also_where_hooks_cannot_be_used(shop):
    (shop.sites / "shop" / "site_config.json").write_text('{"installed_apps": ["no_such_app"]}')
    assert shop.run("scheduler", "status").exit_code == 2
    for hold, go_on in (("pause", "resume"), ("disable", "resume")):
        assert shop.ok("scheduler", hold).startswith("The scheduler of shop is ")
        shop.ok("scheduler", go_on)
    assert json.loads(_config(shop)) == {"installed_apps": ["no_such_app"], "disable_scheduler": True}
    assert "no_such_app" in shop.run("scheduler", "enable").stderr


def test_what_was_missed_while_it_was_disabled_is_not_made_up_and_while_it_was_paused_is(shop):
    for hold, go_on, started in (("disable", "enable", []), ("pause", "resume", [WORKDAYS, NIGHTLY])):
        shop.ok("scheduler", hold)
        day = 16 if hold == "disable" else 17
        with travel_to(f"2030-01-{day} 01:00"):
            shop.ok("scheduler", go_on)
            done = json.loads(shop.ok("scheduler", "trigger", "--json"))["started"]
        assert [each["schedule"] for each in done] == started


def test_what_still_holds_it_is_said(shop):
    shop.ok("scheduler", "pause")
    shop.ok("scheduler", "disable")
    done = shop.run("scheduler", "enable")
    assert done.exit_code == 0
    assert "It enqueues nothing all the same: pause_scheduler is set" in done.stderr


def test_schedules_are_stopped_and_started_by_name_method_expression_and_word(shop):
    assert shop.ok("scheduler", "disable", "0 9  * * 1-5", DIGEST).splitlines() == [
        f"{WORKDAYS} is stopped: nothing enqueues it until it is enabled.",
        f"{DIGEST} is stopped: nothing enqueues it until it is enabled.",
    ]
    assert shop.ok("scheduler", "disable", DIGEST) == f"{DIGEST} was stopped already.\n"
    assert sorted(_names(shop)) == [MONTH, NIGHTLY]
    assert sorted(_names(shop, "--all")) == [MONTH, DIGEST, NIGHTLY, WORKDAYS]
    assert json.loads(shop.ok("scheduler", "enable", "cron", "weekly", "--json")) == [
        {"schedule": WORKDAYS, "stopped": False, "changed": True},
        {"schedule": DIGEST, "stopped": False, "changed": True},
    ]


@pytest.mark.parametrize("command", ["enable", "disable", "trigger"])
def test_a_word_that_means_nothing_changes_nothing(shop, command):
    done = shop.run("scheduler", command, NIGHTLY, "digest")
    assert done.exit_code == 2
    assert f"no schedule is meant by 'digest'. Did you mean '{DIGEST}'?" in done.stderr
    assert len(_names(shop)) == 4
    assert json.loads(shop.ok("jobs", "list", "--json")) == []


def test_a_word_under_which_nothing_is_declared_is_refused(shop):
    done = shop.run("scheduler", "disable", "hourly")
    assert done.exit_code == 2
    assert done.stderr == "Error: no schedule is declared as hourly; look at `doclife scheduler list`\n"


# trigger


def test_a_triggered_schedule_gets_its_job_and_keeps_its_time(shop):
    before = _names(shop)
    done = shop.run("scheduler", "trigger", MONTH)
    assert done.exit_code == 0
    (job,) = json.loads(shop.ok("jobs", "list", "--json"))
    assert done.stdout == f"{MONTH} is started: job {job['id']} in the queue long.\n"
    assert done.stderr == "No worker that runs serves the queue long: doclife worker --queue long\n"
    assert (job["method"], job["queue"], job["label"]) == (MONTH, "long", f"scheduled: {MONTH}")
    after = {each["name"]: each for each in json.loads(shop.ok("scheduler", "list", "--json"))}
    assert (after[MONTH]["next"], after[MONTH]["last"], after[MONTH]["last_status"]) == (
        ["2030-02-01T00:00:00+00:00"],
        "2030-01-14T12:00:00+00:00",
        "scheduled",
    )
    log = "print(get_doc('Scheduled Job Log', {!r}).triggered)".format(job["id"])
    assert shop.ok("console", stdin=log).strip() == "1"
    assert list(after) == before


def test_it_is_not_started_again_while_its_job_is_there(shop):
    (first,) = json.loads(shop.ok("scheduler", "trigger", MONTH, "--json"))["started"]
    with travel_to("2030-01-14 12:05"):
        again = shop.run("scheduler", "trigger", MONTH)
    assert again.exit_code == 1
    assert again.stderr.splitlines() == [
        f"{MONTH} is not started: its last job {first['job']} is queued since 2030-01-14 12:00:00.",
        "Error: nothing was started",
    ]


def test_a_word_starts_what_is_not_stopped_and_a_name_all(shop):
    shop.ok("scheduler", "disable", DIGEST)
    refused = shop.run("scheduler", "trigger", "weekly")
    assert refused.exit_code == 1
    assert "it is stopped; say its name" in refused.stderr
    done = json.loads(shop.ok("scheduler", "trigger", "daily", "weekly", "monthly", DIGEST, "--json"))
    assert [(each["schedule"], each["queue"]) for each in done["started"]] == [
        (NIGHTLY, "default"),
        (DIGEST, "default"),
    ]
    ((word, reason),) = [(each["schedule"], each["reason"]) for each in done["refused"]]
    assert (word, reason.partition(" (")[0]) == ("monthly", "no schedule is declared so")


def test_without_a_word_it_is_one_tick(shop):
    assert shop.ok("scheduler", "trigger") == "Nothing is due.\n"
    with travel_to("2030-01-15 00:00:05"):
        done = json.loads(shop.ok("scheduler", "trigger", "--json"))
        assert [each["schedule"] for each in done["started"]] == [NIGHTLY]
        found = {each["name"]: each for each in json.loads(shop.ok("scheduler", "list", "--json"))}
    assert found[NIGHTLY]["next"] == ["2030-01-16T00:00:00+00:00"]
    assert (found[NIGHTLY]["busy"]["status"], found[NIGHTLY]["busy"]["since"]) == (
        "queued",
        "2030-01-15T00:00:05+00:00",
    )


def test_its_jobs_are_waited_for(shop, monkeypatch):
    monkeypatch.setenv("DOCLIFE_QUEUE", "inline")  # they run with the commit
    site = load_site("shop", shop.sites)
    try:
        well = shop.run("scheduler", "trigger", NIGHTLY, "--wait", "5")
        assert (well.exit_code, well.stdout.splitlines()[1]) == (0, f"{NIGHTLY} has finished after 0.0 s.")
        badly = shop.run("scheduler", "trigger", DIGEST, "--wait", "5", "--json")
    finally:
        forget_site(site)
    assert badly.exit_code == 1
    (ended,) = json.loads(badly.stdout)["ended"]
    assert (ended["status"], ended["error"]) == ("failed", "ValueError: no sales")


def test_jobs_that_do_not_end_are_not_waited_for_longer(shop):
    done = shop.run("scheduler", "trigger", NIGHTLY, "--wait", "0")
    assert (done.exit_code, done.stdout.splitlines()[1]) == (1, f"{NIGHTLY} has not ended, its job is queued.")
    assert done.stderr.splitlines()[-1] == "Error: 1 of 1 have not finished well"


@pytest.mark.slow
def test_in_a_process_of_its_own(original):
    done = original.spawn("scheduler", "list", "--all")
    assert (done.returncode, done.stdout.splitlines()[0].split()[0]) == (0, "SCHEDULE")
    done = original.spawn("scheduler", "trigger", "nightli")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
