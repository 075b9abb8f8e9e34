"""Of several hosts that migrate one database, one runs at a time."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import pytest
from sqlalchemy import Column

from doclife.core.errors import MigrationError
from doclife.database import types
from doclife.database.engine import create_engine
from doclife.database.migrate import upgrade
from doclife.database.migrate_lock import migrate_lock
from tests.contract.databases import MARKED, fresh_database
from tests.contract.migrations import Project, framework, invoice, new_metadata


@pytest.fixture(params=MARKED)
def url(request, tmp_path):
    with fresh_database(request.param, tmp_path) as made:
        yield made


def _in_thread(action):
    failure = []

    def run():
        try:
            action()
        except Exception as error:
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    return failure[0] if failure else None


def test_the_second_waits_and_gives_up(url):
    one, two = create_engine(url), create_engine(url)
    try:
        with migrate_lock(one):

            def take():
                with migrate_lock(two, timeout_s=0.2):
                    pass

            refused = _in_thread(take)
            assert isinstance(refused, MigrationError)
            assert "another process has been migrating" in str(refused)
            assert "for more than 0.2 s; wait until it has ended" in str(refused)
        assert _in_thread(take) is None
    finally:
        one.dispose()
        two.dispose()


def test_the_lock_is_free_after_an_error(url):
    engine = create_engine(url)
    try:
        with pytest.raises(ZeroDivisionError), migrate_lock(engine):
            raise ZeroDivisionError
        with migrate_lock(engine, timeout_s=0.2):
            pass
    finally:
        engine.dispose()


def test_a_killed_holder_blocks_nobody(url):
    program = textwrap.dedent("""
        import sys
        from doclife.database.engine import create_engine
        from doclife.database.migrate_lock import migrate_lock
        with migrate_lock(create_engine(sys.argv[1])):
            print("held", flush=True)
            sys.stdin.read()
    """)
    holder = subprocess.Popen(
        [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    engine = create_engine(url)
    try:
        assert holder.stdout.readline() == "held\n"
        holder.kill()
        holder.wait()
        with migrate_lock(engine, timeout_s=10):
            pass
    finally:
        holder.kill()
        holder.communicate()
        engine.dispose()


def test_two_migrations_at_once_apply_each_revision_once(url, tmp_path):
    project = Project(tmp_path / "apps")
    metadata = new_metadata()
    framework(metadata)
    invoice(metadata, Column("status", types.ShortText(), index=True))
    project.revise(metadata, "doclife")
    project.revise(metadata, "shop")
    start, applied, failures = threading.Barrier(2), [], []

    def migrate():
        engine = create_engine(url)
        try:
            start.wait()
            with migrate_lock(engine):
                applied.extend(upgrade(engine, metadata, project.all))
        except Exception as error:
            failures.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failures == []
    assert [one.revision for one in applied] == ["doclife_0001", "shop_0001"]


def test_an_in_memory_database_needs_no_lock():
    engine = create_engine("sqlite://")
    with migrate_lock(engine, timeout_s=0), migrate_lock(engine, timeout_s=0):
        pass
    engine.dispose()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'missing' / 'site.db'}")
    with (
        pytest.raises(MigrationError, match=r"site.db.migrate-lock cannot be locked: unable to open"),
        migrate_lock(engine),
    ):
        pass
    engine.dispose()
