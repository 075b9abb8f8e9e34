"""A short run of `make chaos`, and what its examination would find."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from doclife.core import clock
from doclife.core.context import activate, current
from doclife.model.access import get_doc
from doclife.schema.tables import background_job
from doclife.testing import run_jobs
from tests.integration.chaos.check import examine
from tests.integration.chaos.documents import CLASSES, SUMS, ChaosEffect, ChaosOrder, ChaosSum
from tests.integration.chaos.journal import Journal, read
from tests.integration.chaos.plan import Frame, PlannedJob, PlannedTransaction
from tests.integration.chaos.run import Options, run
from tests.integration.chaos.writer import Writer

#: ten seconds or so where nothing else runs; by this seed worker, broker, horse, writer and scheduler are killed and
#: the broker is wiped before anything else is done
SHORT = {
    "seed": 2004, "duration": 4, "jobs": 60, "faults": 6, "longest": 60, "late": 1, "mean": 0.5, "pause": 0.05,
    "writers": 1, "isolations": ("inproc",), "workers": 2, "alone": "fork", "schedulers": 1, "most_open": 20,
}  # fmt: skip


@pytest.mark.chaos
def test_a_short_run_loses_and_doubles_nothing(doclife_db_url, tmp_path):
    database = doclife_db_url.partition("+")[0].partition(":")[0] or "sqlite"
    result = run(Options(database=database, server=doclife_db_url, **SHORT), tmp_path)
    assert result.report.faults == []
    assert result.report.committed >= 60
    assert result.report.run >= 60
    assert result.report.undone > 0
    assert sum(result.kills.values()) >= 6
    assert result.killed >= 2
    assert result.tracebacks == []


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.one_database
@pytest.mark.parametrize(
    ("plant", "kind", "only"),
    [
        ("no_rescue", "lost", ("worker",)),
        ("keeps_undone", "ghosts", ("writer", "worker")),
        ("claims_anything", "doubled", ("server", "broker", "flush")),
    ],
)
def test_a_run_finds_a_planted_defect(plant, kind, only, tmp_path):
    more = {"duration": 10, "faults": 8, "longest": 40, "most_open": 100}
    result = run(Options(plant=plant, only=only, drain=15, **SHORT | more), tmp_path)
    assert getattr(result.report, kind)


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.postgres
def test_a_run_finds_a_missing_fence(postgres_url, tmp_path):
    options = Options(
        database="postgres",
        server=postgres_url,
        plant="no_fence",
        drain=40,
        only=("stop worker",),
        **SHORT | {"duration": 30, "mean": 3},
    )
    assert run(options, tmp_path).report.doubled


# the examination


def _job(key, kind="note", **terms):
    kwargs = {"key": key} | terms.pop("kwargs", {})
    return PlannedJob(key=key, kind=kind, method=terms.pop("method", kind), kwargs=kwargs, queue="default", **terms)


TRANSACTIONS = [
    PlannedTransaction(
        tag="one",
        ends="commit",
        frame=Frame(
            document="one",
            jobs=[
                _job("note", followed=True),
                _job("late", delay=2),
                _job("sum", "add", kwargs={"to": "A"}),
                _job("locked", "locked", kwargs={"to": "L"}),
                _job("action", "action"),
                _job("chain", "chain", kwargs={"left": 2}),
                _job("midway", "midway"),
                _job("steps", "steps", kwargs={"rows": 3, "stride": 2}),
                _job("flaky", "flaky", kwargs={"fails": 1, "politely": False}, retry=2),
                _job("failing", "failing", followed=True),
                _job("first", "unique", method="note", unique="k"),
                _job("second", "unique", method="note", unique="k"),
            ],
            inside=[
                Frame(document="kept", jobs=[_job("kept")]),
                Frame(document="undone", jobs=[_job("undone"), _job("apart", apart=True)], undone=True),
            ],
        ),
    ),
    PlannedTransaction(
        tag="two",
        ends="roll back",
        frame=Frame(document="two", jobs=[_job("rolled back"), _job("apart too", apart=True)]),
    ),
    PlannedTransaction(tag="three", ends="raise", frame=Frame(document="three", jobs=[_job("raised")])),
]  # fmt: skip


@pytest.fixture
def told(site, tmp_path):
    """What the writer of a healthy site has told, whose jobs have all run."""
    site.use(*CLASSES)
    for name in SUMS:
        ChaosSum(name=name).insert()
    current().unit.commit()
    journal = tmp_path / "journal"
    writer = Writer(site, Journal(journal), "t", None, 0)
    for plan in TRANSACTIONS:
        writer.transact(plan)
    for seconds in (0, 10, 20):
        with clock.travel(by=timedelta(seconds=seconds)):
            run_jobs(allow_failures=True)
    return read([journal])


def _look(told):
    return examine(current().site, told)


@pytest.mark.one_database
def test_the_examination_finds_nothing_where_nothing_is_wrong(told):
    report = _look(told)
    assert report.faults == []
    # twelve calls, of which one was dropped as a duplicate; one in a savepoint; two links of the chain; two follow-ups;
    # and two apart, from a savepoint and from a transaction that were undone
    assert (report.committed, report.run, report.dropped, report.undone) == (18, 18, 1, 3)
    assert report.transactions == {"committed": 1, "rolled back": 2}
    assert report.rescued == report.dead == report.cancelled == report.repeated_first_parts == 0


def _change(statement):
    unit = current().unit
    unit.before_write()
    unit.link.execute(statement)
    unit.commit()


def _row(key):
    return background_job.c.kwargs == f'{{"key":"{key}"}}'


def _effect(of, part="done"):
    values = {
        "name": f"{of}/{part}",
        "of": of,
        "part": part,
        "owner": "x",
        "modified_by": "x",
        "docstatus": 0,
        "idx": 0,
    }
    now = {"creation": clock.now(), "modified": clock.now()}
    return sa.insert(ChaosEffect.__table__).values(values | now)


job, effect, order = background_job, ChaosEffect.__table__, ChaosOrder.__table__
FAULTS = {
    "a job is gone": ("lost", sa.delete(job).where(_row("kept")), "note kept was committed, and has no row"),
    "a job did not run": ("lost", sa.update(job).where(_row("kept")).values(status="queued"), "note kept is queued"),
    "a job hangs": ("lost", sa.update(job).where(_row("kept")).values(status="started"), "note kept is started"),
    "a job failed": ("lost", sa.update(job).where(_row("kept")).values(status="failed"), "note kept is failed"),
    "a job was cancelled": ("lost", sa.update(job).where(_row("kept")).values(status="cancelled"), "note kept is canc"),
    "an effect is gone": ("lost", sa.delete(effect).where(effect.c.of == "kept"), "note kept is finished without"),
    "a row is gone": ("lost", sa.delete(effect).where(effect.c.part == "row 2"), "finished without ['row 2']"),
    "a row twice": ("doubled", _effect("steps", "row 1"), "steps steps has left 'row 1' 2 times"),
    "half an effect": ("lost", sa.delete(effect).where(effect.c.part == "first"), "finished without ['first']"),
    "a link is gone": ("lost", sa.delete(job).where(job.c.kwargs.contains("chain>>")), "chain chain>> follows chain>"),
    "a follow-up is gone": ("lost", sa.delete(job).where(job.c.method.endswith("gave_up")), "failing/failure follows"),
    "a job apart is gone": ("lost", sa.delete(job).where(_row("apart too")), "note apart too was committed"),
    "a sum is behind": ("lost", sa.update(ChaosSum.__table__).values(total=0), "the sum A is 0, and 1 jobs"),
    "a commit is gone": ("lost", sa.delete(order).where(order.c.name == "one"), "the transaction one was committed"),
    "an effect twice": ("doubled", _effect("kept"), "note kept has left 'done' 2 times"),
    "an effect of a link twice": ("doubled", _effect("chain>"), "chain chain> has left 'done' 2 times"),
    "a first part too often": ("doubled", _effect("midway", "first"), "'first' 2 times in 1 claims"),
    "an action twice": ("doubled", sa.update(order).where(order.c.name == "action").values(closed=2), "says 2"),
    "a sum is ahead": ("doubled", sa.update(ChaosSum.__table__).values(total=5), "the sum B is 5, and 0 jobs"),
    "a rolled-back job ran": ("ghosts", _effect("rolled back"), "rolled back was enqueued by what was undone"),
    "an undone job ran": ("ghosts", _effect("undone"), "undone was enqueued by what was undone"),
    "a raised job ran": ("ghosts", _effect("raised"), "raised was enqueued by what was undone"),
    "a duplicate ran": ("ghosts", _effect("second"), "second was dropped as a duplicate, and has left"),
    "a failed attempt's effect": ("ghosts", _effect("flaky", "ghost"), "flaky has left ['ghost'], which it had undone"),
    "a failed job's effect": ("ghosts", _effect("failing", "ghost"), "failing failing is failed and has left"),
    "an effect from nowhere": ("ghosts", _effect("what"), "nobody has enqueued what"),
    "a wrong follow-up": ("ghosts", _effect("note/failure"), "follows note, which has not come so far"),
    "a job too early": (
        "ghosts",
        sa.update(job).where(_row("late")).values(started_at=job.c.enqueued_at),
        "s too early",
    ),
    "a rolled-back document": (
        "ghosts",
        sa.update(order).where(order.c.name == "kept").values(name="two"),
        "the transaction two was rolled back, and its document is there",
    ),
}  # fmt: skip


@pytest.mark.one_database
@pytest.mark.parametrize("what", FAULTS)
def test_the_examination_finds_what_is_wrong(told, what):
    kind, statement, expected = FAULTS[what]
    _change(statement)
    found = getattr(_look(told), kind)
    assert any(expected in fault for fault in found), found


@pytest.mark.one_database
def test_the_examination_finds_a_document_that_is_still_locked(told):
    other = current().site.context()
    with activate(other):
        get_doc(ChaosOrder, "action").lock()
        other.unit.commit()
    assert _look(told).lost == ["the document action is locked although its job has ended"]
    other.unit.close()
