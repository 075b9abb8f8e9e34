"""Jobs that lose against others: counted as conflicts, run again as a whole, and no failure of anybody."""

from __future__ import annotations

from threading import Barrier, Event, Thread

import pytest
import sqlalchemy as sa

from doclife.core.errors import QueryTimeoutError
from doclife.doctypes.error_log import ErrorLog
from doclife.doctypes.notification_log import NotificationLog
from doclife.doctypes.user import Role, User
from doclife.jobs.current import job
from doclife.jobs.enqueue import enqueue
from doclife.model.access import get_doc
from doclife.outbox.claim import claim
from doclife.schema.tables import background_job
from doclife.testing import make_user
from doclife.worker.run import run_claimed
from tests.contract.databases import only_on
from tests.contract.kernel.threads import SECONDS

met = Barrier(2)
refused = Event()


def fight(order):
    """Saves two users in this order, after a role and a job of its own."""
    Role(role_name=f"{order} {job.attempt}").insert()
    enqueue(note, order=order, attempt=job.attempt)
    first, second = order
    _rename(first, order)
    if job.attempt == 1:
        met.wait(SECONDS)
    _rename(second, order)
    return job.attempt


def _rename(letter, order):
    user = get_doc("User", f"{letter}@example.com".lower())
    user.last_name = order
    user.save()


def note(order, attempt):
    NotificationLog(subject=f"{order} {attempt}", for_user="Administrator").insert()


def write_when_free():
    try:
        note("X", job.attempt)
    except QueryTimeoutError:
        refused.set()
        raise


def _run_together(site, ids):
    threads = [Thread(target=lambda id=id: run_claimed(site, claim(site.database, id, "w"))) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)


def _jobs(site, *ids):
    with site.database.reading() as connection:
        query = sa.select(background_job).where(background_job.c.name.in_(ids)).order_by(background_job.c.conflicts)
        return connection.execute(query).all()


def _column(site, column):
    with site.database.reading() as connection:
        return sorted(connection.execute(sa.select(column)).scalars())


@only_on("postgres", "mariadb")
def test_a_job_that_loses_a_deadlock_is_run_again(committed_site):
    site = committed_site
    with site.work():
        make_user("a@example.com")
        make_user("b@example.com")
        ids = [enqueue(fight, order=order).id for order in ("AB", "BA")]
    _run_together(site, ids)
    won, lost = _jobs(site, *ids)
    assert (won.status, won.conflicts, won.attempt, won.result) == ("finished", 0, 1, "1")
    assert (lost.status, lost.conflicts, lost.exceptions, lost.attempt) == ("queued", 1, 0, 1)
    assert "eadlock" in lost.error
    assert run_claimed(site, claim(site.database, lost.name, "w")) == "finished"
    won, lost = _jobs(site, *ids)
    assert (lost.status, lost.conflicts, lost.attempt, lost.result) == ("finished", 1, 2, "2")
    by_id = dict(zip(ids, ("AB", "BA"), strict=True))
    expected = sorted([f"{by_id[won.name]} 1", f"{by_id[lost.name]} 2"])
    assert [name for name in _column(site, Role.__table__.c.name) if name[:2] in ("AB", "BA")] == expected
    assert _column(site, ErrorLog.__table__.c.name) == []
    names = _column(site, sa.func.coalesce(User.__table__.c.last_name, ""))
    assert [name for name in names if name] == [by_id[lost.name]] * 2
    with site.database.reading() as connection:
        children = connection.execute(
            sa.select(background_job.c.kwargs).where(background_job.c.method == f"{__name__}.note")
        ).scalars()
        assert len(list(children)) == 2, "the job of the attempt that lost is gone with it"


@pytest.mark.doclife_settings(sqlite_busy_timeout=0.2)
@only_on("sqlite")
def test_a_job_that_does_not_get_the_lock_of_sqlite_is_run_again(committed_site):
    site = committed_site
    with site.work():
        id = enqueue(write_when_free).id
    claimed = claim(site.database, id, "w")
    writer = site.unit()
    writer.before_write()
    ended = []
    thread = Thread(target=lambda: ended.append(run_claimed(site, claimed)))
    thread.start()
    assert refused.wait(SECONDS)
    writer.rollback()
    writer.close()
    thread.join(SECONDS)
    assert ended == [""]
    (row,) = _jobs(site, id)
    assert (row.status, row.conflicts, row.exceptions) == ("queued", 1, 0)
    assert run_claimed(site, claim(site.database, id, "w")) == "finished"
    assert _column(site, NotificationLog.__table__.c.subject) == ["X 2"]
