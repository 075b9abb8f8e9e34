"""UUIDs of version 7 and the short names of documents."""

import datetime as dt
import itertools
import subprocess
import sys
import threading
import uuid

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from doclife.core import ids

BASE32 = set("0123456789abcdefghijklmnopqrstuv")
moments = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2090, 1, 1), timezones=st.just(dt.UTC))


@pytest.fixture(autouse=True)
def _present():
    """Leaves no generator in the future for the tests that follow."""
    yield
    ids._uuid7.last_ms = 0


def test_a_uuid7_has_the_version_and_variant_of_rfc_9562():
    for value in (ids.uuid7() for _ in range(1000)):
        assert value.version == 7
        assert value.variant == uuid.RFC_4122
        assert value.int >> 62 & 0b11 == 0b10


@given(moments)
def test_its_first_48_bits_are_the_unix_time_in_milliseconds(moment):
    ids._uuid7.last_ms = 0  # another example may have been later
    with time_machine.travel(moment, tick=False):
        first = ids.uuid7()
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert first.int >> 80 == (moment - epoch) // dt.timedelta(milliseconds=1)


@given(st.lists(moments, min_size=2, max_size=20))
def test_uuid7_ascends_even_when_the_clock_goes_back(readings):
    made = []
    for moment in readings:
        with time_machine.travel(moment, tick=False):
            made += [ids.uuid7(), ids.uuid7()]
    assert all(a < b for a, b in itertools.pairwise(made))


def test_more_uuids_than_a_millisecond_can_count_still_ascend():
    with time_machine.travel(dt.datetime(2095, 1, 1, tzinfo=dt.UTC), tick=False):
        made = [ids.uuid7() for _ in range(10_000)]
    assert len(set(made)) == 10_000
    assert made == sorted(made)


def test_threads_never_share_a_uuid_and_each_sees_them_ascend():
    made: list[list[uuid.UUID]] = []
    barrier = threading.Barrier(4)

    def make() -> None:
        barrier.wait()
        made.append([ids.uuid7() for _ in range(2000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(itertools.chain(*made))) == 8000
    assert all(batch == sorted(batch) for batch in made)


def test_a_hash_name_is_ten_base_32_characters_and_they_ascend(monkeypatch):
    monkeypatch.setattr(ids, "_serial", itertools.count(1000))
    made = [ids.hash_name() for _ in range(5000)]
    assert all(len(name) == 10 and set(name) <= BASE32 for name in made)
    assert made == sorted(set(made))


@given(st.integers(0, 2**30 - 2), moments)
def test_a_hash_name_holds_time_and_serial_number(serial, moment):
    before, ids._serial = ids._serial, itertools.count(serial)
    try:
        with time_machine.travel(moment, tick=False):
            one, two = ids.hash_name(), ids.hash_name()
    finally:
        ids._serial = before
    nanoseconds = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) * 1000
    assert int(one, 32) == nanoseconds // 2**41 % 2**20 * 2**30 + serial
    assert int(two, 32) == int(one, 32) + 1


def test_reseeding_goes_on_elsewhere(monkeypatch):
    monkeypatch.setattr(ids, "_serial", itertools.count(0))
    before = int(ids.hash_name(), 32) % 2**30
    runs = set()
    for _ in range(4):
        ids.reseed_hash_names()
        runs.add(int(ids.hash_name(), 32) % 2**30)
    assert before == 0
    assert len(runs) > 1


def test_a_forked_child_does_not_go_on_with_its_parents_names():
    script = (
        "import os; from doclife.core.ids import hash_name; hash_name(); read, write = os.pipe()\n"
        "if os.fork() == 0: os.write(write, hash_name().encode()); os._exit(0)\n"
        "os.wait(); print(hash_name(), os.read(read, 10).decode())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    parent, child = done.stdout.split()
    assert parent != child
