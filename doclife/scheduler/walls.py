"""Wall times and moments: when a clock of a zone shows a time, and what it never shows or shows twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

SECOND = timedelta(seconds=1)


def wall_time(moment: datetime, zone: tzinfo) -> datetime:
    """Returns what a clock of the zone shows at a moment, as a naive datetime."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def moments(wall: datetime, zone: tzinfo) -> list[datetime]:
    """Returns the moments in UTC at which a clock of the zone shows a naive time: one, two, or none in a gap.

    Source: PEP 495. A time that is shown twice has the earlier offset at fold 0; one that is never
    shown does not come back from UTC as it was.
    """
    found: list[datetime] = []
    for fold in (0, 1):
        moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment not in found and wall_time(moment, zone) == wall:
            found.append(moment)
    return found


def put_forward(wall: datetime, zone: tzinfo) -> datetime:
    """Returns the moment at which the clock was put forward over a time that it never shows, in UTC."""
    earlier, later = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    return _change(earlier, later, zone)


def put_back(moment: datetime, zone: tzinfo) -> datetime | None:
    """Returns the moment at which the clock will show again what it shows at this one, or less, in UTC.

    Args:
        moment: in UTC.
    Returns:
        When the clock is put back; None where it does not show this time again.
    """
    local = moment.astimezone(zone)
    if local.fold or local.utcoffset() == local.replace(fold=1).utcoffset():
        return None
    return _change(moment, local.replace(fold=1).astimezone(UTC), zone)


def _change(earlier: datetime, later: datetime, zone: tzinfo) -> datetime:
    """Returns the first moment of another offset, to the second; there is one change between the two."""
    offset = earlier.astimezone(zone).utcoffset()
    while later - earlier > SECOND:
        middle = earlier + timedelta(seconds=(later - earlier) // SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            earlier = middle
        else:
            later = middle
    return later
