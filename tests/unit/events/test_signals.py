"""blinker carries the events; the order is ours, whatever way an event takes."""

from __future__ import annotations

import random

from blinker import ANY

from doclife.events.handlers import APPS, FRAMEWORK_BAND, WILDCARD, Handler
from doclife.events.signals import HookSignal, Signals


def _handler(key, band=APPS, answer=None):
    return Handler(app="shop", key=key, event="on_update", fn=lambda doc: answer, band=band)


def test_sending_through_blinker_keeps_the_order_in_300_trials():
    """blinker alone keeps receivers in a set: the order of a few dozen would differ in most of these trials."""
    shuffle = random.Random(7)
    for _ in range(300):
        signal = HookSignal("on_update")
        declared = []
        for n in range(shuffle.randint(1, 30)):
            key = shuffle.choice(["Invoice", "Invoice", "Outlet", WILDCARD])
            band = shuffle.choice([APPS, APPS, APPS, FRAMEWORK_BAND])
            declared.append((band, key, n))
            signal.connect_handler(_handler(key, band, answer=n))
        expected = [
            n
            for band in (APPS, FRAMEWORK_BAND)
            for wanted in ("Invoice", WILDCARD)
            for found, key, n in declared
            if found == band and key == wanted
        ]
        answers = signal.send("Invoice", doc=object())
        assert [answer for _, answer in answers] == expected
        assert [handler.run(object(), ()) for handler in signal.chain("Invoice")] == expected


def test_handlers_are_held_strongly():
    signal = HookSignal("on_update")
    signal.connect_handler(_handler("Invoice", answer="still here"))
    assert [each.run(object(), ()) for each in signal.chain("Invoice")] == ["still here"]


def test_a_chain_is_computed_once_until_something_is_connected():
    signal = HookSignal("on_update")
    handler = _handler("Invoice")
    signal.connect_handler(handler)
    first = signal.chain("Invoice")
    assert signal.chain("Invoice") is first
    more = _handler(WILDCARD)
    signal.connect_handler(more)
    assert signal.chain("Invoice") == (handler, more)
    signal.disconnect_handler(handler)
    assert signal.chain("Invoice") == (more,)


def test_what_others_connect_to_the_signal_is_left_to_blinker():
    signal = HookSignal("on_update")

    def foreign(sender, **values):
        return "foreign"

    signal.connect(foreign, sender=ANY)
    assert signal.chain("Invoice") == ()


def test_one_namespace_has_one_signal_per_event():
    signals = Signals()
    assert signals.signal("on_update") is signals.signal("on_update")
    assert signals.signal("on_update") is not signals.signal("on_submit")
    assert signals.signal("on_update").name == "on_update"
    assert Signals().signal("on_update") is not signals.signal("on_update")
