"""scheduler_events: what is read from hooks.py, and what is refused when the site loads."""

from __future__ import annotations

from types import ModuleType

import pytest

from doclife.core.errors import HookError, UnknownQueueError
from doclife.core.settings import Settings
from doclife.events.hooks import AppHooks
from doclife.scheduler.declarations import declared
from doclife.scheduler.sync import sync
from doclife.scheduler.tick import tick

NIGHTLY = "tests.unit.scheduler.bodies.nightly"
OTHER = "tests.unit.scheduler.bodies.other"


def _declared(events, app="tests"):
    return declared([AppHooks(app, {"scheduler_events": events}, ModuleType(app))], Settings())


def test_every_form_of_an_entry():
    found = _declared(
        {
            "all": NIGHTLY,
            "daily_long": [OTHER, {"method": NIGHTLY, "timeout": 60, "retries": 2, "catch_up": "all"}],
            "annual": [OTHER],
            "cron": {"0 */6 * * *": [NIGHTLY], "hourly": OTHER, "*/5 * * * *": {"method": OTHER, "queue": "short"}},
        }
    )
    shown = [(each.name.removeprefix("tests.unit.scheduler.bodies."), each.frequency, each.cron_format, each.queue)
             for each in found]  # fmt: skip
    assert shown == [
        ("nightly", "all", None, "default"),
        ("other", "daily", None, "long"),
        ("nightly #2", "daily", None, "long"),
        ("other #2", "yearly", None, "default"),
        ("nightly #3", "cron", "0 */6 * * *", "default"),
        ("other #3", "hourly", None, "default"),
        ("other #4", "cron", "*/5 * * * *", "short"),
    ]
    assert (found[2].timeout, found[2].retries, found[2].catch_up) == (60, 2, "all")


def test_an_app_that_schedules_anothers_function_has_rows_of_its_own():
    assert [each.name for each in _declared({"daily": NIGHTLY}, app="extra")] == [f"extra: {NIGHTLY}"]


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ({"dayly": NIGHTLY}, r"tests: scheduler_events\['dayly'\]: unknown frequency. Did you mean 'daily'"),
        ({"cron": {"61 * * * *": NIGHTLY}}, r"scheduler_events\['cron'\]\['61 \* \* \* \*'\]: .*not a cron expression"),
        ({"cron": {"1-1 * * * *": NIGHTLY}}, "from a value to itself"),
        ({"cron": [NIGHTLY]}, "must be a dict of cron expressions"),
        ({"daily": "tests.unit.scheduler.bodies.nihgtly"}, "Did you mean 'nightly'"),
        ({"daily": "tests.unit.scheduler.bodies.constant"}, "is not a function"),
        ({"daily": 3}, "an entry is a dotted path"),
        ({"daily": {"queue": "long"}}, "an entry is a dotted path"),
        ({"daily": {"method": NIGHTLY, "que": "long"}}, "unknown option 'que'. Did you mean 'queue'"),
        ({"daily": {"method": NIGHTLY, "timeout": 0}}, "timeout must be a whole number from 1 to 31622400, not 0"),
        ({"daily": {"method": NIGHTLY, "retries": "3"}}, "retries must be a whole number from 0 to 1000"),
        ({"daily": {"method": NIGHTLY, "retries": True}}, "retries must be a whole number"),
        ({"daily": {"method": NIGHTLY, "catch_up": "never"}}, "catch_up is one of once, all, skip"),
        ({"daily": {"method": NIGHTLY, "time_zone": "Mars"}}, "there is no time zone 'Mars'"),
        # which of several
        ({"daily": [OTHER, NIGHTLY, 3]}, r"tests: scheduler_events\['daily'\], entry 3: an entry is a dotted path"),
        (
            {"cron": {"@daily": (OTHER, {"method": NIGHTLY, "que": 1})}},
            r"tests: scheduler_events\['cron'\]\['@daily'\], entry 2: unknown option 'que'",
        ),
        ({"daily": [[NIGHTLY]]}, r"entry 1: an entry is a dotted path, or a dict with 'method', not \['tests"),
        ({"daily": {NIGHTLY}}, "an entry is a dotted path"),
        ({"daily": None}, "an entry is a dotted path, or a dict with 'method', not None"),
        ({"daily": ""}, "'' is not a dotted path"),
        # keys
        ({5: NIGHTLY}, r"tests: scheduler_events\[5\]: unknown frequency. Known: all, hourly"),
        ({("daily", "weekly"): NIGHTLY}, "unknown frequency"),
        ({"Daily": NIGHTLY}, "unknown frequency. Did you mean 'daily'"),
        ({"cron_long": {"0 0 * * *": NIGHTLY}}, "unknown frequency"),
        ({"cron": {5: NIGHTLY}}, r"scheduler_events\['cron'\]\[5\]: a cron expression is text, not 5"),
        ({"cron": {"anual": NIGHTLY}}, "Did you mean 'annual'"),
        ({"cron": {"@reboot": NIGHTLY}}, "of the words with @"),
        ({"cron": {",".join(map(str, range(60))) + " * * * *": NIGHTLY}}, "140 characters long at most"),
        ([NIGHTLY], "tests: scheduler_events must be a dict of frequencies, not list"),
        (None, "tests: scheduler_events must be a dict of frequencies, not NoneType"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(events, says):
    with pytest.raises(HookError, match=says):
        _declared(events)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("of_an_outlet", "is called without arguments, and needs outlet, month; give it defaults"),
        ("exposed_of_an_outlet", "is called without arguments, and needs outlet"),
        ("of_any_month", "is called without arguments, and needs month"),
        ("Report", "is a class, and to call it makes an object"),
        ("Report.of_this", "is called without arguments, and needs self"),
        ("later", "is async, and a worker calls plain functions"),
        ("later_with_a_limit", "is async"),
        ("one_by_one", "is a generator, whose call runs nothing"),
        ("one_by_one_later", "is async"),
    ],
)
def test_a_function_that_cannot_be_called_without_arguments_is_refused(name, says):
    path = f"tests.unit.scheduler.bodies.{name}"
    where = rf"tests: scheduler_events\['cron'\]\['\*/5 \* \* \* \*'\], entry 2: '?{path}"
    with pytest.raises(HookError, match=f"{where}.*{says}"):
        _declared({"cron": {"*/5 * * * *": [NIGHTLY, path]}})


