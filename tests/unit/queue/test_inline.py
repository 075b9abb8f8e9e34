"""The inline broker runs what is released, in order and without nesting."""

from __future__ import annotations

import pytest

from doclife.queue import Ticket
from doclife.queue.inline import InlineBroker


@pytest.fixture
def broker() -> InlineBroker:
    return InlineBroker("site1")


def test_release_runs_each_job_before_it_returns(broker: InlineBroker) -> None:
    ran: list[str] = []
    broker.set_runner(ran.append)
    assert broker.release([Ticket("a"), Ticket("b", "long"), Ticket("c")]) == 3
    assert ran == ["a", "b", "c"]
    assert broker.unregister_worker("inline") == []


def test_jobs_that_a_job_releases_run_after_it(broker: InlineBroker) -> None:
    steps: list[str] = []

    def run(id: str) -> None:
        steps.append(f"{id} begins")
        if id == "a":
            broker.release([Ticket("c"), Ticket("d", "long")])
        steps.append(f"{id} ends")

    broker.set_runner(run)
    broker.release([Ticket("a"), Ticket("b")])
    assert steps == [f"{id} {what}" for id in "abcd" for what in ("begins", "ends")]


def test_without_a_runner_ids_wait_for_it(broker: InlineBroker) -> None:
    broker.release([Ticket("a")])
    ran: list[str] = []
    broker.set_runner(ran.append)
    broker.release([Ticket("b")])
    assert ran == ["a", "b"]


def test_an_error_of_the_runner_reaches_the_caller_and_leaves_the_rest(broker: InlineBroker) -> None:
    ran: list[str] = []

    def run(id: str) -> None:
        if id == "bad":
            raise ZeroDivisionError
        ran.append(id)

    broker.set_runner(run)
    with pytest.raises(ZeroDivisionError):
        broker.release([Ticket("bad"), Ticket("good")])
    assert broker.depth("default") == 1
    broker.release([Ticket("next")])
    assert ran == ["good", "next"]
