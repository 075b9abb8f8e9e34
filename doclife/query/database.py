"""Db: the database of the open context, by the names that Frappe gave its methods.

Each method asks for the context when it is called. None of them checks permissions but `get_list`,
and none fires events: documents are changed by their own operations, these change columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from doclife.core.context import current
from doclife.core.errors import NotSupported
from doclife.query import bulk, lists, rawsql, values, writes
from doclife.query.callbacks import Moment
from doclife.query.ordering import TYPE_ORDER
from doclife.query.select import Select
from doclife.query.session import JoinedSession
from doclife.query.signatures import refuse, shown
from doclife.query.tables import Tables
from doclife.query.unsupported import NotInDb
from doclife.uow.unit import current_unit

D = TypeVar("D")


class Db(Tables, NotInDb):
    """The database of the open context."""

    def __init__(self) -> None:
        """Builds the object; one serves all contexts."""
        #: functions run before the next COMMIT, inside its transaction; one that raises prevents it
        self.before_commit = Moment("before_commit")
        #: functions run after the next COMMIT, each in a unit of its own
        self.after_commit = Moment("after_commit")
        #: functions run before the next ROLLBACK of the whole transaction
        self.before_rollback = Moment("before_rollback")
        #: functions run after it, each in a unit of its own
        self.after_rollback = Moment("after_rollback")

    get_all = staticmethod(lists.get_all)
    get_list = staticmethod(lists.get_list)

    def get_value(
        self,
        doctype: Any,
        filters: Any = None,
        fieldname: Any = "name",
        *,
        as_dict: bool = False,
        debug: bool = False,
        order_by: Any = TYPE_ORDER,
        cache: bool = False,
        for_update: bool = False,
        skip_locked: bool = False,
        wait: bool = True,
        run: bool = True,
    ) -> Any:
        """Returns values of the first document that filters match, or None.

        Args:
            doctype: document type or class.
            filters: a name, or any form of filters. Of a single type nothing; of another None finds nothing.
            fieldname: one field gives its value, a list of them a tuple, "*" a dict. An aggregate is one too.
            as_dict: a dict whose keys are attributes too, also of one field.
            debug: print the statement to stderr.
            order_by: which is the first; default the type's order.
            cache: taken for Frappe's sake; a value by name costs one compiled statement.
            for_update: lock the document until the transaction ends.
            skip_locked: with it, pass over a document that another has locked.
            wait: False raises at once where another has locked it.
            run: taken for Frappe's sake; False is refused.
        Raises:
            UnknownDoctypeError, UnknownFieldError: a name is not known; the message has the nearest.
            QueryTimeoutError: another holds the lock.
        """
        if run is not True:
            refuse(run=run)
        context = current()
        with shown(context.unit, debug):
            return values.get_value(
                context,
                doctype,
                filters,
                fieldname,
                as_dict=bool(as_dict),
                order_by=order_by,
                for_update=for_update,
                skip_locked=skip_locked,
                wait=wait,
            )

    def get_values(
        self,
        doctype: Any,
        filters: Any = None,
        fieldname: Any = "name",
        *,
        as_dict: bool = False,
        debug: bool = False,
        order_by: Any = TYPE_ORDER,
        cache: bool = False,
        limit: int | None = None,
        pluck: bool = False,
        distinct: bool = False,
        for_update: bool = False,
        skip_locked: bool = False,
        wait: bool = True,
        run: bool = True,
    ) -> list[Any]:
        """Returns values of every document that filters match: tuples, dicts, or plain values with `pluck`.

        Args:
            limit: at most so many documents.
            pluck: the first value of each.
            distinct: each row once; then there is no order.
        Others as of `get_value`.
        """
        if run is not True:
            refuse(run=run)
        context = current()
        with shown(context.unit, debug):
            found = values.get_values(
                context,
                doctype,
                filters,
                fieldname,
                as_dict=bool(as_dict) and not pluck,
                order_by=order_by,
                limit=limit,
                distinct=distinct,
                for_update=for_update,
                skip_locked=skip_locked,
                wait=wait,
            )
        return [row[0] for row in found] if pluck else found

    def get(self, doctype: Any, filters: Any = None, as_dict: bool = True) -> Any:
        """Returns every column of the first document that filters match, as a dict or a tuple; None where none is."""
        found = self.get_value(doctype, filters, "*", as_dict=True)
        return found if as_dict or found is None else tuple(found.values())

    def get_single_value(self, doctype: Any, fieldname: str, cache: bool = True) -> Any:
        """Returns a value of a single type; the field's default where nobody has saved it yet."""
        return values.get_value(current(), doctype, None, fieldname)

    def exists(self, doctype: Any, filters: Any = None, cache: bool = False, *, debug: bool = False) -> str | None:
        """Returns the name of a document that filters match, or None.

        Args:
            doctype: document type or class; or a dict with "doctype" and filters, which stays as it is.
            filters: a name or any form of filters; None finds nothing. `exists("DocType", name)` asks whether
                the site has a document type.
            cache, debug: as of `get_value`.
        """
        context = current()
        with shown(context.unit, debug):
            return values.exists(context, doctype, filters)

    def count(self, doctype: Any, filters: Any = None, debug: bool = False, cache: bool = False) -> int:
        """Returns how many documents filters match; each counts once.

        Args:
            doctype, filters, debug, cache: as of `get_value`; without filters all documents.
        """
        context = current()
        with shown(context.unit, debug):
            return values.count(context, doctype, filters)

    def select(self, cls: type[D]) -> Select[D]:
        """Returns a typed query: `db.select(SalesInvoice).where(SalesInvoice.net_total > 100)`."""
        return Select(cls)

    def set_value(
        self,
        doctype: Any,
        filters: Any,
        field: str | Mapping[str, Any],
        value: Any = None,
        *,
        modified: datetime | str | None = None,
        modified_by: str | None = None,
        update_modified: bool = True,
        debug: bool = False,
    ) -> int:
        """Sets columns of every document that filters match, without events, and returns how many those are.

        Args:
            doctype: document type or class.
            filters: a name or any form of filters; of a single type None; of another None means none.
            field: one field; or several with their values, as a dict, which stays as it is.
            value: of the one field.
            modified, modified_by: instead of now and the context's user.
            update_modified: False leaves both as they are.
            debug: as of `get_value`.
        Raises:
            UnknownFieldError: no such field; the message has the nearest. ValidationError: a value does not fit.
        """
        context = current()
        with shown(context.unit, debug):
            return writes.set_value(
                context,
                doctype,
                filters,
                field,
                value,
                modified=modified,
                modified_by=modified_by,
                update_modified=update_modified,
            )

    def set_single_value(
        self, doctype: Any, fieldname: str | Mapping[str, Any], value: Any = None, *, update_modified: bool = True
    ) -> None:
        """Sets columns of a single type, which is stored with its defaults where nobody has saved it yet."""
        self.set_value(doctype, None, fieldname, value, update_modified=update_modified)

    def delete(self, doctype: Any, filters: Any = None, debug: bool = False) -> int:
        """Deletes the rows that filters match, without events, and returns how many those are.

        Child rows stay: they are a type of their own.

        Args:
            filters: a name or any form of filters; `{}` deletes every row of the type.
            debug: as of `get_value`.
        Raises:
            ValidationError: no filters were given.
        """
        context = current()
        with shown(context.unit, debug):
            return writes.delete(context, doctype, filters)

    def bulk_insert(
        self,
        doctype: Any,
        fields: Sequence[str],
        values: Iterable[Sequence[Any]],
        ignore_duplicates: bool = False,
        *,
        chunk_size: int = 10_000,
    ) -> None:
        """Inserts rows without events: `fields` name the columns of each row of `values`.

        Columns that are not named get their declared defaults; names that are not given, hashes.

        Args:
            ignore_duplicates: leave rows alone whose key exists.
            chunk_size: rows per statement.
        """
        bulk.bulk_insert(current(), doctype, fields, values, ignore_duplicates=ignore_duplicates, chunk_size=chunk_size)

    def bulk_update(
        self,
        doctype: Any,
        updates: Mapping[str, Mapping[str, Any]],
        *,
        chunk_size: int = 100,
        modified: datetime | str | None = None,
        modified_by: str | None = None,
        update_modified: bool = True,
    ) -> None:
        """Updates documents without events, `{name: {field: value}}`, in one statement per chunk.

        Args:
            chunk_size: documents per statement.
        Others as of `set_value`.
        """
        bulk.bulk_update(
            current(),
            doctype,
            updates,
            chunk_size=chunk_size,
            modified=modified,
            modified_by=modified_by,
            update_modified=update_modified,
        )

    def sql(
        self,
        query: str,
        values: Any = None,
        *,
        as_dict: bool = False,
        as_list: bool = False,
        debug: bool = False,
        auto_commit: bool = False,
        update: Mapping[str, Any] | None = None,
        explain: bool = False,
        run: bool = True,
        pluck: bool = False,
        as_iterator: bool = False,
    ) -> Any:
        """Runs a SQL text on the site's database, in a savepoint of its own.

        Backticks quote names on every database. What comes back is what the driver gives: on SQLite
        dates are texts and money is floats; `get_all` gives the types of the fields.

        Args:
            query: one statement. Where values are given, a percent sign in it is written `%%`.
            values: for `%s` a list, a tuple or one value; for `%(name)s` a dict. A list within them
                stands for `(a, b, c)`.
            as_dict: rows as dicts whose keys are attributes too.
            as_list: rows as lists.
            debug: print the statement to stderr.
            update: with `as_dict`, further values of each row.
            pluck: the first value of each row, in a list.
            as_iterator: an iterator over the rows, which the driver has all fetched.
            auto_commit, explain, run: taken for Frappe's sake; refused where they ask for something.
        Returns:
            Rows as tuples in a tuple. A statement without rows gives an empty tuple that is true
            where it met rows; `.rowcount` is how many.
        Raises:
            TransactionControlError: COMMIT and its like: db.commit() does that.
            DataError: the database refuses it, or values and placeholders do not fit.
        """
        if auto_commit or explain or run is not True:
            refuse(auto_commit=auto_commit, explain=explain, run=run)
        context = current()
        with shown(context.unit, debug):
            rows = rawsql.sql(
                context, query, values, as_dict=bool(as_dict), as_list=bool(as_list), pluck=bool(pluck), update=update
            )
        return iter(rows) if as_iterator else rows

    def sql_list(self, query: str, values: Any = None, *, debug: bool = False) -> list[Any]:
        """Returns the first value of each row of a SQL text; see `sql`."""
        return list(self.sql(query, values, pluck=True, debug=debug))

    def multisql(self, sql_dict: Mapping[str, str], values: Any = None, **options: Any) -> Any:
        """Runs the text that is for this site's database: {"mariadb": ..., "postgres": ..., "sqlite": ...}.

        Args:
            sql_dict: database, as `db_type` names it, -> text.
            values, options: as of `sql`.
        Raises:
            DataError: there is none for it.
        """
        return self.sql(rawsql.for_this_database(self.db_type, sql_dict), values, **options)

    def escape(self, value: Any, percent: bool = True) -> str:
        """Returns a value as a quoted text for SQL; placeholders are the better way.

        Args:
            percent: double percent signs, for a text that is then run with values.
        """
        return rawsql.escape(current(), value, percent)

    def session(self) -> JoinedSession:
        """Returns a SQLAlchemy ORM session inside this transaction: `with db.session() as session:`."""
        return JoinedSession(current_unit())

    def commit(self) -> None:
        """Commits: before_commit functions, staged jobs, COMMIT, jobs released, after_commit functions.

        Inside an operation it warns and does nothing, or raises TransactionControlError where the
        site is strict.
        """
        current_unit().commit()

    def rollback(self, *, save_point: str | None = None) -> None:
        """Rolls the whole transaction back.

        Raises:
            NotSupported: a savepoint is named; `with db.savepoint():` rolls itself back.
        """
        if save_point is not None:
            raise NotSupported(
                f"rollback(save_point={save_point!r}): write `with db.savepoint():`; an exception undoes the block"
            )
        current_unit().rollback()

    @contextmanager
    def savepoint(
        self, name: str | None = None, *, catch: type[Exception] | tuple[type[Exception], ...] = ()
    ) -> Iterator[None]:
        """Makes the block one thing: an exception undoes it, its callbacks and its jobs, and passes on.

        Args:
            name: taken for Frappe's sake.
            catch: exceptions that undo the block and do not pass on.
        """
        try:
            with current_unit().savepoint():
                yield
        except catch:
            return
