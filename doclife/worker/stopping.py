"""Being told to stop, by a signal too."""

from __future__ import annotations

import time

from doclife.core.clock import monotonic

#: seconds after which a waiting process notices at the latest
NOTICE_S = 0.1
#: seconds after which being told again means: at once. A key pressed in a terminal reaches a worker
#: and its supervisor, which tells the worker too.
AGAIN_S = 1.0


class StopFlag:
    """A flag that a signal's handler may set.

    No threading.Event: its lock may be held by the very code that the handler interrupts, which
    then waits for itself.
    """

    def __init__(self) -> None:
        self._set = False
        #: of `monotonic`, when it was set
        self.since = 0.0
        #: whether it was set a second time, more than a moment later: what still runs is to end at once
        self.at_once = False

    def set(self) -> None:
        """Sets the flag."""
        now = monotonic()
        if not self._set:
            self.since, self._set = now, True
        elif now >= self.since + AGAIN_S:
            self.at_once = True

    def is_set(self) -> bool:
        """Returns whether it is set."""
        return self._set

    def wait(self, seconds: float) -> None:
        """Waits so long, or until the flag is set."""
        deadline = monotonic() + seconds
        while not self._set and (left := deadline - monotonic()) > 0:
            time.sleep(min(left, NOTICE_S))
