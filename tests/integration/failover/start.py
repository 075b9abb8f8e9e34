"""`python -m tests.integration.failover.start PLANT MODULE ARGUMENTS`: a process with something planted into it."""

from __future__ import annotations

import importlib
import sys
from datetime import datetime
from typing import Any

from doclife.core import clock
from doclife.outbox.leases import Lease
from doclife.scheduler import tick


def everybody_leads() -> None:
    """Has every scheduler believe that it leads, always: what keeps runs single must not be the lease."""
    Lease.hold = Lease.renew = lambda self, also=None: True  # type: ignore[method-assign]


def forgets_missed_runs() -> None:
    """Has the tick plan from now on whatever `catch_up` says, as if nothing had been missed: a defect."""
    planned = tick.planned  # type: ignore[attr-defined]

    def from_now(site: Any, row: Any, after: datetime) -> datetime | None:
        result: datetime | None = planned(site, row, max(after, clock.utc_now()))
        return result

    tick.planned = from_now  # type: ignore[attr-defined]


def main() -> int:
    """Plants, and starts a module's `main` with the arguments that follow its name."""
    globals()[sys.argv.pop(1)]()
    module = sys.argv.pop(1)
    return int(importlib.import_module(module).main(sys.argv[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main())
