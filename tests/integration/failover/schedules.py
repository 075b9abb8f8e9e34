"""The schedules of the failover suite, and when they are due: reckoned in seconds since 1970, without croniter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from doclife.core.context import ADMINISTRATOR
from tests.integration.failover import bodies


@dataclass(frozen=True)
class Entry:
    """One schedule."""

    name: str
    cron: str | None
    zone: str | None
    catch_up: str
    #: tells of a second since 1970 whether it is due
    matches: Callable[[int], bool]

    @property
    def is_all(self) -> bool:
        """Whether it comes with each tick."""
        return self.cron is None

    def after(self, seconds: float) -> int:
        """Returns the first second after a moment at which it is due."""
        second = int(seconds) + 1
        while not self.matches(second):
            second += 1
        return second

    def between(self, start: float, end: float) -> list[int]:
        """Returns the seconds after `start`, up to `end`, at which it is due."""
        return [second for second in range(int(start) + 1, int(end) + 1) if self.matches(second)]

    def row(self, now: float) -> dict[str, Any]:
        """Returns its row of tabScheduled Job Type, as a script's: sync leaves those alone."""
        moment = datetime.fromtimestamp(now, UTC)
        return {
            "name": self.name, "app": "doclife", "method": f"{bodies.__name__}.leave", "queue": "default",
            "frequency": "all" if self.is_all else "cron", "cron_format": self.cron, "time_zone": self.zone,
            "catch_up": self.catch_up, "server_script": "x", "owner": ADMINISTRATOR, "modified_by": ADMINISTRATOR,
            "creation": moment.replace(tzinfo=None), "modified": moment.replace(tzinfo=None),
            "next_execution": datetime.fromtimestamp(now if self.is_all else self.after(now), UTC),
        }  # fmt: skip


def _every(seconds: int) -> Callable[[int], bool]:
    return lambda second: second % seconds == 0


def _seventh(second: int) -> bool:
    """Seconds 0, 7, 14, ... 56 of each minute; the zones are whole minutes away from UTC, so it is the same there."""
    return second % 60 % 7 == 0


ENTRIES = (
    Entry("every 5 s, all", "* * * * * */5", None, "all", _every(5)),
    Entry("every 5 s, once", "* * * * * */5", None, "once", _every(5)),
    Entry("every 2 s, all", "* * * * * */2", None, "all", _every(2)),
    Entry("every 2 s, once", "* * * * * */2", None, "once", _every(2)),
    Entry("each 7th second in Kolkata, all", "* * * * * */7", "Asia/Kolkata", "all", _seventh),
    Entry("each 7th second in New York, once", "* * * * * */7", "America/New_York", "once", _seventh),
    Entry("each minute, all", "* * * * *", None, "all", _every(60)),
    Entry("each minute in Lord Howe, once", "* * * * *", "Australia/Lord_Howe", "once", _every(60)),
    Entry("each tick", None, None, "once", _every(1)),
)
