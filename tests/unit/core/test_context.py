"""The context, and the dict whose keys are attributes."""

import copy
import pickle
import threading

import pytest

from doclife.core import context as ctx
from doclife.core.context import AttrDict, Context
from doclife.core.errors import NoUnitOfWork


def test_keys_are_attributes_and_a_missing_one_is_none():
    row = AttrDict(name="SJ-1", city="Pune")
    assert row.name == "SJ-1"
    assert row["city"] == "Pune"
    assert row.territory is None
    row.city = "Delhi"
    assert row["city"] == "Delhi"
    del row.city
    assert "city" not in row


def test_a_missing_key_is_still_a_key_error():
    with pytest.raises(KeyError):
        AttrDict()["missing"]
    with pytest.raises(AttributeError, match="missing"):
        del AttrDict().missing


def test_update_chains_and_copy_keeps_the_type():
    row = AttrDict(a=1)
    assert row.update({"b": 2}, c=3) is row
    assert row == {"a": 1, "b": 2, "c": 3}
    twin = row.copy()
    twin.a = 9
    assert type(twin) is AttrDict
    assert row.a == 1


def test_survives_copy_and_pickle():
    row = AttrDict(a=[1], b=AttrDict(c=2))
    for twin in (copy.copy(row), copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert twin == row
        assert type(twin) is type(twin.b) is AttrDict
    assert copy.deepcopy(row).a is not row.a
    assert copy.copy(row).a is row.a


def test_a_method_wins_over_a_key_of_its_name():
    assert callable(AttrDict(items=[1]).items)
    assert AttrDict(items=[1])["items"] == [1]


def test_without_a_context_there_is_none_and_current_says_what_to_do():
    assert ctx.current_or_none() is None
    with pytest.raises(NoUnitOfWork, match=r"doclife\.connect"):
        ctx.current()


def test_contexts_nest_and_end_with_their_block():
    outer, inner = Context(None), Context(None, user="jane@example.com")
    with ctx.activate(outer) as active:
        assert active is outer
        with ctx.activate(inner):
            assert ctx.current().user == "jane@example.com"
        with pytest.raises(RuntimeError), ctx.activate(inner):
            raise RuntimeError
        assert ctx.current() is outer
    assert ctx.current_or_none() is None


def test_set_current_gives_back_the_one_before():
    one, two = Context(None), Context(None)
    try:
        assert ctx.set_current(one) is None
        assert ctx.set_current(two) is one
        assert ctx.current() is two
    finally:
        assert ctx.set_current(None) is two


def test_another_thread_has_no_context_of_ours():
    seen = []
    with ctx.activate(Context(None)):
        thread = threading.Thread(target=lambda: seen.append(ctx.current_or_none()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_a_new_context_is_empty_and_shares_nothing():
    one, two = Context("site"), Context("site")
    assert one.user == "Administrator"
    assert one.unit is one.job is one.trace is None
    one.flags.in_test = True
    one.messages.append({"message": "hello"})
    assert two.flags.in_test is None
    assert two.messages == []
    with pytest.raises(AttributeError):
        one.usr = "a misspelt name"
