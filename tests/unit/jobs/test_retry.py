"""Delays between the runs of a job."""

from __future__ import annotations

import pytest

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


def test_a_great_number_of_failures_is_capped():
    assert Retry(jitter=False).delay(5000) == 600


def test_a_policy_survives_its_row():
    retry = Retry(max=2, base=0.5)
    assert from_row(policy(retry)) == retry
    assert from_row(None) is None
    assert policy(None) is policy(0) is None


def test_a_job_may_ask_for_a_delay():
    assert RetryJob("busy", after=30).after == 30
    assert str(RetryJob(after=1)) == "The job asks to be run again later."
