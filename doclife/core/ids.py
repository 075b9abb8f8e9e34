"""Identifiers: UUID version 7 and the short hash names of documents."""

from __future__ import annotations

import os
import threading
import time
import uuid
from itertools import count

#: RFC 4648 base 32 "extended hex", lower case: its order is the order of the numbers
_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)

_serial = count()


def reseed_hash_names() -> None:
    """Starts this process's run of hash names at a new random place.

    Called in a forked child, and by an insert that met a name that exists already.
    """
    global _serial
    _serial = count(int.from_bytes(os.urandom(4), "big"))


os.register_at_fork(after_in_child=reseed_hash_names)
reseed_hash_names()


def hash_name() -> str:
    """Returns a document name: 10 lower-case base-32 characters, ascending within a process.

    20 bits are the time in units of 2**41 ns (37 minutes; they wrap after 73 years), 30 bits are
    a serial number that begins at a random place in each process. So one process never meets its
    own names, neighbours in time are neighbours in the index, and two processes collide only
    where their runs overlap, which `insert` answers by `reseed_hash_names` and another name.
    Source: reference 2.2, row "hash".
    """
    value = (time.time_ns() >> 41 & 0xFFFFF) << 30 | next(_serial) & 0x3FFFFFFF
    pairs = _PAIRS
    return (
        pairs[value >> 40]
        + pairs[value >> 30 & 1023]
        + pairs[value >> 20 & 1023]
        + pairs[value >> 10 & 1023]
        + pairs[value & 1023]
    )


class _Uuid7State(threading.local):
    """Where a thread's UUIDs stand: one state for all threads could go back between two of them."""

    last_ms = 0
    counter = 0


_uuid7 = _Uuid7State()


def uuid7() -> uuid.UUID:
    """Returns a UUID version 7: ascending within a thread of this process.

    Source: RFC 9562 section 5.7 and 6.2 method 1 (a counter in rand_a keeps the order inside
    one millisecond). Python has `uuid.uuid7` only from 3.14.
    """
    random = int.from_bytes(os.urandom(10), "big")
    ms = time.time_ns() // 1_000_000
    state = _uuid7
    if ms <= state.last_ms:
        ms = state.last_ms
        counter = state.counter + 1
        if counter > 0xFFF:
            ms, counter = ms + 1, 0
    else:
        counter = random >> 71  # 9 random bits: room for 3,584 more in this millisecond
    state.last_ms, state.counter = ms, counter
    value = (ms & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return uuid.UUID(int=value)
