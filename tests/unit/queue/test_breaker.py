"""The circuit breaker, with a clock that the test moves."""

from __future__ import annotations

import pytest

from doclife.core.errors import BrokerUnavailable
from doclife.queue.breaker import Breaker, BrokerRefuses


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(2.0, now=clock)


def fail(breaker: Breaker) -> None:
    with pytest.raises(BrokerUnavailable, match="no answer"), breaker.guard():
        raise BrokerUnavailable("no answer")


def refused(breaker: Breaker) -> bool:
    ran = False
    try:
        with breaker.guard():
            ran = True
    except BrokerUnavailable:
        assert not ran
        return True
    return False


def test_calls_pass_while_they_succeed(breaker: Breaker) -> None:
    assert not refused(breaker)
    assert not refused(breaker)
    assert not breaker.is_open


def test_after_a_failure_calls_are_refused_until_the_pause_is_over(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    assert breaker.is_open
    assert refused(breaker)
    clock.time += 1.99
    assert refused(breaker)
    clock.time += 0.02
    assert not refused(breaker)
    assert not breaker.is_open


def test_a_trial_that_fails_begins_the_next_pause(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.time += 2.5
    fail(breaker)
    clock.time += 1.9
    assert refused(breaker)
    clock.time += 0.2
    assert not refused(breaker)


def test_one_call_tries_while_the_others_are_refused(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.time += 2.5
    with breaker.guard():
        assert refused(breaker)
    assert not refused(breaker)


def test_the_refusal_says_why_and_when(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.time += 0.5
    with pytest.raises(BrokerUnavailable, match=r"no answer \(asked again in 1\.5 s\)") as caught, breaker.guard():
        pass
    assert caught.value.context == {"retry_after_s": 1.5}


def test_an_error_of_the_caller_does_not_open_it(breaker: Breaker) -> None:
    with pytest.raises(ZeroDivisionError), breaker.guard():
        _ = 1 / 0
    assert not breaker.is_open


def test_a_refusal_is_an_answer(breaker: Breaker) -> None:
    for _ in range(2):
        with pytest.raises(BrokerRefuses), breaker.guard():
            raise BrokerRefuses("its memory is full")
        assert not breaker.is_open
