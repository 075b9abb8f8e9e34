"""Identifiers: UUID version 7 and the short hash names of documents."""

from __future__ import annotations

import os
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


_last_ms = 0
_counter = 0


def uuid7() -> uuid.UUID:
    """Returns a UUID version 7: ascending within a thread of this process.

    Source: RFC 9562 section 5.7 and 6.2 method 1 (a counter in rand_a keeps the order inside
    one millisecond). Python has `uuid.uuid7` only from 3.14.
    """
    global _last_ms, _counter
    random = int.from_bytes(os.urandom(10), "big")
    ms = time.time_ns() // 1_000_000
    if ms <= _last_ms:
        ms = _last_ms
        _counter += 1
        if _counter > 0xFFF:
            ms, _counter = ms + 1, 0
    else:
        _counter = random >> 71  # 9 random bits: room for 3,584 more in this millisecond
    _last_ms = ms
    value = (ms & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | _counter << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return uuid.UUID(int=value)
