"""`doclife.cache`: what it gives back, and what becomes of it while the broker is down."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

import doclife
from doclife.core import clock
from doclife.core.errors import BrokerUnavailable, DataError, ValidationError
from doclife.jobs.cache import KEEP_S, MOST_KEPT, cache
from doclife.testing import as_user

pytestmark = pytest.mark.one_database


def _later(seconds):
    return clock.travel(by=timedelta(seconds=seconds))


def test_it_is_callable_as_in_older_code(site):
    assert doclife.cache is cache
    assert doclife.cache() is cache


VALUES = [
    0,
    "",
    "text",
    [1, "a", None],
    {"a": {"b": 1.5}},
    date(2026, 1, 31),
    Decimal("1.10"),
    b"\xff",
    (1, 2),
    True,
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("down", [False, True])
def test_values_come_back_as_what_they_were(site, value, down):
    site.broker.down = down
    cache.set_value("k", value)
    assert cache.get_value("k") == value
    assert type(cache.get_value("k")) is type(value)
    cache.hset("h", "f", value)
    assert cache.hget("h", "f") == value
    assert cache.hgetall("h") == {"f": value}


def test_what_a_caller_does_to_a_value_no_other_sees(site):
    cache.set_value("k", {"n": [1]})
    cache.get_value("k")["n"].append(2)
    assert cache.get_value("k") == {"n": [1]}


def test_a_generator_makes_what_is_not_there_once(site):
    made = []

    def make():
        made.append(1)
        return len(made)

    assert [cache.get_value("k", make), cache.get_value("k", make), cache.get_value("k", generator=make)] == [1] * 3
    assert [cache.hget("h", "f", make), cache.hget("h", "f", make)] == [2, 2]
    assert cache.get_value("none", lambda: None) is None
    assert cache.get_value("none", lambda: "later") == "later"


def test_values_of_a_user_stand_apart(site):
    cache.set_value("k", "all")
    cache.set_value("k", "guest", user="Guest")
    assert (cache.get_value("k"), cache.get_value("k", user=True)) == ("all", None)
    with as_user("Guest"):
        assert cache.get_value("k", user=True) == "guest"
    cache.delete_value("k", user="Guest")
    assert (cache.get_value("k"), cache.get_value("k", user="Guest")) == ("all", None)


@pytest.mark.parametrize("down", [False, True])
def test_times(site, down):
    site.broker.down = down
    cache.set_value("short", 1, expires_in_sec=10)
    cache.set_value("delta", 1, expires_in_sec=timedelta(seconds=10))
    cache.set_value("day", 1)
    cache.set("raw", "1", ex=10)
    cache.set("for ever", "1")
    cache.setex("older", 10, "1")
    cache.set("expires", "1")
    assert cache.expire("expires", 10) is True
    assert cache.expire("nothing", 10) is False
    with _later(9):
        assert cache.exists("short", "delta", "raw", "older", "expires") == 5
    with _later(11):
        assert cache.exists("short", "delta", "raw", "older", "expires") == 0
        assert cache.get_value("short", expires=True) is None
        assert cache.get_value("day") == 1
    with _later(KEEP_S + 1):
        assert (cache.get_value("day"), cache.get("for ever")) == (None, b"1")


def test_a_rollback_undoes_nothing(site):
    cache.set_value("k", 1)
    doclife.rollback()
    assert cache.get_value("k") == 1


def test_deleting(site):
    for key in ("a", "b", "c", "report:1", "report:2"):
        cache.set_value(key, key)
    cache.delete_value("a")
    cache.delete_value(["b", "missing"])
    cache.delete_keys("report:")
    assert [cache.get_value(key) for key in ("a", "b", "c", "report:1", "report:2")] == [None, None, "c", None, None]
    cache.hset("h", "x", 1)
    cache.hset("h", "y", 2)
    assert cache.hkeys("h") == ["x", "y"]
    cache.hdel("h", "x")
    assert (cache.hexists("h", "x"), cache.hexists("h", "y")) == (False, True)
    cache.hdel("h", ["y"])
    assert cache.hgetall("h") == {}


def test_raw_values_are_bytes_as_redis_has_them(site):
    assert cache.set("k", "é") is True
    assert cache.get("k") == "é".encode()
    assert (cache.set("k", 5), cache.get("k"), cache.incr("k"), cache.incr("k", 4)) == (True, b"5", 6, 10)
    assert cache.set("k", b"\xff", nx=True) is None
    assert (cache.setnx("k", 1), cache.setnx("new", 1)) == (False, True)
    assert cache.set("absent", 1, xx=True) is None
    assert (cache.delete("k", "new", "absent"), cache.exists("k", "new")) == (2, 0)


def test_the_lock_of_the_tutorials(site):
    def with_lock(key, ttl=300):
        return bool(doclife.cache().set(key, "1", nx=True, ex=ttl))

    assert [with_lock("job"), with_lock("job")] == [True, False]
    doclife.cache().delete("job")
    assert with_lock("job")
    with _later(301):
        assert with_lock("job")


# while the broker is down


def test_a_context_sees_what_it_has_set_and_the_next_one_does_not(committed_site):
    site = committed_site
    with site.work():
        cache.set_value("before", 1)
        site.broker.down = True
        cache.set_value("k", 2)
        cache.hset("h", "f", 3)
        cache.set("raw", "4")
        assert [cache.get_value("before"), cache.get_value("k"), cache.hget("h", "f"), cache.get("raw")] == [
            1,
            2,
            3,
            b"4",
        ]
        assert cache.exists("before", "k", "raw", "h", "nothing") == 4
        assert cache.delete("k", "nothing") == 1
        assert cache.get_value("k") is None
        cache.hdel("h", "f")
        assert cache.hgetall("h") == {}
    with site.work():
        assert [cache.get_value("before"), cache.get_value("k"), cache.get("raw")] == [None, None, None]


def test_what_was_set_in_vain_counts_in_its_context_when_the_broker_is_back(site):
    cache.set_value("k", "old")
    cache.set_value("gone", 1)
    cache.hset("h", "f", "old")
    site.broker.down = True
    cache.set_value("k", "new")
    cache.delete_value("gone")
    cache.hset("h", "f", "new")
    site.broker.down = False
    assert [cache.get_value("k"), cache.get_value("gone"), cache.hgetall("h")] == ["new", None, {"f": "new"}]
    assert (cache.exists("gone"), cache.exists("k")) == (0, 1)
    cache.set_value("k", "newest")
    assert cache.get_value("k") == "newest"


def test_what_others_set_is_seen_while_the_broker_is_up(site):
    cache.set_value("k", "mine")
    with site.work():
        cache.set_value("k", "theirs")
    assert cache.get_value("k") == "theirs"


def test_what_only_the_server_can_say_raises(site):
    site.broker.down = True
    for call in (
        lambda: cache.set("k", 1, nx=True),
        lambda: cache.set("k", 1, xx=True, ex=5),
        lambda: cache.setnx("k", 1),
        lambda: cache.incr("k"),
    ):
        with pytest.raises(BrokerUnavailable):
            call()
    assert cache.get("k") is None


def test_deleting_by_a_beginning_reaches_what_this_context_has_set(site):
    site.broker.down = True
    cache.set_value("report:1", 1)
    cache.delete_keys("report:*")
    assert cache.get_value("report:1") is None


def test_a_context_does_not_keep_everything(site):
    site.broker.down = True
    for n in range(MOST_KEPT + 1):
        cache.set_value(f"k{n}", n)
    assert (cache.get_value("k0"), cache.get_value("k1"), cache.get_value(f"k{MOST_KEPT}")) == (None, 1, MOST_KEPT)


# what is refused


BAD = {
    "key list": lambda: cache.get_value(["a"]),
    "key none": lambda: cache.set_value(None, 1),
    "no time": lambda: cache.set_value("k", 1, expires_in_sec=0),
    "time as text": lambda: cache.set_value("k", 1, expires_in_sec="10"),
    "dict": lambda: cache.set("k", {"a": 1}),
    "bool": lambda: cache.set("k", True),
    "none": lambda: cache.set("k", None),
    "negative": lambda: cache.set("k", 1, ex=-1),
    "expire 0": lambda: cache.expire("k", 0),
    "key tuple": lambda: cache.hset("h", ("a",), 1),
}


@pytest.mark.parametrize("call", BAD)
def test_bad_input_is_refused_and_changes_nothing(site, call):
    cache.set_value("k", "kept")
    with pytest.raises(ValidationError, match=r"doclife\.cache"):
        BAD[call]()
    assert cache.get_value("k") == "kept"


def test_what_json_cannot_hold_is_refused(site):
    with pytest.raises(DataError, match="cache value 'k'"):
        cache.set_value("k", object())
    with pytest.raises(DataError, match="cache value 'h'"):
        cache.hset("h", "f", {1: 2})


def test_raw_text_is_no_value(site):
    cache.set("k", "not json")
    with pytest.raises(DataError, match="was not set by set_value"):
        cache.get_value("k")


def test_an_unknown_name_says_what_there_is(site):
    with pytest.raises(AttributeError, match=r"has no 'lpush'; it has get_value, set_value"):
        cache.lpush("a", 1)


@pytest.mark.parametrize("key", ["x\ud800", b"x\xff"])
def test_half_a_sign_is_no_key_and_says_so(site, key):
    for call in (cache.get, cache.get_value, cache.delete, lambda key: cache.hget("h", key)):
        with pytest.raises(ValidationError, match="a key is text"):
            call(key)


def test_what_was_removed_in_an_outage_stays_away_in_the_context(site):
    cache.hset("h", "f", 1)
    site.broker.down = True
    cache.delete_value("h")
    site.broker.down = False
    assert cache.hget("h", "f") is None
    assert cache.hgetall("h") == {}


def test_a_number_that_was_counted_on_is_the_servers(site):
    site.broker.down = True
    cache.set("n", 5)
    site.broker.down = False
    assert cache.incr("n") == 1
    assert cache.get("n") == b"1"
