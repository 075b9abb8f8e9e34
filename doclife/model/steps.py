"""The framework's steps of an operation, by the names the lifecycle table uses.

Each is a function of the running operation; beside it stands for which classes it does anything,
so that an operation never walks a step in vain.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

from doclife.core import clock
from doclife.core.context import Context, current
from doclife.core.errors import ValidationError
from doclife.model import (
    assigning,
    backlinks,
    checks,
    fixed,
    links,
    moments,
    naming,
    permits,
    renaming,
    unsaved,
    writing,
)
from doclife.model.loading import lock_to_delete
from doclife.model.operation import Operation
from doclife.schema.fieldtypes import Select
from doclife.schema.tables import AMENDED_FROM

Run = Callable[[Operation], None]


class Step(NamedTuple):
    """A step, and the question whether a class needs it."""

    run: Run
    needed: Callable[[Any], bool]
    #: whether only events would notice that it is left out
    for_events: bool = False


def _always(_cls: Any) -> bool:
    return True


def _has_tables(cls: Any) -> bool:
    return bool(cls._blueprint.table_fields)


def _is_submittable(cls: Any) -> bool:
    return bool(cls.meta.submittable)


def _has_query_conditions(cls: Any) -> bool:
    return permits.has_query_conditions(current(), cls)


def defaults(op: Operation) -> None:
    """Gives fields that were not set their defaults, in rows too."""
    if op.context.flags.get("in_import"):
        return
    fill_defaults(op.doc, op.context)
    if op.doc._blueprint.table_fields:
        row_defaults(op)


def row_defaults(op: Operation) -> None:
    """Gives new rows their defaults."""
    if op.context.flags.get("in_import"):
        return
    for row in op.rows():
        if row._state.row is None or op.inserting:
            fill_defaults(row, op.context)


def fill_defaults(doc: Any, context: Context) -> None:
    """Sets the declared defaults of fields that nobody set; an explicit 0 or "" stays."""
    values, given = doc.__dict__, doc._state.given
    for name, field in doc._blueprint.defaults.items():
        value = values[name]
        if value is None or (value == field.empty and (given is None or name not in given)):
            assigning.cast(doc, field, _default_value(field, context))


def first_options(doc: Any) -> None:
    """Gives each Select without a default its first option, as a form would show it; of `new_doc` alone."""
    values = doc.__dict__
    for name, field in doc._blueprint.fields.items():
        if isinstance(field, Select) and field.default is None and field.options and values[name] is None:
            values[name] = field.options[0] or None


def _default_value(field: Any, context: Context) -> Any:
    default = field.default
    if default == "Today" and field.fieldtype == "Date":
        return clock.now(context.site.settings.time_zone).date()
    if default == "Now" and field.fieldtype in ("Datetime", "Time", "Date"):
        return clock.now(context.site.settings.time_zone)
    if default == "__user":
        return context.user
    # JSON: each document has its own dict or list
    return deepcopy(default) if isinstance(default, (dict, list)) else default


def check_types(op: Operation) -> None:
    """Refuses values that could not be cast to their field's type, before any event sees them.

    Raises:
        ValidationError: names document, row, field and value.
    """
    checks.refuse_kept(op.doc)
    for row in op.rows():
        checks.refuse_kept(row)


def stamp_new(op: Operation) -> None:
    """Sets owner and times of a new document; what the caller set there counts only while apps are set up."""
    values, flags, now = op.doc.__dict__, op.context.flags, op.next_modified()
    kept = flags and (flags.in_install or flags.in_migrate or flags.in_patch)
    values["modified"], values["modified_by"] = now, op.context.user
    if not kept or values["creation"] is None:
        values["creation"] = now
    if not kept or values["owner"] is None:
        values["owner"] = op.context.user


def stamp(op: Operation) -> None:
    """Sets the time and the user of the change; new rows get their names."""
    values = op.doc.__dict__
    values["modified"] = op.next_modified()
    values["modified_by"] = op.context.user
    naming.name_added_rows(op)


def permit(right: str) -> Run:
    """Returns the step that asks for a right."""

    def run(op: Operation) -> None:
        permits.permit(op, right)

    return run


def check_values(op: Operation) -> None:
    """Names rows that handlers have added, sets naming fields back to the names, then checks every value."""
    naming.settle(op)
    checks.check_values(op)


def check_changed_links(op: Operation) -> None:
    """Checks links that handlers have changed, and takes the row again where a spelling was corrected."""
    links.check_links(op)
    if op.row is None:
        checks.check_values(op)


def check_amended(op: Operation) -> None:
    """Refuses an amendment of a document that is not cancelled.

    Raises:
        ValidationError: the source is a draft or submitted.
    """
    doc = op.doc
    source = doc.__dict__.get(AMENDED_FROM)
    if not source:
        return
    found = links.find(op.unit, type(doc), [source], [])
    if source in found and found[source]["docstatus"] != 2:
        raise ValidationError(
            f"{doc.doctype} {source} is not cancelled, so it cannot be amended; cancel it first",
            doctype=doc.doctype,
            name=source,
        )


def check_deletable(op: Operation) -> None:
    """Refuses to delete a submitted document, or one whose name was assigned.

    Raises:
        ValidationError: cancel it first; or says how to rename.
    """
    doc = op.doc
    if doc._state.row is None:
        raise ValidationError(f"{checks.describe(doc)} is not stored, so it cannot be deleted", doctype=doc.doctype)
    checks.refuse_new_name(doc)
    if doc._state.row[5] == 1 and doc.meta.submittable:
        raise ValidationError(
            f"{doc.doctype} {doc.name} is submitted and cannot be deleted; cancel it first",
            doctype=doc.doctype,
            name=doc.name,
        )


def lock(op: Operation) -> None:
    """Locks what is to be deleted, without waiting for who is just changing it.

    Raises:
        QueryTimeoutError: somebody else has it locked. DoesNotExistError: it is not stored any more.
    """
    if not op.options["locked"]:
        lock_to_delete(op.unit, type(op.doc), op.doc._state.row[0])


def check_discardable(op: Operation) -> None:
    """Refuses to discard what is not a stored draft of a type that can be submitted.

    Raises:
        ValidationError: says which.
    """
    doc = op.doc
    if not doc.meta.submittable:
        raise ValidationError(
            f"{checks.describe(doc)} cannot be discarded: {doc.doctype} is not submittable, so it has no drafts; "
            "delete it, or declare the type with meta = Meta(submittable=True)",
            doctype=doc.doctype,
            name=doc.name,
        )
    _check_draft(doc)


def _check_draft(doc: Any) -> None:
    if doc._state.row is None or doc._state.row[5] != 0:
        raise ValidationError(
            f"{checks.describe(doc)} is no stored draft, so it cannot be discarded",
            doctype=doc.doctype,
            name=doc.name,
        )


def end_draft(op: Operation) -> None:
    """Sets docstatus to 2, where the document is a stored draft still.

    Raises:
        ValidationError: a handler has submitted or deleted the document.
    """
    _check_draft(op.doc)
    op.doc.__dict__["docstatus"] = 2


STEPS: dict[str, Step] = {
    "<defaults>": Step(defaults, _always),
    "<row_defaults>": Step(row_defaults, _has_tables),
    "<check_types>": Step(check_types, _always),
    "<stamp_new>": Step(stamp_new, _always),
    "<stamp>": Step(stamp, _always),
    "<clear_name>": Step(naming.clear_name, _always),
    "<name>": Step(naming.set_name, _always),
    "<permit_create>": Step(permit("create"), _always),
    "<permit_write>": Step(permit("write"), _always),
    "<permit_submit>": Step(permit("submit"), _always),
    "<permit_cancel>": Step(permit("cancel"), _always),
    "<permit_delete>": Step(permit("delete"), _always),
    "<permit_amend>": Step(permits.permit_amend, _is_submittable),
    "<check_query_conditions>": Step(permits.check_query_conditions, _has_query_conditions),
    "<check_links>": Step(links.check_links, links.has_links),
    "<check_changed_links>": Step(check_changed_links, links.has_links),
    "<check_values>": Step(check_values, _always),
    "<check_set_only_once>": Step(fixed.check_set_only_once, _always),
    "<check_update_after_submit>": Step(fixed.check_update_after_submit, _always),
    "<check_amended>": Step(check_amended, _is_submittable),
    "<check_deletable>": Step(check_deletable, _always),
    "<check_cancel_backlinks>": Step(backlinks.check_cancel_backlinks, _always),
    "<check_delete_backlinks>": Step(backlinks.check_delete_backlinks, _always),
    "<write>": Step(writing.write, _always),
    "<write_columns>": Step(writing.write_columns, _always),
    "<lock>": Step(lock, _always),
    "<check_discardable>": Step(check_discardable, _always),
    "<set_aside>": Step(unsaved.set_aside, _always),
    "<settle>": Step(naming.settle, _always),
    "<end_draft>": Step(end_draft, _always),
    "<begin_insert>": Step(moments.begin_insert, _always, for_events=True),
    "<pause_insert>": Step(moments.pause_insert, _always, for_events=True),
    "<go_on_inserting>": Step(moments.go_on_inserting, _always, for_events=True),
    "<end_insert>": Step(moments.end_insert, _always, for_events=True),
    "<begin_delete>": Step(moments.begin_delete, _always, for_events=True),
    "<delete>": Step(writing.delete, _always),
    "<check_renamable>": Step(renaming.check_renamable, _always),
    "<permit_rename>": Step(renaming.permit_rename, _always),
    "<check_new_name>": Step(renaming.check_new_name, _always),
    "<rename>": Step(renaming.rename, _always),
}
