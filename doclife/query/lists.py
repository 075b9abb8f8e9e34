"""Lists: rows of a document type by filters, fields, order and limits."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.sql.elements import ColumnElement

from doclife.core.context import AttrDict, Context, current
from doclife.core.errors import DoclifeError, PermissionDenied, ValidationError, brief
from doclife.query.execute import read
from doclife.query.expressions import value_of
from doclife.query.fields import Selection, group_keys, order_keys, select_fields
from doclife.query.filters import any_of, conditions
from doclife.query.nested import attach_rows
from doclife.query.ordering import TYPE_ORDER, default_order
from doclife.query.scope import EVERYTHING, Scope, Sight, field_of
from doclife.query.sight import UserSight
from doclife.query.signatures import refuse, shown
from doclife.schema import registry


def class_of(doctype: Any) -> Any:
    """Returns the class this site uses for a document type, given by name or class.

    Raises:
        UnknownDoctypeError: no installed app has it; the message has the nearest name.
        ValidationError: it is neither a name nor a class of documents.
    """
    if isinstance(doctype, str):
        return registry.resolve(doctype)
    cls = doctype if isinstance(doctype, type) else type(doctype)
    if not hasattr(cls, "_blueprint"):
        raise ValidationError(f"a document type is its name or its class, not {brief(doctype)}")
    return registry.resolve_class(cls)


def whole(number: Any, what: str) -> int:
    """Returns a limit or an offset as a number; 0 where there is none.

    Raises:
        ValidationError: it is no whole number, or below 0.
    """
    try:
        made = int(number or 0)
    except (TypeError, ValueError, OverflowError):
        made = -1
    if not 0 <= made < 2**63:
        raise ValidationError(f"{what} is a whole number of rows, or None, not {brief(number)}")
    return made


def get_all(
    doctype: Any,
    filters: Any = None,
    fields: Any = None,
    or_filters: Any = None,
    order_by: Any = TYPE_ORDER,
    group_by: Any = None,
    limit_start: int | None = None,
    limit_page_length: int | None = None,
    *,
    start: int | None = None,
    page_length: int | None = None,
    limit: int | None = None,
    as_list: bool = False,
    pluck: str | None = None,
    distinct: bool = False,
    update: Mapping[str, Any] | None = None,
    debug: bool = False,
    run: bool = True,
    ignore_ifnull: bool = False,
    ignore_permissions: bool = True,
    parent_doctype: str | None = None,
) -> Any:
    """Returns the rows that filters match, whoever asks.

    Args:
        doctype: document type or class.
        filters: all must hold, see `doclife.query.filters`. Filters and fields may change places.
        fields: what the rows hold, see `doclife.query.fields`; default the name.
        or_filters: one must hold.
        order_by: "creation desc, name"; default the type's order, None is no order.
        group_by: fields; then there is no default order.
        limit_start, start: how many rows to leave out.
        limit_page_length, page_length, limit: how many rows at most; None and 0 mean all.
        as_list: rows as tuples, in a tuple.
        pluck: this value of each row, in a list.
        distinct: each row once; then there is no order.
        update: further values of each row that is a dict.
        debug: print the statements to stderr.
        run, ignore_ifnull: taken for Frappe's sake; refused where they ask for something.
        ignore_permissions, parent_doctype: taken for Frappe's sake; no permission is asked for anyway.
    Returns:
        A list of dicts whose keys are attributes too.
    Raises:
        UnknownDoctypeError, UnknownFieldError: a name is not known; the message has the nearest.
        ValidationError: filters or fields cannot be understood.
    """
    return get_list(
        doctype,
        filters,
        fields,
        or_filters,
        order_by,
        group_by,
        limit_start,
        limit_page_length,
        start=start,
        page_length=page_length,
        limit=limit,
        as_list=as_list,
        pluck=pluck,
        distinct=distinct,
        update=update,
        debug=debug,
        run=run,
        ignore_ifnull=ignore_ifnull,
        ignore_permissions=True,
    )


def get_list(
    doctype: Any,
    filters: Any = None,
    fields: Any = None,
    or_filters: Any = None,
    order_by: Any = TYPE_ORDER,
    group_by: Any = None,
    limit_start: int | None = None,
    limit_page_length: int | None = None,
    *,
    start: int | None = None,
    page_length: int | None = None,
    limit: int | None = None,
    as_list: bool = False,
    pluck: str | None = None,
    distinct: bool = False,
    update: Mapping[str, Any] | None = None,
    debug: bool = False,
    run: bool = True,
    ignore_ifnull: bool = False,
    ignore_permissions: bool = False,
    user: str | None = None,
    parent_doctype: str | None = None,
) -> Any:
    """Returns the rows that filters match and the user may see; arguments as of `get_all`.

    Those are the documents that the rules give and the query conditions of apps leave. Fields the user
    may not read are left out of the rows, and refused in filters and orders. Linked documents the user
    may not see are as if they were not there.

    Args:
        ignore_permissions: answer as `get_all` does.
        user: who asks; default the context's user.
        parent_doctype: of a child type, the type its rows belong to.
    Raises:
        PermissionDenied: the user may see none of the type, or filters by a field that is hidden.
    """
    if ignore_ifnull or run is not True:
        refuse(run=run, ignore_ifnull=ignore_ifnull)
    if not isinstance(update, (Mapping, NoneType)):
        raise ValidationError(f"update takes a dict of further values of each row, not {brief(update)}")
    cls = class_of(doctype)
    context = current()
    filters, fields = _told_apart(cls, filters, fields)
    sight: Sight = EVERYTHING if ignore_permissions else _sight(context, cls, user, parent_doctype)
    scope = Scope(cls, sight=sight)
    selection = select_fields(scope, pluck if pluck and fields is None else fields)
    if sight.only_selects:
        selection.rows.clear()
    if not selection.labels and not selection.rows:
        return () if as_list else []
    if pluck and pluck not in selection.labels:
        raise ValidationError(f"pluck={brief(pluck)} is not among the fields {', '.join(selection.labels)}")
    if selection.rows:
        if as_list or pluck or group_by or selection.aggregate:
            raise ValidationError(f"{scope.doctype}: child rows come with dicts of single documents only")
        scope.uses_rows = True
        selection.values.append(value_of(scope.place("name")))
    statement = statement_of(
        scope,
        selection,
        [*conditions(scope, filters), *any_of(scope, or_filters)],
        order_by=order_by,
        group_by=group_by,
        distinct=distinct or selection.distinct,
        start=start or limit_start,
        limit=limit or page_length or limit_page_length,
    )
    with shown(context.unit, debug):
        try:
            found = read(context.unit, statement).all()
        except DoclifeError as error:
            sight.explain(error)
            raise
        if pluck:
            at = selection.labels.index(pluck)
            return [row[at] for row in found]
        if as_list:
            return tuple(tuple(row) for row in found)
        rows = [AttrDict(zip(selection.labels, row, strict=False)) for row in found]
        for table_field, wanted in selection.rows.items():
            documents = [(row[-1], each) for row, each in zip(found, rows, strict=True)]
            attach_rows(context, scope, documents, table_field, wanted)
    if update:
        for each in rows:
            each.update(update)
    return rows


def _told_apart(cls: Any, filters: Any, fields: Any) -> tuple[Any, Any]:
    """Returns filters and fields, whichever was given as which: Frappe takes both orders."""
    if _looks_like_filters(fields) or (fields is None and _looks_like_fields(cls, filters)):
        return fields, filters
    return filters, fields


def _looks_like_filters(given: Any) -> bool:
    if isinstance(given, Mapping):
        return not any(str(key).isupper() or key == "as" for key in given)
    return isinstance(given, (list, tuple)) and bool(given) and all(isinstance(each, (list, tuple)) for each in given)


def _looks_like_fields(cls: Any, given: Any) -> bool:
    """Tells whether a list of texts names fields; as filters it would be names of documents."""
    if not isinstance(given, (list, tuple)) or not given or not all(isinstance(each, str) for each in given):
        return False
    return all(each == "*" or field_of(cls, each.partition(" ")[0]) is not None or "(" in each for each in given)


def _sight(context: Context, cls: Any, user: str | None, parent_doctype: str | None) -> UserSight:
    """Returns what a user may see in a list of a class.

    Raises:
        PermissionDenied: nothing.
    """
    sight = UserSight(context, holder_of(cls, parent_doctype, "get_list"), user or context.user)
    sight.admit(cls)
    return sight


def holder_of(cls: Any, parent_doctype: Any, asking: str) -> Any:
    """Returns the class whose permissions count: itself, or of a child type the one its rows belong to.

    Args:
        cls: the class.
        parent_doctype: of a child type, the type its rows belong to.
        asking: the function that was called, for the message.
    Raises:
        PermissionDenied: a child type without `parent_doctype`. ValidationError: that has no such rows.
    """
    if not cls.meta.istable:
        return cls
    doctype = cls.meta.doctype
    if not parent_doctype:
        raise PermissionDenied(
            f"{doctype} holds child rows, which are seen with their documents; name the type they belong to: "
            f"{asking}({doctype!r}, parent_doctype=...)",
            doctype=doctype,
        )
    holder = class_of(parent_doctype)
    if doctype not in {each.options for each in holder.meta.get_table_fields()}:
        raise ValidationError(f"{holder.meta.doctype} has no rows of {doctype}", doctype=doctype)
    return holder


def statement_of(
    scope: Scope,
    selection: Selection,
    where: list[ColumnElement[bool]],
    *,
    order_by: Any = TYPE_ORDER,
    group_by: Any = None,
    distinct: bool = False,
    start: int | None = None,
    limit: int | None = None,
) -> Select[Any]:
    """Returns the SELECT of a selection.

    Args:
        scope: whose joins it has.
        selection: what rows hold.
        where: all must hold, beside what the scope restricts.
        order_by, group_by, distinct, start, limit: as of `get_all`.
    """
    groups = group_keys(scope, group_by, selection)
    orders: list[ColumnElement[Any]] = []
    if not distinct:
        if not isinstance(order_by, str) or order_by != TYPE_ORDER:
            orders = order_keys(scope, order_by, selection)
        elif not groups and not selection.aggregate:
            orders = list(default_order(scope.cls))
    # The joins are complete only now that every name has been looked up.
    statement = select(*selection.expressions).select_from(scope.source).where(*where, *scope.restrictions)
    if groups:
        statement = statement.group_by(*groups)
    if orders:
        statement = statement.order_by(*orders)
    if offset := whole(start, "start"):
        statement = statement.offset(offset)
    if rows := whole(limit, "limit"):
        statement = statement.limit(rows)
    return statement.distinct() if distinct else statement
