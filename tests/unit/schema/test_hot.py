"""Statements that are compiled once: the same on the driver's cursor as through SQLAlchemy."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select, update

from doclife.schema.hot import HotStatement
from doclife.schema.tables import background_job
from doclife.uow.unit import current_unit

_job = background_job.c
NOW = datetime(2026, 1, 31, 12, 30, 0, 5, tzinfo=UTC)
ROW = {
    "name": "j1", "queue": "50% o'clock", "method": "m", "kwargs": '{"a": "\\"%s?"}', "run_as": "a", "status": "queued",
    "run_at": NOW, "enqueued_at": NOW, "retry": {"max": 2}, "label": None,
}  # fmt: skip
COLUMNS = [_job[name] for name in ("name", "queue", "kwargs", "run_at", "retry", "label", "fence")]


@pytest.fixture(params=["link", "connection"])
def on(request, site):
    unit = current_unit()
    unit.before_write()
    yield unit.link if request.param == "link" else unit.link.connection
    unit.rollback()


def test_rows_come_back_as_they_were_written(on):
    write = HotStatement(insert(background_job).values({name: bindparam(name) for name in ROW}))
    write.run_many(on, [ROW, ROW | {"name": "j2", "retry": None, "label": "x"}])
    read = HotStatement(select(*COLUMNS).where(_job.method == "m").order_by(_job.name), COLUMNS)
    one, two = read.rows(on, {})
    assert one[:3] == ("j1", "50% o'clock", '{"a": "\\"%s?"}')
    assert [row[4:] for row in (one, two)] == [({"max": 2}, None, 0), (None, "x", 0)]
    assert one[3].replace(tzinfo=None) == NOW.replace(tzinfo=None)


def test_values_of_the_statement_itself_need_not_be_given(on):
    write = HotStatement(insert(background_job).values({name: bindparam(name) for name in ROW}))
    write.run_many(on, [ROW])
    take = HotStatement(
        update(background_job)
        .where(_job.name == bindparam("id"), _job.status == "queued")
        .values(status="started", fence=_job.fence + 1, error=None, worker=bindparam("who"))
    )
    assert [take.run(on, {"id": "j1", "who": None}) for _ in range(2)] == [1, 0]
    read = HotStatement(select(_job.status, _job.fence, _job.worker), [_job.status, _job.fence, _job.worker])
    assert read.rows(on, {}) == [("started", 1, None)]
