"""Names of documents and rows: who decides, and the rules of their types (design 3, reference 2).

A document's name is, the first of these that there is: its type, of a single one; what the caller has
fixed (`insert(set_name=...)`, `flags.name_set`, `__newname` of a prompt type); the amended name; what
`autoname()` and its handlers have set; what the type's `Meta.autoname` makes. Without a rule the
caller's name counts, and otherwise a hash. Numbers are taken from the counters last, all of one
counter at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from doclife.core.ids import hash_name
from doclife.model import assigning
from doclife.model.names import amended_name, check_name
from doclife.model.naming_rules import CHOSEN, HASHED, Numbered, accept, by_rule, give_numbers
from doclife.model.operation import Operation
from doclife.model.row_naming import name_added_rows, name_rows, row_naming, synced_tables
from doclife.model.series import NamingSeries, append_number_if_name_exists, getseries, make_autoname
from doclife.schema.autoname import AUTOINCREMENT, FIELD, HASH, NONE, PROMPT, UUID, NamingRule
from doclife.schema.fieldtypes import Link
from doclife.schema.tables import AMENDED_FROM

__all__ = [
    "NamingSeries",
    "append_number_if_name_exists",
    "check_name",
    "getseries",
    "make_autoname",
    "name_added_rows",
]

#: how Frappe's forms hand on the name that was asked for
_NEW_NAME = "__newname"


def caller_may_choose(doc: Any) -> bool:
    """Tells whether the type's rule takes the name that the caller has set."""
    rule: NamingRule = doc._blueprint.naming
    return rule.kind in (NONE, *CHOSEN) or (rule.kind == FIELD and doc.get(rule.field) == doc.name)


def fixed_name(op: Operation) -> Any:
    """Returns the name that the caller has set for good, so that no event asks for one; None where there is none."""
    chosen = op.options.get("set_name")
    if chosen:
        return chosen
    doc = op.doc
    flags = doc._state.flags
    if flags and flags.get("name_set"):
        return doc.__dict__["name"] or op.given_name
    return doc.__dict__.get(_NEW_NAME) if doc._blueprint.naming.kind == PROMPT else None


def is_decided(op: Operation) -> bool:
    """Tells whether the document's name is not `autoname()`'s to give: it is fixed, amended, or a single's."""
    return bool(fixed_name(op)) or op.doc.meta.issingle or _is_amended(op.doc)


#: event -> whether it is left out of an operation
LEFT_OUT: dict[str, Callable[[Operation], bool]] = {
    "before_naming": lambda op: bool(fixed_name(op)),
    "autoname": is_decided,
}


def _is_amended(doc: Any) -> bool:
    numbered = doc._blueprint.naming.kind in (AUTOINCREMENT, UUID)  # an amended document's number is a new one
    return doc.meta.submittable and bool(doc.__dict__[AMENDED_FROM]) and not numbered


def clear_name(op: Operation) -> None:
    """Sets the caller's name aside, so that what `autoname()` sets can be told from it."""
    values = op.doc.__dict__
    op.given_name = values["name"]
    values["name"] = None


def set_name(op: Operation) -> None:
    """Names the document and its rows; see the module's first lines for the order.

    Raises:
        ValidationError, NameError: there is no name, or it is not allowed.
    """
    lacking = _decide(op)
    if lacking is not None:
        give_numbers(op.unit, [lacking])
    if op.doc._blueprint.table_fields:
        name_rows(op, op.doc._blueprint.table_fields, [op])


def set_names(ops: Sequence[Operation]) -> None:
    """Names the documents of a batch and their rows: one statement for each counter.

    Raises:
        ValidationError, NameError: as `set_name`.
    """
    first = ops[0]
    give_numbers(first.unit, [lacking for op in ops if (lacking := _decide(op)) is not None])
    if first.doc._blueprint.table_fields:
        name_rows(first, first.doc._blueprint.table_fields, ops)


def _decide(op: Operation) -> Numbered | None:
    """Names a document, or returns what its name lacks."""
    doc = op.doc
    values, rule = doc.__dict__, doc._blueprint.naming
    given = op.given_name
    if rule.kind in HASHED and not (given or values["name"]) and _is_plain(op, doc):
        values["name"] = hash_name()
        op.hash_named = True
        return None
    if doc.meta.issingle:
        values["name"] = doc.meta.doctype
        return None
    fixed = fixed_name(op) or (given if given and op.context.flags.get("in_import") else None)
    if fixed:
        values["name"] = fixed
    elif _is_amended(doc):
        values["name"] = amended_name(op.unit, doc)
    elif not values["name"]:
        given = None if rule.kind == HASH else given
        op.hash_named = rule.kind in HASHED and not given
        name = by_rule(doc, rule, given)
        if isinstance(name, Numbered):
            return name
        values["name"] = name
    accept(op.unit, doc, rule)
    return None


def _is_plain(op: Operation, doc: Any) -> bool:
    """Tells at once of most documents that nothing but the rule names them."""
    return (
        doc._state.flags is None
        and not op.options.get("set_name")
        and not doc.__dict__.get(AMENDED_FROM)
        and not doc.meta.issingle
    )


def settle(op: Operation) -> None:
    """Names rows that handlers have added, and sets naming fields back to the names they gave (reference 1.6.8)."""
    name_added_rows(op)
    doc = op.doc
    field = doc._blueprint.naming.field
    if field:
        _sync(doc, field, doc._state.row[0] if doc._state.row is not None else doc.__dict__["name"])
    for table_field, naming_field in synced_tables(doc._blueprint):
        for row in doc.__dict__.get(table_field) or ():
            _sync(row, naming_field, row.__dict__["name"])


def _sync(doc: Any, field: str, name: str) -> None:
    value, row = doc.__dict__[field], doc._state.row
    if value == name or (not isinstance(value, str) and str(value) == name):
        return
    if value in (None, "") and doc._blueprint.fields[field].reqd:
        return  # the check of what is mandatory comes first
    if row is not None and row[doc._blueprint.format.index[field]] != row[0] and _is_link(doc, field):
        return  # what it links to was renamed: the link has followed, the name has not
    try:
        doc.__dict__[field] = doc._blueprint.fields[field].cast(name)
    except ValueError:  # a date that names an amended document: it stays what it is
        return
    if doc._state.kept is not None:
        assigning.forget_kept(doc, field)


def _is_link(doc: Any, field: str) -> bool:
    return isinstance(doc._blueprint.fields[field], Link)


# -- hash names that exist already ---------------------------------------------------------------------


def may_take_another(op: Operation) -> bool:
    """Tells whether a document whose name is taken can have another one: it and its rows have hashes."""
    return op.hash_named and not row_naming(op.context, type(op.doc))


def new_hash_names(op: Operation) -> None:
    """Gives a document whose hash name is taken another one, and its rows too."""
    op.doc.__dict__["name"] = hash_name()
    name_rows(op, op.doc._blueprint.table_fields, [op])
    op.row = op.doc._blueprint.format.take(op.doc.__dict__)
    for pairs in op.child_rows.values():
        for n, (row, _) in enumerate(pairs):
            pairs[n] = (row, row._blueprint.format.take(row.__dict__))
