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
        ({"daily": {"method": NIGHTLY, "timeout": 0}}, "timeout must be a number, at least 1"),
        ({"daily": {"method": NIGHTLY, "retries": "3"}}, "retries must be a number"),
        ({"daily": {"method": NIGHTLY, "catch_up": "never"}}, "catch_up is one of once, all, skip"),
        ({"daily": {"method": NIGHTLY, "time_zone": "Mars"}}, "there is no time zone 'Mars'"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(events, says):
    with pytest.raises(HookError, match=says):
        _declared(events)


def test_an_unknown_queue_is_named_with_the_nearest():
    with pytest.raises(UnknownQueueError, match=r"there is no queue 'lnog'\. Did you mean 'long'"):
        _declared({"daily": {"method": NIGHTLY, "queue": "lnog"}})


def test_an_idle_tick_is_one_query(site):
    from doclife.testing import capture_statements

    site.use_hooks("tests", {"scheduler_events": {"cron": {f"{n} 0 * * *": NIGHTLY for n in range(50)}}})
    assert sync(site) == 50
    with capture_statements() as statements:
        assert not tick(site).fired
    assert len(statements) == 1
