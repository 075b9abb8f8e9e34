"""What callbacks and the broker may not do to a transaction that ends."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from doclife.outbox.staging import StagedJob
from doclife.uow.unit import UnitOfWork


class Failed(Exception):
    pass


def _fail(*_):
    raise Failed


@pytest.mark.parametrize("strict", [True, False])
def test_a_callback_of_a_rollback_may_not_commit_what_is_rolled_back(database, numbers, strict):
    unit = UnitOfWork(database, strict=strict)
    unit.add_callback("before_rollback", unit.commit)
    numbers.add(unit, 1)
    with capture_logs() as logs:
        unit.rollback()
    unit.close()
    assert numbers.committed == []
    assert [entry["event"] for entry in logs] == (
        ["transaction_callback_failed"] if strict else ["transaction_control_refused"]
    )


def test_a_refused_commit_is_not_made_by_a_callback_of_its_rollback(unit, numbers):
    unit.add_callback("before_rollback", unit.commit)
    unit.add_callback("before_commit", _fail)
    numbers.add(unit, 1)
    with capture_logs(), pytest.raises(Failed):
        unit.commit()
    assert numbers.committed == []


def test_a_commit_stands_whatever_its_release_raises(database, numbers):
    ran = []
    unit = UnitOfWork(database, release=_fail)
    job = StagedJob(queue="default", method="x.y", kwargs="{}", run_as="Administrator", timeout=300)
    unit.stage(job)
    unit.add_callback("after_commit", lambda: ran.append(1))
    numbers.add(unit, 1)
    with capture_logs() as logs:
        unit.commit()
    unit.close()
    assert (numbers.committed, ran, job.state) == ([1], [1], "queued")
    assert [entry["event"] for entry in logs] == ["committed_jobs_release_failed"]
