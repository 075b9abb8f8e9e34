"""New revisions: what the classes declare, compared with what the existing revisions build.

Needs no site and no database: the existing revisions run on a scratch database in memory, which
remembers doclife's column types (`scratch`), so the new file is right on every database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.util import template_to_file
from sqlalchemy import Connection, MetaData, inspect

from doclife.core.errors import MigrationError, nearest
from doclife.database.conversions import with_conversions
from doclife.database.migrate import MIGRATIONS, AppHistory, apply, comparison, explained, head
from doclife.database.naming import shorten
from doclife.database.operations import arranged, losses
from doclife.database.ownership import Item, Scope
from doclife.database.pysource import INDENT, format_statements, quoted
from doclife.database.scratch import arguments, is_own, scratch_engine

#: characters of the column in which Alembic keeps a revision, less those of the number
_REVISION_APP = 32 - len("_0001")


def revision(
    metadata: MetaData,
    histories: Sequence[AppHistory],
    app: str,
    message: str,
    *,
    empty: bool = False,
    warn: Callable[[str], None] | None = None,
) -> Path | None:
    """Writes the next revision of an app and returns its file, or None when nothing has changed.

    Args:
        metadata: the tables of all loaded apps.
        histories: the framework's, then the apps' in install order; at least those that `app` requires, and its own.
        app: whose tables, columns and indexes are compared.
        message: what the revision does; becomes its title and part of the file's name.
        empty: write a revision without operations, to be filled by hand.
        warn: is told what the revision deletes.
    Raises:
        MigrationError: unknown app, a revision that does not run, or a change that cannot be made
            to rows that exist.
    """
    own = next((history for history in histories if history.name == app), None)
    if own is None:
        raise MigrationError(f"There is no app {app!r} here.{nearest(app, [one.name for one in histories])}")
    upgrades = downgrades = f"{INDENT}pass"
    if not empty:
        changes = _changes(metadata, histories, app)
        if not changes.ops:
            return None
        if warn is not None:
            for loss in losses(changes.ops):
                warn(loss)
        upgrades, downgrades = _source(changes), _source(changes.reverse())
    return _write(own, message, upgrades, downgrades)


def _changes(metadata: MetaData, histories: Sequence[AppHistory], app: str) -> ops.UpgradeOps:
    engine = scratch_engine()
    try:
        with engine.connect() as connection:
            made_by: dict[Item, str] = {}
            version_tables = {history.version_table for history in histories}
            for history in histories:
                apply(connection, metadata, history, lambda _applied: None)
                for item in _items(connection, version_tables):
                    made_by.setdefault(item, history.name)
                connection.rollback()
            scope = Scope(metadata, {app}, made_by)
            context = MigrationContext.configure(connection, opts={"target_metadata": metadata, **comparison(scope)})
            found = produce_migrations(context, metadata).upgrade_ops
            assert found is not None
            return arranged(found, metadata, app)
    finally:
        engine.dispose()


def _items(connection: Connection, bookkeeping: Collection[str]) -> Iterator[Item]:
    inspector = inspect(connection)
    for table in inspector.get_table_names():
        if table in bookkeeping:
            continue
        yield table, "table", table
        kinds: dict[str, Sequence[Any]] = {
            "column": inspector.get_columns(table),
            "index": inspector.get_indexes(table),
            "unique_constraint": inspector.get_unique_constraints(table),
            "foreign_key_constraint": inspector.get_foreign_keys(table),
        }
        for kind, items in kinds.items():
            for item in items:
                yield table, kind, str(item["name"])


def _source(operations: ops.UpgradeOps | ops.DowngradeOps) -> str:
    # Without a migration context Alembic renders for no dialect in particular, which is what is wanted.
    converting = type(operations)(with_conversions(operations))
    code = render_python_code(converting, render_as_batch=True, render_item=_render_item)
    return format_statements(f"{INDENT}{code}")


def _render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    if kind != "type" or not is_own(item):
        return False
    return f"types.{type(item).__name__}({', '.join(map(repr, arguments(item)))})"


def _write(history: AppHistory, message: str, upgrades: str, downgrades: str) -> Path:
    title = " ".join(message.split()).replace("\\", "/").replace('"', "'")
    slug = re.sub(r"\W+", "_", title.lower()).strip("_")[:60].rstrip("_")
    if not slug:
        raise MigrationError(f"{history.name}: a revision needs a message, e.g. -m 'add the outlet code'")
    before = head(history)
    number = _next_number(history, before)
    path = history.versions / f"{number:04}_{slug}.py"
    body = f"{upgrades}\n{downgrades}"
    with explained(history):
        history.versions.mkdir(parents=True, exist_ok=True)
        template_to_file(
            str(MIGRATIONS / "script.py.mako"),
            str(path),
            "utf-8",
            message=title,
            imports=list(_imports(body)) or ["from alembic import op"],  # an empty one is to be filled by hand
            revision=quoted(f"{shorten(history.name, _REVISION_APP)}_{number:04}"),
            down_revision=quoted(before) if before else "None",
            upgrades=upgrades,
            downgrades=downgrades,
        )
    return path


def _next_number(history: AppHistory, before: str | None) -> int:
    if before is None:
        return 1
    numbered = re.search(r"(\d+)$", before)
    return int(numbered.group(1)) + 1 if numbered else len(list(history.versions.glob("*.py"))) + 1


def _imports(body: str) -> Iterator[str]:
    if re.search(r"\bsa\.", body):
        yield "import sqlalchemy as sa"
    if re.search(r"\bop\.", body):
        yield "from alembic import op"
    if re.search(r"\btypes\.", body):
        yield ""
        yield "from doclife.database import types"
