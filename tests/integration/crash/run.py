"""Killing victims one after the other, and looking at the database after each."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from doclife.core.clock import monotonic
from doclife.core.context import current
from doclife.database.engine import create_engine
from doclife.model.access import get_doc
from doclife.site.runtime import Site
from doclife.testing.templates import Template
from tests.integration.crash.check import Outcome, examine
from tests.integration.crash.documents import LEDGER, CrashLedger, CrashOrder, create

ROOT = Path(__file__).parents[3]

#: where victims kill themselves in turn
POINTS = (
    "validate of Crash Order",
    "after_insert of Crash Order",
    "on_update of Crash Order",
    "on_submit of Crash Order",
    "before_insert of Crash Entry",
    "on_update of Crash Entry",
    "on_trash of Crash Entry",
    "after_delete of Crash Entry",
    "validate of Crash Ledger",
    "on_change of Crash Ledger",
    "refused entry",
    "before the delete",
    "before the commit",
    "between the jobs and the commit",
    "release",
    "after the commit",
)
#: an outside killer waits for one of so many lines, and then up to so many seconds
LINES, MOMENT_S = 150, 0.004
#: seconds that a victim may take to reach where it is killed, and the server to notice that it is gone
SECONDS = 60


class Plan(NamedTuple):
    """How one victim dies: by itself at the n-th time of a point, or from outside some time after the n-th line."""

    seed: int
    point: str
    number: int
    delay_s: float

    @classmethod
    def draw(cls, seed: int, n: int) -> Plan:
        """Returns the plan of the n-th victim: every other one dies at a point, all points in turn."""
        drawn = random.Random(f"{seed}/{n}")
        point = POINTS[n // 2 % len(POINTS)] if n % 2 == 0 else ""
        number = drawn.randint(1, 3) if point else drawn.randint(1, LINES)
        return cls(seed * 1_000_000 + n, point, number, drawn.uniform(0, MOMENT_S))


class Report:
    """What came of it."""

    def __init__(self, database: str, seed: int) -> None:
        self.database, self.seed = database, seed
        self.killed = 0
        #: of these, killed while a transaction was open
        self.in_transaction = 0
        #: where they were last seen
        self.last_seen: Counter[str] = Counter()
        self.faults: list[str] = []
        #: documents and jobs that were looked at in the end
        self.sizes: dict[str, int] = {}
        #: seconds until somebody else could write what the victim had locked
        self.longest_wait_s = 0.0
        self.outcome = Outcome()

    def summary(self) -> dict[str, Any]:
        """Returns the figures."""
        return {
            "db": self.database,
            "seed": self.seed,
            "killed": self.killed,
            "in_transaction": self.in_transaction,
            "transactions": len(self.outcome.planned),
            "committed": len(self.outcome.committed),
            "rolled_back": len(self.outcome.rolled_back),
            "points": len(self.last_seen),
            **self.sizes,
            "longest_wait_s": round(self.longest_wait_s, 3),
            "faults": self.faults,
        }


class Killer:
    """A site whose users are killed."""

    def __init__(self, site: Site, report: Report) -> None:
        self.site = site
        self.report = report
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.crash.victim", str(site.sites_dir)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """Ends the parent of the victims."""
        self._parent.communicate(timeout=SECONDS)

    def kill(self, plan: Plan) -> None:
        """Lets one victim live until it is killed as planned, and notes what it has said."""
        stdin, stdout = self._parent.stdin, self._parent.stdout
        assert stdin is not None
        assert stdout is not None
        kill_at = [plan.point, plan.number] if plan.point else None
        stdin.write(json.dumps({"seed": plan.seed, "kill_at": kill_at}) + "\n")
        stdin.flush()
        report, outcome = self.report, self.report.outcome
        pid, lines, is_open, last = None, 0, False, "the start"
        deadline = monotonic() + SECONDS
        for line in stdout:
            word, _, rest = line.strip().partition(" ")
            if word == "ended":
                assert rest == str(-signal.SIGKILL), f"the victim ended by itself: {rest}"
                break
            if word == "victim":
                pid = int(rest)
            elif word == "at":
                last = rest
            elif word == "plan":
                tag, made = rest.split()
                outcome.planned[tag], is_open = int(made), True
            elif word == "committed":
                outcome.committed.add(rest)
                is_open = False
            else:
                assert line.startswith("rolled back "), f"not understood: {line}"
                outcome.rolled_back.add(line.split()[2])
                is_open = False
            lines += word != "victim"
            if monotonic() > deadline and pid is not None:
                os.kill(pid, signal.SIGKILL)
                raise AssertionError(f"the victim did not reach where it was to be killed: {plan}")
            if not plan.point and pid is not None and lines >= plan.number:
                time.sleep(plan.delay_s)
                os.kill(pid, signal.SIGKILL)
                plan = plan._replace(number=sys.maxsize)
        else:
            raise AssertionError("the parent of the victims has ended")
        report.killed += 1
        report.in_transaction += is_open
        report.last_seen[last] += 1

    def look(self) -> None:
        """Measures how long others must wait, then looks for what is not as it must be."""
        start = monotonic()
        with self.site.work():
            ledger = get_doc(CrashLedger, LEDGER, for_update=True)
            ledger.save()
            CrashOrder(tag="nobody's", amount=1).insert()
            current().unit.rollback()
        self.report.longest_wait_s = max(self.report.longest_wait_s, monotonic() - start)
        self._until_gone()
        self.report.sizes, faults = examine(self.site, self.report.outcome)
        self.report.faults += faults

    def _until_gone(self) -> None:
        """Waits until the server has ended the transaction of the victim, which it may just have been committing."""
        self.site.database.close()
        engine = create_engine(self.site.database.engine.url)
        query = {
            "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
            "mariadb": "SELECT count(*) FROM information_schema.processlist "
            "WHERE db = database() AND id <> connection_id()",
        }.get(engine.dialect.name)
        deadline = monotonic() + SECONDS
        try:
            while query is not None:
                with engine.connect() as connection:
                    if connection.execute(sa.text(query)).scalar() == 0:
                        return
                assert monotonic() < deadline, "the server keeps the connection of a process that is gone"
        finally:
            engine.dispose()


@contextmanager
def killer(folder: Path, database: str, server: str, seed: int) -> Iterator[Killer]:
    """Makes the site and the parent of its victims for the block.

    Args:
        folder: for the site.
        database: its name in the report.
        server: URL of the server; empty: SQLite.
        seed: of everything.
    """
    template = Template(folder / "sites", (), server)
    site = template.site()
    try:
        create(site)
        made = Killer(site, Report(database, seed))
        try:
            yield made
        finally:
            made.close()
    finally:
        site.close()
        template.drop()
