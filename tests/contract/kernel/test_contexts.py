"""A block of `doclife.connect()` is one unit: committed at its end, rolled back on an exception, on each database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import doclife
from doclife.doctypes.error_log import ErrorLog
from doclife.doctypes.user import Role
from doclife.schema.tables import background_job


def work(name):
    """Is the method of the jobs, which nobody runs here."""


def _names(site):
    with site.database.reading() as connection:
        roles = connection.execute(sa.select(Role.__table__.c.name).where(Role.name.like("x%"))).scalars()
        jobs = connection.execute(sa.select(background_job.c.name)).scalars()
        return sorted(roles), len(list(jobs))


def _add(name):
    Role(role_name=name).insert()
    doclife.enqueue(work, name=name)


def test_a_block_is_committed_with_its_jobs_at_its_end(committed_site):
    with doclife.connect(committed_site):
        _add("x1")
        assert _names(committed_site) == ([], 0)
    assert _names(committed_site) == (["x1"], 1)


def test_a_block_that_raises_leaves_neither_rows_nor_jobs(committed_site):
    def fail():
        with doclife.connect(committed_site):
            _add("x1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _names(committed_site) == ([], 0)


def test_what_a_block_has_committed_itself_stays(committed_site):
    def fail():
        with doclife.connect(committed_site):
            _add("x1")
            doclife.db.commit()
            _add("x2")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _names(committed_site) == (["x1"], 1)


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_what_outlives_a_transaction_is_there_however_it_ends(committed_site, ends):
    """An Error Log, and a job that is not to wait for the commit."""

    def block():
        with doclife.connect(committed_site):
            _add("x1")
            doclife.log_error("tried", "and failed")
            doclife.enqueue(work, enqueue_after_commit=False, name="now")
            with committed_site.database.reading() as connection:
                assert connection.execute(sa.select(ErrorLog.__table__.c.name)).all() == []
            getattr(doclife.db, ends)()

    block()
    kept = (["x1"], 2) if ends == "commit" else ([], 1)
    assert _names(committed_site) == kept
    with committed_site.database.reading() as connection:
        assert connection.execute(sa.select(ErrorLog.__table__.c.method)).scalars().all() == ["tried"]


def test_callbacks_run_in_their_order_and_each_in_a_unit_of_its_own(committed_site):
    seen = []

    def fails():
        _add("x-failed")
        raise ZeroDivisionError("in a callback")

    with doclife.connect(committed_site):
        doclife.db.before_commit.add(lambda: (seen.append("before"), _add("x-before")))
        doclife.db.after_commit.add(fails)
        doclife.db.after_commit.add(lambda: (seen.append(_names(committed_site)[0]), _add("x-after")))
        _add("x1")
    assert seen == ["before", ["x-before", "x1"]]
    assert _names(committed_site) == (["x-after", "x-before", "x1"], 3)
    with committed_site.database.reading() as connection:
        ((title, text),) = connection.execute(sa.select(ErrorLog.__table__.c.method, ErrorLog.__table__.c.error)).all()
    assert title.startswith("after_commit callback tests.contract.kernel.test_contexts.")
    assert "ZeroDivisionError: in a callback" in text
