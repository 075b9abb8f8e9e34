"""Leases on every database: one leads, until it ends, dies or is late."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from doclife.core import clock
from doclife.core.errors import DatabaseUnavailable
from doclife.outbox.leases import Lease
from doclife.outbox.moments import note, noted


def test_of_many_that_want_a_lease_one_gets_it(outbox):
    start = threading.Barrier(4)

    def want(holder):
        lease = Lease(outbox.database, "relay", holder)
        start.wait()
        return lease.hold()

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(want, "abcd")) == [False, False, False, True]


def test_a_lease_passes_on_when_its_holder_is_late_and_he_notices(outbox):
    first, second = Lease(outbox.database, "relay", "a"), Lease(outbox.database, "relay", "b")
    assert first.hold()
    assert first.token == 1
    with clock.travel(by=timedelta(seconds=19)):
        assert not second.hold()
    with clock.travel(by=timedelta(seconds=21)):
        assert second.hold()
        assert second.token == 2
        assert not first.hold()
        assert first.token == 0


def test_a_renewed_lease_lasts_and_keeps_its_token(outbox):
    first, second = Lease(outbox.database, "relay", "a"), Lease(outbox.database, "relay", "b")
    assert first.hold()
    for seconds in (6, 12, 18, 24):
        with clock.travel(by=timedelta(seconds=seconds)):
            assert first.hold()
            assert not second.hold()
    assert first.token == 1


def test_a_lease_that_is_given_back_is_free_at_once(outbox):
    first, second = Lease(outbox.database, "relay", "a"), Lease(outbox.database, "relay", "b")
    assert first.hold()
    first.release()
    assert second.hold()
    first.release()  # of what it does not hold
    with clock.travel(by=timedelta(seconds=6)):
        assert second.hold()


def test_a_lease_of_a_time_that_the_clock_was_set_back_from_is_free(outbox):
    with clock.travel(by=timedelta(hours=1)):
        assert Lease(outbox.database, "relay", "dead").hold()
    with clock.travel(by=timedelta(seconds=3575)):  # it ends 45 seconds later
        assert Lease(outbox.database, "relay", "a").hold()


def test_a_lease_that_is_shortened_while_it_is_held_lasts_as_long_as_it_says(outbox):
    first, second = Lease(outbox.database, "relay", "a"), Lease(outbox.database, "relay", "b")
    assert first.hold()
    first.seconds = 4.0
    assert (first.renewal_s, first.renew(lambda connection: None)) == (1.0, True)
    assert 0 < first.left_s <= 1
    with clock.travel(by=timedelta(seconds=3)):
        assert not second.hold()
    with clock.travel(by=timedelta(seconds=5)):
        assert second.hold()


def test_what_is_written_with_a_renewal_is_written_by_who_holds_the_lease_alone(outbox):
    def also(connection):
        note(connection, "moment:x")

    first, second = Lease(outbox.database, "relay", "a"), Lease(outbox.database, "relay", "b")
    assert not first.renew(also)
    assert first.hold()
    with clock.travel(by=timedelta(seconds=21)):
        assert second.hold()
        assert not first.renew(also)
        assert first.token == 0
        assert noted(outbox.database, "moment:x") is None
        assert second.renew(also)
        assert noted(outbox.database, "moment:x") is not None


@pytest.mark.parametrize("seconds", [20, 4])
def test_who_cannot_renew_leads_until_the_lease_ends_and_tries_each_second(outbox, monkeypatch, seconds):
    lease = Lease(outbox.database, "relay", "a", seconds=seconds)
    assert lease.hold()
    tries = []

    def lost():
        tries.append(1)
        raise DatabaseUnavailable("the connection was lost")

    monkeypatch.setattr(outbox.database, "transaction", lost)
    with clock.travel(by=timedelta(seconds=seconds / 4 + 0.1)):
        assert lease.hold()
        assert lease.hold()
        assert len(tries) == 1
        with clock.travel(by=timedelta(seconds=1)):
            assert lease.hold()
        assert len(tries) == 2
    with clock.travel(by=timedelta(seconds=seconds + 1)):
        assert not lease.hold()
        monkeypatch.undo()
        assert lease.hold()
