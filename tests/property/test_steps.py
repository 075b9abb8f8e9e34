"""A job that is killed at any statement, as often as may be, leaves each effect once.

The kill is a BaseException out of the database's link, before or after any of its statements and commits,
after which the run records nothing: like a process that is gone. The row of its job is all that the next run knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from doclife.database.link import Link
from doclife.doctypes.notification_log import NotificationLog
from doclife.jobs.enqueue import enqueue
from doclife.outbox import complete
from doclife.outbox.claim import claim
from doclife.schema.tables import background_job
from doclife.worker.run import _Run, run_claimed
from tests.unit.worker import long_bodies as bodies

ROWS = 5


class Killed(BaseException):
    """The process is gone."""


class Killer:
    """Counts what a link does, and kills at the n-th time."""

    def __init__(self, at: int, after: bool) -> None:
        self.left, self.after = at, after

    def around(self, act: Any) -> Any:
        def counted(link: Link, *args: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise Killed
            result = act(link, *args)
            if self.left == 0 and self.after:
                raise Killed
            return result

        return counted


@contextmanager
def _killing(killer: Killer) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute", "run", "rows", "run_many", "commit"):
            patch.setattr(Link, name, killer.around(getattr(Link, name)))

        def gone(_run: _Run, error: BaseException) -> str:
            raise error

        patch.setattr(_Run, "_ended_by", gone)
        yield


def _rescue(database: Any, claimed: Any) -> None:
    with database.transaction() as connection:
        complete.requeue(connection, claimed, error="its worker died")


kills = st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=6)


@pytest.mark.one_database
@given(kills=kills, every=st.integers(1, 3))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_row_is_done_once_wherever_the_job_is_killed(committed_site, kills, every):
    database = committed_site.database
    table = NotificationLog.__table__
    with committed_site.work():
        job = enqueue(bodies.rows, count=ROWS, every=every)
    runs = 0
    for at, after in [*kills, (0, False)]:
        claimed = claim(database, job.id, f"w{runs}")
        if claimed is None:
            break  # the kill came behind the commit that has ended it
        runs += 1
        try:
            with _killing(Killer(at, after)):
                run_claimed(committed_site, claimed)
        except Killed:
            _rescue(database, claimed)
    with database.reading() as connection:
        row = connection.execute(select(background_job).where(background_job.c.name == job.id)).one()
        notes = sorted(connection.execute(select(table.c.subject)).scalars())
    with database.transaction() as connection:
        connection.execute(delete(table))
    assert notes == ["row 0", "row 1", "row 2", "row 3", "row 4", "sum 10"]
    assert (row.status, row.attempt) == ("finished", runs)
