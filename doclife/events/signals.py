"""Ordered signals: blinker carries the events, the order is ours.

blinker keeps receivers in an unordered set, and calls those of ANY before those of a sender
(libraries.md 4). `HookSignal` answers both: its chain for a document type is computed from the
connected handlers once, in the contract's order, and kept until one is connected or disconnected.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

from blinker import ANY, NamedSignal, Namespace

from doclife.events.handlers import WILDCARD, Handler

#: what dispatch needs of a handler: path, function, how many arguments it takes
Call = tuple[str, Callable[..., Any], int]


def _unknown(_doctype: str) -> None:
    return None


class Chain(tuple[Handler, ...]):
    """The handlers of one event of one document type in the order in which they run.

    `calls` holds them taken apart: a loop over it costs a quarter of a method call per handler.
    """

    calls: tuple[Call, ...]

    def __new__(cls, handlers: Iterable[Handler] = ()) -> Chain:
        """Builds the chain of these handlers."""
        chain = super().__new__(cls, handlers)
        chain.calls = tuple((each.path, each.fn, each.takes) for each in chain)
        return chain


class HookSignal(NamedSignal):
    """The signal of one event on one site; senders are document types."""

    def __init__(self, name: str, meta_of: Callable[[str], Any] = _unknown) -> None:
        """Makes the signal of an event, without receivers; `meta_of` gives the Meta of a document type, or None."""
        super().__init__(name)
        self._meta_of = meta_of
        self._chains: dict[tuple[Any, bool], Chain] = {}

    def connect_handler(self, handler: Handler) -> None:
        """Connects a handler for its document type, strongly."""
        self.connect(handler, sender=ANY if handler.key == WILDCARD else handler.key, weak=False)
        self._chains = {}  # a new one: a chain that another thread is still building goes into the old

    def disconnect_handler(self, handler: Handler) -> None:
        """Disconnects a handler."""
        self.disconnect(handler)  # from ANY: from one sender alone, blinker would keep it among its receivers
        self._chains = {}

    def chain(self, doctype: str, *, wildcard: bool = True) -> Chain:
        """Returns the handlers of a document type in the order in which they run.

        Args:
            doctype: the sender.
            wildcard: whether the handlers of "*" belong to it.
        """
        key, chains = (doctype, wildcard), self._chains
        found = chains.get(key)
        if found is None:
            meta = self._meta_of(doctype)
            chosen = [
                each
                for each in list(self.receivers.values())
                if isinstance(each, Handler) and each.reacts_to(doctype, meta, wildcard=wildcard)
            ]
            chosen.sort(key=lambda each: each.place)
            found = chains[key] = Chain(chosen)
        return found

    def receivers_for(self, sender: Any) -> Generator[Callable[..., Any], None, None]:
        """Yields the chain of a sender: so that blinker's own `send` keeps the order too."""
        yield from self.chain(sender)


class Signals(Namespace):
    """The signals of one site by event."""

    def __init__(self, meta_of: Callable[[str], Any] = _unknown) -> None:
        """Begins without signals.

        Args:
            meta_of: gives the Meta of a document type, or None where the site does not have it.
        """
        super().__init__()
        self._meta_of = meta_of

    def signal(self, name: str, doc: str | None = None) -> HookSignal:
        """Returns the signal of an event; made at the first question."""
        found = self.get(name)
        if not isinstance(found, HookSignal):
            found = self.setdefault(name, HookSignal(name, self._meta_of))
            assert isinstance(found, HookSignal)
        return found
