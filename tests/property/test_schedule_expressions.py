"""Whatever text is given for an expression: it is refused, or its times are in order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from doclife.core.errors import ValidationError
from doclife.scheduler import next_times
from doclife.scheduler.times import cron_of

_FIELD = st.one_of(
    st.just("*"),
    st.integers(0, 70).map(str),
    st.text("0123456789*/-,#LWHR()?", min_size=1, max_size=7),
    st.sampled_from(
        ["*/5", "1-5", "jan-mar", "MON", "fri#2", "L", "L3", "15W", "H", "H(0-9)", "H/7", "?", "22-2", "0-7"]
    ),
)
_EXPRESSIONS = st.one_of(st.lists(_FIELD, min_size=4, max_size=8).map(" ".join), st.text(max_size=12))
_ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"])
_STARTS = st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@settings(max_examples=150, deadline=None)
@given(_EXPRESSIONS, _ZONES, _STARTS)
def test_an_expression_is_refused_or_has_times_in_order(expression, zone, start):
    try:
        found = next_times(expression, zone, start, 4, spread_by="a.example/app.tasks.nightly")
    except ValidationError:
        return
    assert len(found) == 4 or len(expression.split()) == 7  # one without years has no end
    moments = [start, *(each.astimezone(UTC) for each in found)]
    assert all(before < after for before, after in pairwise(moments))
    assert next_times(cron_of(expression), zone, start, 4, spread_by="a.example/app.tasks.nightly") == found
