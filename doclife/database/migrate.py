"""Migrations: one linear history of revisions and one version table per app, over Alembic.

Takes metadata and histories as arguments: this floor knows no document type and no site. Alembic
costs 0.4 s to import, so callers import this module when they need it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, Table, event, inspect
from sqlalchemy.exc import DBAPIError

from doclife.core.errors import MigrationError
from doclife.database.compare import defaults_differ, types_differ
from doclife.database.conversions import ValueKeepingSQLiteImpl as ValueKeepingSQLiteImpl
from doclife.database.engine import is_sqlite
from doclife.database.naming import version_table_name
from doclife.database.ownership import Scope, table_owner

#: holds env.py, the template of a revision, and the framework's own revisions
MIGRATIONS = Path(__file__).parent / "migrations"
BASE = "base"
_NOT_FREE = "the connection is inside a transaction; a migration commits, so give it a connection of its own"


class AppHistory(NamedTuple):
    """The revisions of one app."""

    #: the app; "doclife" is the framework
    name: str
    #: the folder of its revisions
    versions: Path

    @property
    def version_table(self) -> str:
        """The table that holds the revision which the app's tables are at."""
        return version_table_name(self.name)


#: the framework's history: the first of every site
FRAMEWORK = AppHistory("doclife", MIGRATIONS / "versions")


class Applied(NamedTuple):
    """A revision that was applied, or undone."""

    app: str
    revision: str
    message: str


def upgrade(
    engine: Engine,
    metadata: MetaData,
    histories: Sequence[AppHistory],
    *,
    report: Callable[[Applied], None] | None = None,
) -> list[Applied]:
    """Applies every pending revision, history after history as given, and returns what was applied.

    Each revision is one transaction on SQLite and PostgreSQL; MariaDB commits each DDL statement.

    Args:
        engine: the site's database.
        metadata: the tables of all apps; gives revisions the naming convention.
        histories: the framework's first, then the apps' in install order.
        report: called after each revision.
    Raises:
        MigrationError: a revision failed (the ones before it stay applied), or a history is broken.
    Order: inside `migrate_lock`.
    """
    done: list[Applied] = []

    def note(one: Applied) -> None:
        done.append(one)
        if report is not None:
            report(one)

    with engine.connect() as connection:
        for history in histories:
            apply(connection, metadata, history, note)
    return done


def downgrade(engine: Engine, metadata: MetaData, history: AppHistory, target: str = BASE) -> list[Applied]:
    """Undoes the revisions of one app after `target`, newest first, and returns what was undone.

    At "base" the app's version table goes too: nothing of the app is left.

    Raises:
        MigrationError: a revision failed, or `target` is none of this history.
    Order: inside `migrate_lock`.
    """
    done: list[Applied] = []
    with engine.connect() as connection:
        apply(connection, metadata, history, done.append, downgrade_to=target)
        if target == BASE:
            drop_version_table(connection, history)
            connection.commit()
    return done


def current(engine: Engine, history: AppHistory) -> str | None:
    """Returns the revision that an app's tables are at, or None before the first."""
    with engine.connect() as connection, explained(history):
        return version_context(connection, history).get_current_revision()


def head(history: AppHistory) -> str | None:
    """Returns the newest revision of a history, or None where it has none.

    Raises:
        MigrationError: the history is not linear, or a revision file cannot be read.
    """
    with explained(history):
        heads = scripts(history).get_heads()
    if len(heads) > 1:
        raise MigrationError(
            f"{history.name}: {' and '.join(sorted(heads))} are both the newest revision in {history.versions}; "
            "make one the down_revision of the other",
            app=history.name,
        )
    return heads[0] if heads else None


def table_names(engine: Engine) -> list[str]:
    """Returns the names of all tables that a database holds, sorted."""
    return sorted(inspect(engine).get_table_names())


def is_empty(engine: Engine) -> bool:
    """Tells whether a database holds no table at all."""
    return not table_names(engine)


def drop_all(engine: Engine, metadata: MetaData, histories: Collection[AppHistory]) -> None:
    """Drops the tables and version tables of the given apps, data included."""
    names = {history.name for history in histories}
    tables = [table for table in metadata.sorted_tables if table_owner(table) in names]
    with engine.connect() as connection, prepared(connection):
        metadata.drop_all(connection, tables=tables)
        for history in histories:
            drop_version_table(connection, history)
        connection.commit()


def scripts(history: AppHistory) -> ScriptDirectory:
    """Returns Alembic's view of a history."""
    return ScriptDirectory(str(MIGRATIONS), version_locations=[str(history.versions)])


def version_context(connection: Connection, history: AppHistory) -> MigrationContext:
    """Returns what reads and writes the version table of a history."""
    return MigrationContext.configure(connection, opts={"version_table": history.version_table})


def options(metadata: MetaData, history: AppHistory, connection: Connection) -> dict[str, Any]:
    """Returns what Alembic is configured with for one app on one connection; env.py uses it too."""
    return {
        "target_metadata": metadata,
        "version_table": history.version_table,
        "transaction_per_migration": True,
        # Alembic says no for SQLite, as the driver used to commit before DDL; `prepared` sees to it
        "transactional_ddl": True if is_sqlite(connection) else None,
        "on_version_apply": (_check_foreign_keys,),
        **comparison(Scope(metadata, {history.name})),
    }


