"""Delays between the runs of a job."""

from __future__ import annotations

import math
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doclife.core.errors import JobArgumentError
from doclife.jobs.retry import Retry, RetryJob, from_row, policy


@pytest.mark.parametrize(
    ("retry", "delays"),
    [
        (Retry(jitter=False), [2, 4, 8, 16, 32]),
        (Retry(jitter=False, base=100, cap=250), [100, 200, 250, 250, 250]),
        (Retry(jitter=False, backoff="linear", base=3), [3, 6, 9, 12, 15]),
        (Retry(jitter=False, backoff="fixed", base=7), [7, 7, 7, 7, 7]),
    ],
)
def test_delays_grow_as_the_policy_says(retry, delays):
    assert [retry.delay(n) for n in range(1, 6)] == delays


def test_jitter_spreads_by_half_in_both_directions():
    delays = [Retry(base=10, backoff="fixed").delay(1) for _ in range(300)]
    assert 5 <= min(delays) < 6
    assert 14 < max(delays) <= 15


@given(
    backoff=st.sampled_from(["exponential", "linear", "fixed"]),
    base=st.floats(0, 1e5),
    cap=st.floats(0, 1e6),
    failures=st.integers(1, 300),
)
def test_delays_are_those_of_the_formula(backoff, base, cap, failures):
    exact = Fraction(base) * {"exponential": 2 ** (failures - 1), "linear": failures, "fixed": 1}[backoff]
    wanted = min(exact, Fraction(cap))
    plain = Retry(backoff=backoff, base=base, cap=cap, jitter=False).delay(failures)
    assert math.isclose(plain, float(wanted), rel_tol=1e-12)
    spread = Retry(backoff=backoff, base=base, cap=cap).delay(failures)
    assert float(wanted) / 2 * (1 - 1e-12) <= spread <= min(float(wanted) * 1.5, cap) * (1 + 1e-12)


def test_what_has_reached_the_cap_is_spread_below_it():
    delays = [Retry(base=600).delay(1) for _ in range(300)]
    assert 300 <= min(delays) < 330
    assert 570 < max(delays) <= 600


@pytest.mark.parametrize(
    "after", [-1, "30", None, True, math.nan, math.inf, timedelta(days=400), timedelta(seconds=-1)]
)
def test_a_delay_that_makes_no_sense_is_refused_where_it_is_asked_for(after):
    with pytest.raises(JobArgumentError, match="give seconds"):
        RetryJob(after=after)


def test_a_great_number_of_failures_is_capped():
    assert Retry(jitter=False).delay(5000) == 600


def test_a_policy_survives_its_row():
    retry = Retry(max=2, base=0.5)
    assert from_row(policy(retry)) == retry
    assert from_row(None) is None
    assert policy(None) is policy(0) is None


def test_a_job_may_ask_for_a_delay():
    assert RetryJob("busy", after=30).after == 30
    assert RetryJob("busy", after=timedelta(minutes=2)).after == 120
    assert str(RetryJob(after=1)) == "The job asks to be run again later."
