"""Migrations that go wrong: what is left, what is said, and that the rows survive."""

from __future__ import annotations

import textwrap

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Table

from doclife.core.errors import MigrationError
from doclife.database import types
from doclife.database.drift import check
from doclife.database.engine import create_engine, transaction
from doclife.database.migrate import current, downgrade, drop_all, head, is_empty, upgrade
from tests.contract.databases import MARKED, fresh_engine
from tests.contract.migrations import INVOICE, Project, invoice, new_metadata, quoted, rows, run


@pytest.fixture(params=MARKED)
def engine(request, tmp_path):
    with fresh_engine(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def sqlite(tmp_path):
    with fresh_engine("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "apps")


def _write(project, number, body, *, app="shop", after=None):
    folder = getattr(project, app).versions
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:04}_by_hand.py"
    before = f'"{app}_{after:04}"' if after else None
    head_lines = f'"""by hand"""\nfrom alembic import op\nimport sqlalchemy as sa\nrevision = "{app}_{number:04}"\n'
    functions = f"def upgrade():\n{textwrap.indent(textwrap.dedent(body), '    ')}\ndef downgrade():\n    pass\n"
    path.write_text(f"{head_lines}down_revision = {before}\n{functions}")
    return path


def test_a_failed_revision_leaves_nothing_where_ddl_is_transactional(engine, project):
    metadata = new_metadata()
    invoice(metadata)
    project.revise(metadata, "shop")
    path = _write(
        project,
        2,
        """
        op.create_table("tabHalf", sa.Column("name", sa.Integer, primary_key=True))
        op.execute("UPDATE no_such_table SET a = 1")
        """,
        after=1,
    )

    with pytest.raises(MigrationError) as caught:
        upgrade(engine, metadata, [project.shop])

    message = str(caught.value)
    assert message.startswith("shop: revision shop_0002 (by hand) failed: ")
    assert "no_such_table" in message
    assert "sqlalche.me" not in message
    assert caught.value.context == {"app": "shop", "revision": "shop_0002"}
    assert current(engine, project.shop) == "shop_0001"  # the one before it stays
    half = "tabHalf" in sa.inspect(engine).get_table_names()
    assert half == (engine.dialect.name == "mariadb")
    assert ("MariaDB keeps what ran" in message) == half
    if half:
        run(engine, "DROP TABLE `tabHalf`")
    path.write_text(path.read_text().replace("UPDATE no_such_table SET a = 1", "SELECT 1"))

    assert [one.revision for one in upgrade(engine, metadata, [project.shop])] == ["shop_0002"]


def test_python_errors_name_the_revision_too(sqlite, project):
    _write(project, 1, "raise KeyError('outlet')")

    with pytest.raises(
        MigrationError, match=r"revision shop_0001 \(by hand\) failed: KeyError: 'outlet'; nothing of it"
    ):
        upgrade(sqlite, new_metadata(), [project.shop])

    assert "alembic_version_shop" not in sa.inspect(sqlite).get_table_names()


def _family(metadata, *columns):
    """A parent and its rows, which go with it: the accident that batch changes cause on SQLite."""
    Table("parent", metadata, Column("id", types.BigInt(), primary_key=True), *columns, info={"app": "shop"})
    Table(
        "child",
        metadata,
        Column("id", types.BigInt(), primary_key=True),
        Column("parent", types.BigInt(), ForeignKey("parent.id", ondelete="CASCADE")),
        info={"app": "shop"},
    )
    return metadata


def test_a_rebuilt_parent_keeps_its_children(engine, project):
    before = _family(new_metadata(), Column("code", types.ShortText(20)))
    project.revise(before, "shop")
    upgrade(engine, before, [project.shop])
    run(engine, "INSERT INTO parent (id, code) VALUES (1, 'a')", "INSERT INTO child (id, parent) VALUES (1, 1), (2, 1)")
    after = _family(new_metadata(), Column("code", types.ShortText(40), nullable=False, server_default="x"))
    project.revise(after, "shop", "longer code")

    upgrade(engine, after, [project.shop])

    assert rows(engine, "SELECT id, parent FROM child ORDER BY id") == [(1, 1), (2, 1)]
    assert check(engine, after, [project.shop]) == []
    with pytest.raises(sa.exc.IntegrityError):  # and the key still holds afterwards
        run(engine, "INSERT INTO child (id, parent) VALUES (3, 99)")


def test_a_revision_that_breaks_a_reference_is_undone(sqlite, project):
    metadata = _family(new_metadata())
    project.revise(metadata, "shop")
    upgrade(sqlite, metadata, [project.shop])
    run(sqlite, "INSERT INTO parent (id) VALUES (1)", "INSERT INTO child (id, parent) VALUES (1, 1)")
    _write(project, 2, 'op.execute("DELETE FROM parent")', after=1)

    with pytest.raises(
        MigrationError, match="1 rows would point at rows that do not exist, the first is row 1 of 'child'"
    ):
        upgrade(sqlite, metadata, [project.shop])

    assert rows(sqlite, "SELECT id FROM parent") == [(1,)]
    assert current(sqlite, project.shop) == "shop_0001"
    assert rows(sqlite, "PRAGMA foreign_keys") == [(1,)]


def test_a_connection_inside_a_transaction_is_refused(sqlite, project):
    from doclife.database.migrate import apply

    metadata = new_metadata()
    invoice(metadata)
    project.revise(metadata, "shop")
    with sqlite.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        with pytest.raises(MigrationError, match="inside a transaction"):
            apply(connection, metadata, project.shop, print)


def test_a_database_that_stays_locked_is_told_as_such(tmp_path, project):
    metadata = new_metadata()
    invoice(metadata)
    project.revise(metadata, "shop")
    writer, migrating = (create_engine(f"sqlite:///{tmp_path / 'site.db'}", busy_timeout=0.1) for _ in range(2))
    with (
        transaction(writer),
        pytest.raises(MigrationError, match=r"shop: the database refused .*: database is locked in:"),
    ):
        upgrade(migrating, metadata, [project.shop])
    assert len(upgrade(migrating, metadata, [project.shop])) == 1
    writer.dispose()
    migrating.dispose()


def test_two_newest_revisions_are_refused(sqlite, project):
    for number in (1, 2, 3):
        _write(project, number, "pass", after=None if number == 1 else 1)

    with pytest.raises(MigrationError, match="shop_0002 and shop_0003 are both the newest"):
        upgrade(sqlite, new_metadata(), [project.shop])


def test_a_revision_file_that_does_not_import_is_named(project):
    _write(project, 1, "pass").write_text("import no_such_module\n")

    with pytest.raises(
        MigrationError, match=r"shop: the revisions in .* cannot be used: ModuleNotFoundError: .*no_such_module"
    ):
        head(project.shop)


def test_downgrade_to_an_unknown_revision(sqlite, project):
    _write(project, 1, "pass")
    upgrade(sqlite, new_metadata(), [project.shop])

    with pytest.raises(MigrationError, match="shop_0099"):
        downgrade(sqlite, new_metadata(), project.shop, "shop_0099")


def test_an_unknown_app_has_the_nearest_name(project):
    with pytest.raises(MigrationError, match=r"no app 'shopp' here\. Did you mean 'shop'"):
        project.revise(new_metadata(), "shopp")


def test_a_column_that_old_rows_could_not_have_is_refused(project):
    before, after = new_metadata(), new_metadata()
    invoice(before)
    project.revise(before, "shop")
    invoice(after, Column("code", types.ShortText(), nullable=False))

    with pytest.raises(MigrationError, match=r"tabSales Invoice.code is NOT NULL without a default"):
        project.revise(after, "shop", "code")


def test_drop_all_leaves_other_tables(engine, project):
    metadata = new_metadata()
    invoice(metadata)
    project.revise(metadata, "shop")
    upgrade(engine, metadata, [project.shop])
    run(engine, f"INSERT INTO {quoted(engine, INVOICE)} (name) VALUES ('a')", "CREATE TABLE theirs (id INTEGER)")

    drop_all(engine, metadata, project.all)

    assert sa.inspect(engine).get_table_names() == ["theirs"]
    assert not is_empty(engine)
    drop_all(engine, metadata, project.all)  # once more does no harm
