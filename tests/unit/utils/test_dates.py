"""Now, and reading dates and times."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doclife import utils
from doclife.utils import InvalidValue, dates, get_datetime, get_time, getdate

MOMENT = dt.datetime(2026, 1, 31, 9, 30, 0, 250000)
DAY = dt.date(2026, 1, 31)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


@pytest.fixture
def clock_kept():
    """Puts the clock back that a site has registered in this process, for the tests that come after."""
    before = dates._now, dates._to_site
    yield
    utils.set_clock(*before)


@pytest.fixture
def at_moment(clock_kept):
    """The site's clock stands at MOMENT, and the site is in Berlin."""
    utils.set_clock(lambda: MOMENT, lambda moment: moment.astimezone(BERLIN).replace(tzinfo=None))


@pytest.mark.usefixtures("at_moment")
def test_now_in_all_its_forms():
    assert utils.now_datetime() == MOMENT
    assert utils.now() == "2026-01-31 09:30:00.250000"
    assert utils.nowdate() == utils.today() == "2026-01-31"
    assert utils.nowtime() == "09:30:00.250000"
    assert getdate() == getdate("") == DAY
    assert get_datetime() == MOMENT
    assert utils.get_datetime_str() == "2026-01-31 09:30:00.250000"
    assert utils.get_date_str() == "2026-01-31"
    assert utils.add_days(None, 1) == dt.datetime(2026, 2, 1, 9, 30, 0, 250000)


@pytest.mark.usefixtures("clock_kept")
def test_without_a_provider_now_is_the_machines_in_utc():
    utils.set_clock()
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    now = utils.now_datetime()
    assert before <= now <= dt.datetime.now(dt.UTC).replace(tzinfo=None)
    assert now.tzinfo is None


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31",
        " 2026-01-31 ",
        "20260131",
        "2026-01-31 23:59:59",
        "2026-01-31T23:59",
        "31 Jan 2026",
        "January 31, 2026",
        "1/31/2026 8:26",
        "31-01-2026",
        "2026/01/31",
        DAY,
        MOMENT,
    ],
    ids=repr,
)
def test_getdate_reads_texts_dates_and_datetimes(value):
    assert getdate(value) == DAY
    assert type(getdate(value)) is dt.date


def test_text_that_is_not_iso_is_month_first_unless_told_otherwise():
    assert getdate("01-02-2026") == dt.date(2026, 1, 2)
    assert getdate("01-02-2026", parse_day_first=True) == dt.date(2026, 2, 1)
    assert getdate("2026-01-02", parse_day_first=True) == dt.date(2026, 1, 2)
    assert get_datetime("01-02-2026 10:00", parse_day_first=True) == dt.datetime(2026, 2, 1, 10)


@pytest.mark.parametrize("text", ["0000-00-00", "0001-01-01", "0000-00-00 00:00:00", "0001-01-01 00:00:00"])
def test_the_zero_dates_of_old_databases_are_none(text):
    assert getdate(text) is None
    assert get_datetime(text) is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("abc", "'abc' is not a date"),
        ("2026-02-30", "'2026-02-30' is not a date"),
        ("   ", "is not a date"),
        ("2026-01", "year, month or day is missing"),
        ("31 Jan", "year, month or day is missing"),
        ("Friday", "year, month or day is missing"),
        ("10:30", "year, month or day is missing"),
        ("2026-01-31 10:00 XYZ", "time zone 'XYZ' is not known"),
        ("9" * 30, "is not a date"),
        (20260131, "20260131 is not a date"),
        ([2026, 1, 31], "is not a date"),
        (True, "True is not a date"),
    ],
)
def test_what_is_no_whole_date_is_refused(value, message):
    with pytest.raises(InvalidValue, match=message):
        getdate(value)


def test_a_refusal_is_a_value_error():
    with pytest.raises(ValueError, match="not a date"):
        getdate("abc")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31", dt.datetime(2026, 1, 31)),
        ("2026-01-31 09:30:00.25", MOMENT),
        ("2026-01-31T09:30:00.250000", MOMENT),
        ("31 January 2026 9:30 PM", dt.datetime(2026, 1, 31, 21, 30)),
        (DAY, dt.datetime(2026, 1, 31)),
        (MOMENT, MOMENT),
        ((2026, 1, 31, 9, 30), dt.datetime(2026, 1, 31, 9, 30)),
        ([2026, 1, 31], dt.datetime(2026, 1, 31)),
        ("", None),
    ],
    ids=repr,
)
def test_get_datetime(value, expected):
    assert get_datetime(value) == expected


@pytest.mark.parametrize("value", ["abc", "2026-01-31 25:00", (2026, 13, 1), (2026,), 5, dt.time(9, 30)], ids=repr)
def test_what_is_no_datetime_is_refused(value):
    with pytest.raises(InvalidValue):
        get_datetime(value)


@pytest.mark.usefixtures("at_moment")
def test_what_has_a_time_zone_becomes_site_time():
    late = dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)  # half past midnight in Berlin
    assert get_datetime(late) == dt.datetime(2026, 2, 1, 0, 30)
    assert getdate(late) == dt.date(2026, 2, 1)
    assert get_time(late) == dt.time(0, 30)
    assert get_datetime("2026-01-31T23:30:00Z") == dt.datetime(2026, 2, 1, 0, 30)
    assert getdate("2026-01-31T23:30:00-01:00") == dt.date(2026, 2, 1)
    assert get_datetime("31 Jan 2026 23:30 UTC") == dt.datetime(2026, 2, 1, 0, 30)
    assert get_datetime("31 Jan 2026 23:30 +0200") == dt.datetime(2026, 1, 31, 22, 30)


def test_without_a_site_it_becomes_utc():
    assert get_datetime("2026-07-01T12:00:00+02:00") == dt.datetime(2026, 7, 1, 10, 0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("09:30", dt.time(9, 30)),
        ("9:05", dt.time(9, 5)),
        ("9:05 PM", dt.time(21, 5)),
        ("09:30:15.5", dt.time(9, 30, 15, 500000)),
        ("2026-01-31 09:30", dt.time(9, 30)),
        ("09:30+02:00", dt.time(9, 30)),
        (MOMENT, dt.time(9, 30, 0, 250000)),
        (dt.time(9, 30, tzinfo=dt.UTC), dt.time(9, 30)),
        (dt.timedelta(hours=9, minutes=30), dt.time(9, 30)),
    ],
    ids=repr,
)
def test_get_time(value, expected):
    assert get_time(value) == expected


@pytest.mark.parametrize("value", ["abc", "25:00", "", dt.timedelta(days=1), dt.timedelta(-1), 930, None], ids=repr)
def test_what_is_no_time_of_day_is_refused(value):
    with pytest.raises(InvalidValue, match="time of day"):
        get_time(value)


def test_times_since_midnight():
    assert utils.to_timedelta("09:30") == utils.to_timedelta(dt.time(9, 30)) == dt.timedelta(hours=9.5)
    assert utils.to_timedelta(dt.timedelta(days=3)) == dt.timedelta(days=3)
    assert utils.get_time_str("9:30 PM") == "21:30:00.000000"


@given(st.datetimes())
def test_what_we_write_we_read(moment):
    if not str(moment).startswith("0001-01-01"):
        assert get_datetime(utils.get_datetime_str(moment)) == moment
        assert getdate(utils.get_date_str(moment)) == moment.date()
    assert get_time(utils.get_time_str(moment)) == moment.time()


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_refused(text):
    for read in (getdate, get_datetime, get_time):
        try:
            result = read(text)
        except InvalidValue:
            continue
        assert result is None or isinstance(result, (dt.date, dt.time))