def comparison(scope: Scope) -> dict[str, Any]:
    """Returns the options of a comparison between a database and the classes."""
    return {
        "include_name": scope.include_name,
        "include_object": scope.include_object,
        "compare_type": types_differ,
        "compare_server_default": defaults_differ,
        "render_as_batch": True,
    }


def apply(
    connection: Connection,
    metadata: MetaData,
    history: AppHistory,
    note: Callable[[Applied], None],
    *,
    downgrade_to: str = "",
) -> None:
    """Runs the pending revisions of one app on a connection (or undoes some), each in its transaction.

    Args:
        connection: outside any transaction.
        metadata: the tables of all apps.
        history: the app's revisions.
        note: called after each revision.
        downgrade_to: undo down to this revision instead.
    Raises:
        MigrationError: as of `upgrade` and `downgrade`.
    """
    newest = head(history)  # says what is wrong with the history before anything runs
    running: list[Any] = []
    with explained(history, running, connection.dialect.name), prepared(connection):
        script = scripts(history)
        script.get_revisions(version_context(connection, history).get_current_heads())  # refuses an unknown one
        connection.rollback()
        if newest is None:
            return  # Alembic would leave an empty version table behind

        def steps(heads: Any, _running_context: Any) -> Iterator[Any]:
            # what alembic.command does for `upgrade` and `downgrade`; there is no public name for it
            plan = script._downgrade_revs if downgrade_to else script._upgrade_revs
            for step in plan(downgrade_to or newest, heads):
                running[:] = [step.revision]
                yield step  # asked for the next one, Alembic has committed this one
                running.clear()
                note(Applied(history.name, step.revision.revision, step.revision.doc))

        settings = {**options(metadata, history, connection), "fn": steps, "script": script}
        context = MigrationContext.configure(connection, opts=settings)
        with Operations.context(context):
            context.run_migrations()


@contextmanager
def prepared(connection: Connection) -> Iterator[None]:
    """Makes a connection fit for DDL for the block; what is not committed then is rolled back.

    On SQLite a changed table is built anew and the old one dropped, and with foreign keys on that
    deletes the rows which point at it. The pragma does nothing inside a transaction, so it comes
    before. Every transaction begins IMMEDIATE: DDL is part of it and a second migration waits.
    """
    if connection.in_transaction():
        raise MigrationError(_NOT_FREE)
    if not is_sqlite(connection):
        try:
            yield
        finally:
            connection.rollback()
        return
    driver: Any = connection.connection.driver_connection
    before = driver.execute("PRAGMA foreign_keys").fetchone()[0]
    driver.execute("PRAGMA foreign_keys=OFF")
    if driver.execute("PRAGMA foreign_keys").fetchone()[0]:
        raise MigrationError(_NOT_FREE)
    event.listen(connection, "begin", _begin_immediate)
    try:
        yield
    finally:
        connection.rollback()
        event.remove(connection, "begin", _begin_immediate)
        driver.execute(f"PRAGMA foreign_keys={before}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _check_foreign_keys(*, ctx: MigrationContext, **_rest: Any) -> None:
    connection = ctx.connection
    if connection is None or not is_sqlite(connection):
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        child, row, parent = broken[0][:3]
        raise MigrationError(
            f"{len(broken)} rows would point at rows that do not exist, the first is row {row} of {child!r}, "
            f"which refers to {parent!r}; correct or delete them in the revision"
        )


def drop_version_table(connection: Connection, history: AppHistory) -> None:
    """Drops what says which revision an app's tables are at, if it is there."""
    Table(history.version_table, MetaData()).drop(connection, checkfirst=True)


@contextmanager
def explained(history: AppHistory, running: Sequence[Any] = (), dialect: str = "") -> Iterator[None]:
    """Turns whatever a history or its revision raises into a MigrationError that says what to do."""
    try:
        yield
    except Exception as error:  # a revision is an app's code: it may raise anything
        if isinstance(error, MigrationError) and error.context:
            raise
        if not running:
            if isinstance(error, CommandError) and "Can't locate revision" in str(error):
                text = (
                    f"{history.name}: {error}: the database was migrated by another version of the app, or the file "
                    f"is gone from {history.versions}; install that version, or bring the file back"
                )
            elif isinstance(error, DBAPIError):
                text = f"{history.name}: the database refused the migration before it began: {_reason(error)}"
            else:
                text = f"{history.name}: the revisions in {history.versions} cannot be used: {_reason(error)}"
            raise MigrationError(text, app=history.name) from error
        script = running[0]
        left = (
            "MariaDB keeps what ran before the failing statement: undo it by hand, or make the revision skip it"
            if dialect in ("mysql", "mariadb")
            else "nothing of it is left in the database"
        )
        raise MigrationError(
            f"{history.name}: revision {script.revision} ({script.doc}) failed: {_reason(error)}; {left}. "
            f"Correct {Path(script.path).name} or the data it met, then migrate again",
            app=history.name,
            revision=script.revision,
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, DBAPIError):
        return f"{error.orig} in: {' '.join((error.statement or '').split())[:300]}"
    return str(error) if isinstance(error, (CommandError, MigrationError)) else f"{type(error).__name__}: {error}"
