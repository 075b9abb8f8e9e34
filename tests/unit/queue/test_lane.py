"""The lane: what commits wait for, what they do not, and what becomes of a server that says nothing."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doclife.core.clock import monotonic
from doclife.core.errors import BrokerUnavailable
from doclife.queue.lane import Lane

ROOT = Path(__file__).parents[3]


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane("test", 0.1)
    yield lane
    lane.close(10)  # another test counts threads


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a call waits for that gets no answer."""
    gate = threading.Event()
    yield gate
    gate.set()


def hang(gate: threading.Event) -> int:
    gate.wait(30)
    return 1


def noting(made: list[int], number: int) -> Callable[[], int]:
    """Returns a call that leaves its number."""

    def call() -> int:
        made.append(number)
        return 0

    return call


def threads() -> int:
    return [each.name for each in threading.enumerate()].count("test")


def fail() -> int:
    raise BrokerUnavailable("refused")


def test_the_answers_are_added_up(lane: Lane) -> None:
    assert lane.ask([lambda: 2, lambda: 0, lambda: 3]) == 5


def test_calls_are_made_in_the_order_given(lane: Lane) -> None:
    made: list[int] = []
    lane.send(noting(made, 1))
    lane.send(noting(made, 2))
    lane.ask([noting(made, 3)])
    assert made == [1, 2, 3]


def test_an_error_is_raised_where_the_order_came_from_and_the_lane_goes_on(lane: Lane) -> None:
    made: list[int] = []
    with pytest.raises(BrokerUnavailable, match="refused"):
        lane.ask([lambda: 1, fail, noting(made, 1)])
    assert made == [], "what follows a failure is not asked"
    with pytest.raises(ZeroDivisionError):
        lane.ask([lambda: 1 // 0])
    assert lane.ask([lambda: 7]) == 7


def test_silence_is_an_outage_after_the_patience(lane: Lane, gate: threading.Event) -> None:
    start = monotonic()
    with pytest.raises(BrokerUnavailable, match="no answer within 100 ms"):
        lane.ask([lambda: hang(gate)])
    assert monotonic() - start >= 0.1


def test_while_a_call_hangs_others_do_not_wait(lane: Lane, gate: threading.Event) -> None:
    with pytest.raises(BrokerUnavailable):
        lane.ask([lambda: hang(gate)])
    start = monotonic()
    for _ in range(100):
        with pytest.raises(BrokerUnavailable, match="what was asked before"):
            lane.ask([lambda: 1])
        with pytest.raises(BrokerUnavailable, match="what was asked before"):
            lane.send(lambda: 1)
    assert monotonic() - start < 0.1
    gate.set()


def test_a_server_that_answers_is_waited_for_no_longer_but_is_not_down(lane: Lane, gate: threading.Event) -> None:
    made: list[int] = []
    start = monotonic()
    told = lane.ask([lambda: 2, lambda: hang(gate), noting(made, 3)])
    assert monotonic() - start < 1
    assert told == 2
    gate.set()
    lane.close(10)
    assert made == [3], "the rest follows behind"


def test_what_waits_behind_a_long_order_is_no_outage(lane: Lane, gate: threading.Event) -> None:
    half = threading.Event()
    lane.send(lambda: half.wait(0.05) or 0)
    first = threading.Thread(target=lane.ask, args=([lambda: half.wait(0.05) or 0] * 8,))
    first.start()
    assert lane.ask([lambda: 1]) in (0, 1)
    first.join()


def test_a_lane_that_was_not_used_has_no_thread(lane: Lane) -> None:
    assert threads() == 0
    lane.ask([lambda: 1])
    assert threads() == 1
    lane.close(10)
    assert threads() == 0
    assert lane.ask([lambda: 1]) == 1, "it can be used again"


IN_A_CHILD = """
import os
from doclife.queue.lane import Lane
lane = Lane("test", 0.25)
lane.send(lambda: print("sent", flush=True) or 0)
assert lane.ask([lambda: 1]) == 1
if os.fork() == 0:
    print("child", lane.ask([lambda: 2]), flush=True)
    lane.close()
    os._exit(0)
assert os.wait()[1] == 0
print("parent", lane.ask([lambda: 3]), flush=True)
lane.send(lambda: print("at the end", flush=True) or 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_has_a_lane_of_its_own_and_the_end_waits_for_what_was_sent() -> None:
    done = subprocess.run([sys.executable, "-c", IN_A_CHILD], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["sent", "child 2", "parent 3", "at the end"], done.stderr
    assert done.returncode == 0


def test_what_has_ended_is_not_kept(lane: Lane) -> None:
    ended = []
    for n in range(3):
        assert lane.ask([lambda n=n: n]) == n
        ended.append(weakref.ref(lane._running))
        lane.close()
    gc.collect()
    assert [each() for each in ended] == [None, None, None]
