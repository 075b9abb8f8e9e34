"""Events have fixed names, and a mistaken one is told which was meant."""

from __future__ import annotations

import pytest

from doclife.core.errors import UnknownEventError
from doclife.events.names import EVENTS, check_event
from doclife.model.lifecycle import LIFECYCLE, is_step


def test_every_event_of_the_lifecycle_has_a_name_that_handlers_may_use():
    fired = {word for words in LIFECYCLE.values() for word in words if not is_step(word)}
    assert fired <= EVENTS.keys()


@pytest.mark.parametrize(
    ("mistaken", "meant"),
    [
        ("after_save", "on_update"),
        ("after_submit", "on_submit"),
        ("before_delete", "on_trash"),
        ("on_insert", "after_insert"),
        ("on_sumbit", "on_submit"),
        ("befor_validate", "before_validate"),
    ],
)
def test_a_mistaken_event_names_the_one_that_was_meant(mistaken, meant):
    with pytest.raises(UnknownEventError) as caught:
        check_event(mistaken, where="shop: doc_events['Invoice']")
    assert f"shop: doc_events['Invoice']: no event {mistaken!r}. Did you mean {meant!r}?" in str(caught.value)
    assert caught.value.context["event"] == mistaken


def test_an_event_unlike_any_other_gets_no_guess():
    with pytest.raises(UnknownEventError) as caught:
        check_event("zzz")
    assert "Did you mean" not in str(caught.value)
    assert "custom_events" in str(caught.value)


def test_an_event_that_an_app_declares_is_known():
    check_event("on_ripe", {"on_ripe"})
    with pytest.raises(UnknownEventError, match="Did you mean 'on_ripe'"):
        check_event("on_rype", {"on_ripe"})
