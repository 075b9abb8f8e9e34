"""A killed process leaves nothing half-written: a few of `make crash`, and what its examination would find."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from doclife.core.context import current
from doclife.schema.tables import background_job, series
from doclife.uow.unit import current_unit
from tests.contract.databases import MARKED
from tests.integration.crash.check import Outcome, examine
from tests.integration.crash.documents import CrashEntry, CrashLedger, CrashOrder, CrashRow, prepare
from tests.integration.crash.run import Plan, killer
from tests.integration.crash.victim import Victim
from tests.servers import server_url

#: of the plans of seed 1: kills at points and from outside
SAMPLE = [0, 1, 2, 3, 9, 16, 21, 26]


@pytest.mark.chaos
@pytest.mark.parametrize("database", MARKED)
def test_processes_that_are_killed_in_nested_saves_leave_nothing_half_written(database, tmp_path):
    server = "" if database == "sqlite" else server_url(database)
    with killer(tmp_path, database, server, 1) as one:
        for n in SAMPLE:
            one.kill(Plan.draw(1, n))
            one.look()
            assert one.report.faults == []
    assert one.report.killed == len(SAMPLE)
    assert one.report.in_transaction >= len(SAMPLE) // 2
    assert one.report.outcome.committed
    assert one.report.longest_wait_s < 5
    assert min(one.report.sizes.values()) > 0


# the examination


@pytest.fixture
def worked_on(site):
    """A site on which one victim has made a few transactions and was not killed."""
    site.use(CrashOrder, CrashEntry, CrashLedger)
    prepare(site)
    CrashLedger(name="all").insert()
    victim = Victim(site, 7, None)
    for n in range(6):
        for _ in range(2):
            victim.order(f"{n}").insert()
        victim.change()
        current_unit().commit()
    victim.submit()
    current_unit().commit()
    outcome = Outcome()
    outcome.planned = {f"{n}": 2 for n in range(6)} | {"undone": 2}
    outcome.committed = set(outcome.planned) - {"undone"}
    outcome.rolled_back = {"undone"}
    return site, outcome


def _change(statement):
    unit = current().unit
    unit.before_write()
    unit.link.execute(statement)
    unit.commit()


row, order, entry = CrashRow.__table__, CrashOrder.__table__, CrashEntry.__table__
TAMPERINGS = {
    "a row is missing": (sa.delete(row).where(row.c.idx == 2), "rows and has"),
    "rows are left": (sa.delete(entry), "which does not exist"),
    "an entry is missing": (sa.delete(entry).where(entry.c.name == "CE-000002"), "entries and does not have so many"),
    "an order is missing": (sa.delete(order).where(order.c.name == "CO-000002"), "the numbers of CO- are not 1 to"),
    "rows are submitted": (sa.update(row).values(docstatus=1), r"\(idx, docstatus\)"),
    "the counter is ahead": (sa.update(series).values(current=series.c.current + 1), "the counter CO- is at"),
    "the counter is back": (sa.update(series).values(current=1), "the counter CE- is at"),
    "a job is missing": (
        sa.delete(background_job).where(background_job.c.kwargs.contains("CE-000001")),
        "jobs entry_made: .*missing",
    ),
    "a job has run": (sa.update(background_job).values(status="started"), "is started"),
    "the ledger is behind": (sa.update(CrashLedger.__table__).values(total=1), "the ledger says 1"),
    "a save has no version": (sa.update(order).values(saves=7), "was saved 7 times"),
    "half a transaction": (
        sa.update(order).where(order.c.name == "CO-000001").values(tag="1"),
        "of the transaction 0 1",
    ),
    "a transaction is back": (
        sa.update(order).where(order.c.tag == "0").values(tag="undone"),
        "of the transaction undone 2",
    ),
}


@pytest.mark.one_database
def test_the_examination_finds_nothing_where_nothing_is_wrong(worked_on):
    site, outcome = worked_on
    sizes, faults = examine(site, outcome)
    assert faults == []
    assert (sizes["orders"], min(sizes.values()) > 5) == (12, True)


@pytest.mark.one_database
@pytest.mark.parametrize("what", TAMPERINGS)
def test_the_examination_finds_what_is_wrong(worked_on, what):
    site, outcome = worked_on
    statement, expected = TAMPERINGS[what]
    _change(statement)
    _, faults = examine(site, outcome)
    assert any(re.search(expected, fault) for fault in faults), faults
