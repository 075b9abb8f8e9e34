"""Methods of Frappe's `db` that doclife has no counterpart of: they say what to use instead."""

from __future__ import annotations

from doclife.core.unsupported import Unsupported

_NO_TREES = (
    "doclife has no trees: keep the parent in a Link field and walk it, or keep a path in a Data field and filter it "
    "with ['like', path + '%']."
)
_NO_DEFAULTS = (
    "Keep settings of the site in a single type (Meta(issingle=True); db.get_single_value, db.set_single_value), and "
    "those of a user in a document type of your own."
)
_MIGRATION = "Change the schema in a migration: doclife makemigrations APP -m ..."


class NotInDb:
    """The names, each of which raises NotSupported when it is called."""

    get_descendants = Unsupported("db.get_descendants", _NO_TREES)
    get_ancestors = Unsupported("db.get_ancestors", _NO_TREES)
    get_default = Unsupported("db.get_default", _NO_DEFAULTS)
    set_default = Unsupported("db.set_default", _NO_DEFAULTS)
    get_global = Unsupported("db.get_global", _NO_DEFAULTS)
    set_global = Unsupported("db.set_global", _NO_DEFAULTS)
    sql_ddl = Unsupported("db.sql_ddl", _MIGRATION)
    add_column = Unsupported("db.add_column", _MIGRATION)
    change_column_type = Unsupported("db.change_column_type", _MIGRATION)
    rename_table = Unsupported("db.rename_table", _MIGRATION)
    truncate = Unsupported(
        "db.truncate", "db.delete(doctype, {}) deletes every row, inside the transaction and with its rollback."
    )
    begin = Unsupported(
        "db.begin", "A transaction begins by itself, and after db.commit() and db.rollback() the next one."
    )
    release_savepoint = Unsupported(
        "db.release_savepoint",
        "Write `with db.savepoint():`; the end of the block releases it, an exception undoes it.",
    )
