"""Which jobs are meant: the conditions that lists, retries, cancels and purges share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import ColumnElement, and_, or_

from doclife.core import clock
from doclife.core.errors import ValidationError, nearest
from doclife.schema.tables import background_job

STATUSES = ("queued", "started", "finished", "failed", "cancelled")
#: of queued jobs those whose time has not come: no status of the row, but a way to ask
SCHEDULED = "scheduled"

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw]?)")

_job = background_job.c


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that all have to hold; without any it means every job."""

    #: one or several of STATUSES, or "scheduled"; none: all
    status: Sequence[str] = ()
    queue: str | None = None
    #: dotted path, or the beginning of one that ends with `*`
    method: str | None = None
    #: as whom it runs
    user: str | None = None
    #: its job_id or job_name; also of a job that has ended
    key: str | None = None
    #: seconds since it was enqueued: at least, at most
    older_than: float | None = None
    newer_than: float | None = None
    #: seconds since it ended, at least
    ended_before: float | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Returns the conditions in SQL.

        Raises:
            ValidationError: there is no such status.
        """
        now = clock.utc_now()
        found: list[ColumnElement[bool]] = []
        if self.status:
            found.append(or_(*(_of_status(each) for each in dict.fromkeys(self.status))))
        if self.queue is not None:
            found.append(_job.queue == self.queue)
        if self.method is not None:
            by_prefix = self.method.endswith("*")
            found.append(
                _job.method.startswith(self.method[:-1], autoescape=True) if by_prefix else _job.method == self.method
            )
        if self.user is not None:
            found.append(_job.run_as == self.user)
        if self.key is not None:
            found.append(or_(_job.dedup_key == self.key, _job.ended_key == self.key, _job.label == self.key))
        if self.older_than is not None:
            found.append(_job.enqueued_at <= now - timedelta(seconds=self.older_than))
        if self.newer_than is not None:
            found.append(_job.enqueued_at >= now - timedelta(seconds=self.newer_than))
        if self.ended_before is not None:
            found.append(_job.ended_at <= now - timedelta(seconds=self.ended_before))
        return found


def _of_status(status: str) -> ColumnElement[bool]:
    if status == SCHEDULED:
        return and_(_job.status == "queued", _job.run_at > clock.utc_now())
    if status not in STATUSES:
        known = (*STATUSES, SCHEDULED)
        raise ValidationError(f"there is no status {status!r}.{nearest(status, known)} Statuses: {', '.join(known)}")
    return _job.status == status


def seconds_of(text: str) -> float:
    """Returns the seconds of a duration like 90, 90s, 15m, 1.5h, 2d or 1w.

    Raises:
        ValidationError: it is none.
    """
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise ValidationError(f"{text!r} is no duration; write a number and s, m, h, d or w, as in 90s, 15m, 1.5h, 2d")
    return float(match[1]) * _UNITS[match[2] or "s"]