@pytest.mark.parametrize(
    "name", ["exposed", "given_its_outlet", "of_berlin", "report", "Report.of_all", "Report.of_its_kind"]
)
def test_what_can_be_called_without_arguments_is_accepted(name):
    assert len(_declared({"daily": f"tests.unit.scheduler.bodies.{name}"})) == 1


@pytest.mark.parametrize("word", ["hourly", "daily", "weekly", "monthly", "yearly", "annual", "all"])
def test_each_word_stands_at_the_top_and_in_cron_and_ends_in_long_for_the_long_queue(word):
    found = _declared(
        {word: NIGHTLY, f"{word}_long": [NIGHTLY], "cron": {word: NIGHTLY, f" {word.title()}_LONG ": NIGHTLY}}
    )
    frequency = "yearly" if word == "annual" else word
    assert [(each.frequency, each.cron_format, each.queue, each.entry) for each in found] == [
        (frequency, None, "default", 1),
        (frequency, None, "long", 2),
        (frequency, None, "default", 3),
        (frequency, None, "long", 4),
    ]


def test_options_of_an_entry_win_over_its_word_and_none_is_as_good_as_left_out():
    entry = {"method": NIGHTLY, "queue": "short", "time_zone": "Asia/Kolkata", "timeout": None, "retries": None}
    unset = {"method": OTHER, "queue": None, "catch_up": None, "time_zone": None}
    short, long = _declared({"daily_long": [entry, unset]})
    assert (short.queue, short.time_zone, short.timeout, short.retries) == ("short", "Asia/Kolkata", None, 0)
    assert (long.queue, long.time_zone, long.retries, long.catch_up) == ("long", None, 0, None)


def test_apps_come_in_install_order_and_a_key_without_entries_is_none():
    events = [{"daily": [NIGHTLY], "weekly": []}, {"cron": {}, "daily": (OTHER,)}, {}, {"hourly": [NIGHTLY, NIGHTLY]}]
    apps = [AppHooks(f"app{n}", {"scheduler_events": each}, ModuleType(f"app{n}")) for n, each in enumerate(events)]
    assert [each.name for each in declared(apps, Settings())] == [
        f"app0: {NIGHTLY}", f"app1: {OTHER}", f"app3: {NIGHTLY}", f"app3: {NIGHTLY} #2",
    ]  # fmt: skip
    assert declared([AppHooks("bare", {}, ModuleType("bare"))], Settings()) == []


def test_croniters_words_are_kept_as_fields_and_h_as_it_is():
    found = _declared({"cron": {"@Hourly": NIGHTLY, " H  3 * * * ": NIGHTLY}})
    assert [(each.frequency, each.cron_format) for each in found] == [("cron", "0 * * * *"), ("cron", "H 3 * * *")]


def test_an_unknown_queue_is_named_with_the_nearest():
    with pytest.raises(UnknownQueueError, match=r"there is no queue 'lnog'\. Did you mean 'long'"):
        _declared({"daily": {"method": NIGHTLY, "queue": "lnog"}})
    with pytest.raises(UnknownQueueError, match=r"there is no queue \['long'\]"):
        _declared({"daily": {"method": NIGHTLY, "queue": ["long"]}})


def test_an_idle_tick_is_one_query(site):
    from doclife.testing import capture_statements

    site.use_hooks("tests", {"scheduler_events": {"cron": {f"{n} 0 * * *": NIGHTLY for n in range(50)}}})
    assert sync(site) == 50
    with capture_statements() as statements:
        assert not tick(site).fired
    assert len(statements) == 1
