"""The process that is killed: it does work on documents for ever, and tells what it has reached.

A warm parent forks one victim for each line of its standard input, without a connection open, and tells when
it is dead. Both write lines to standard output: `at <point>`, `plan <tag> <orders>`, `committed <tag>`,
`rolled back <tag>`; and from the parent `victim <pid>`, `ended <status>`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from typing import Any

from doclife.core.context import current
from doclife.model.access import get_doc
from doclife.model.bulk import insert_many
from doclife.query.db import db
from doclife.site.load import load_site
from doclife.site.runtime import Site
from tests.integration.crash.documents import CrashOrder, prepare

#: kinds of transactions by how often they come
_KINDS = ("new", "new", "many", "change", "change", "submit", "undone", "mixed")


def tell(line: str) -> None:
    """Writes a line at once and in one piece."""
    os.write(1, f"{line}\n".encode())


class Victim:
    """Transactions one after the other, drawn from a seed."""

    def __init__(self, site: Site, seed: int, kill_at: tuple[str, int] | None) -> None:
        """Prepares it.

        Args:
            site: to work on.
            seed: of what is done.
            kill_at: the point and its n-th time at which it kills itself; None: somebody else does.
        """
        self.site = site
        self.random = random.Random(seed)
        self.seed = seed
        self.kill_at = kill_at
        self.passed: dict[str, int] = {}

    def at(self, point: str) -> None:
        """Is told every point that the work passes."""
        self.passed[point] = self.passed.get(point, 0) + 1
        if self.kill_at is not None and self.kill_at == (point, self.passed[point]):
            tell(f"at {point}")
            os.kill(os.getpid(), signal.SIGKILL)
        tell(f"at {point}")

    def run(self) -> None:
        """Works until it is killed."""
        prepare(self.site, self.at)
        self.site.on_release.append(lambda jobs: self.at("release"))
        number = 0
        while True:
            number += 1
            with self.site.work():
                self.transaction(f"{self.seed}-{number}")

    def transaction(self, tag: str) -> None:
        unit = current().unit
        unit.fence = lambda link: self.at("between the jobs and the commit")
        unit.add_callback("before_commit", lambda: self.at("before the commit"))
        kind = self.random.choice(_KINDS)
        made = {"new": 1, "many": 4, "undone": 2, "mixed": 2}.get(kind, 0)
        tell(f"plan {tag} {made}")
        if kind == "many":
            insert_many([self.order(tag) for _ in range(made)])
        else:
            for _ in range(made):
                self.order(tag).insert()
        if kind in ("change", "mixed"):
            self.change()
        if kind == "submit":
            self.submit()
        if kind == "undone":
            unit.rollback()
            tell(f"rolled back {tag}")
            return
        unit.add_callback("after_commit", lambda: self.at("after the commit"))
        unit.commit()
        tell(f"committed {tag}")

    def order(self, tag: str) -> CrashOrder:
        rows = [{"note": str(n)} for n in range(self.random.randrange(4))]
        return CrashOrder(
            tag=tag,
            row_count=len(rows),
            rows=rows,
            entry_count=self.random.randrange(4),
            amount=self.random.randrange(100),
        )

    def some(self) -> Any:
        """Returns a stored draft, or None."""
        names = db.get_all("Crash Order", {"docstatus": 0}, pluck="name", order_by="name desc", limit=10)
        return get_doc(CrashOrder, self.random.choice(names), for_update=True) if names else None

    def change(self) -> None:
        order = self.some()
        if order is None:
            return
        order.rows = [*order.rows[1:], *({"note": "new"} for _ in range(self.random.randrange(3)))]
        order.row_count = len(order.rows)
        order.entry_count = self.random.randrange(4)
        order.amount += self.random.randrange(-50, 50)
        order.saves += 1
        order.save()

    def submit(self) -> None:
        order = self.some()
        if order is not None:
            order.saves += 1
            order.submit()


def main(sites_dir: str) -> None:
    """Forks a victim for each line of input, one at a time."""
    site = load_site("test", sites_dir)
    for line in sys.stdin:
        plan = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                kill_at = plan["kill_at"]
                Victim(site, plan["seed"], (kill_at[0], kill_at[1]) if kill_at is not None else None).run()
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(1)
        tell(f"victim {pid}")
        tell(f"ended {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")


if __name__ == "__main__":
    main(sys.argv[1])
