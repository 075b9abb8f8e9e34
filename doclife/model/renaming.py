"""Renaming and merging: a document gets another name, and every link to it follows (reference 1.12).

One UPDATE for the row, one for each table of its rows and one for each link column of the site
that can name it. No event of the linking documents fires and no `modified` moves: what they mean
has not changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from sqlalchemy import Update, update

from doclife.core.errors import DoesNotExistError, UniqueValidationError, ValidationError
from doclife.database.errors import DuplicateKey
from doclife.model import checks, links, locks, naming
from doclife.model.backlinks import links_to
from doclife.model.links import LinkField
from doclife.model.loading import load, lock_row, materialise, name_text
from doclife.model.operation import Operation
from doclife.model.permits import check_permission
from doclife.schema import registry
from doclife.schema.autoname import AUTOINCREMENT
from doclife.schema.fieldtypes import Link

_DOCSTATUS = 5  # its place in every row: see schema.tables.STANDARD_COLUMNS


def check_renamable(op: Operation) -> None:
    """Refuses what cannot have another name, and before a merge what could not be deleted.

    Raises:
        ValidationError: says why. DocumentLockedError: somebody else has locked it.
    """
    doc, options = op.doc, op.options
    meta, state = doc.meta, doc._state
    what = "merged" if options["merge"] else "renamed"
    if state.row is None:
        _refuse(doc, f"is not stored, so it cannot be {what}")
    if state.parent is not None:
        _refuse(doc, f"is a row; rename_doc({doc.doctype!r}, {doc.name!r}, ...) renames rows, reload() shows it")
    if meta.issingle:
        _refuse(doc, f"is the only one of a single type and named like it, so it cannot be {what}")
    if doc._blueprint.naming.kind == AUTOINCREMENT:
        _refuse(doc, f"is named by numbers (autoname='autoincrement'), so it cannot be {what}")
    if options["merge"] and meta.submittable and state.row[_DOCSTATUS] == 1:
        _refuse(doc, "is submitted, and merging deletes it; cancel it first")
    locks.refuse_locked(doc)  # the lock, and the job that holds it, know it by this name


def permit_rename(op: Operation) -> None:
    """Asks whether the user may, and whether the type allows it.

    Raises:
        PermissionDenied: no right to write, or before a merge to delete. ValidationError: the type does not.
    """
    doc, options = op.doc, op.options
    if not options["ask"]:
        return
    check_permission(op.context, doc, "write")
    if options["merge"]:
        check_permission(op.context, doc, "delete")
    flags = doc._state.flags
    if not (doc.meta.allow_rename or options["force"] or (flags and flags.get("ignore_permissions"))):
        _refuse(doc, "may not be renamed: its type does not say Meta(allow_rename=True); force=True does it anyway")


def _refuse(doc: Any, problem: str) -> NoReturn:
    raise ValidationError(f"{checks.describe(doc)} {problem}", doctype=doc.doctype, name=doc.name)


def check_new_name(op: Operation) -> None:
    """Takes the name that before_rename has answered, checks it and locks both documents.

    Raises:
        ValidationError: the names are the same, or the target is taken, or missing for a merge.
        NameError: the name is not allowed. PermissionDenied: the user may not write the target.
    """
    doc, merge = op.doc, bool(op.options["merge"])
    cls, old = type(doc), doc._state.row[0]
    new = _allowed(doc, _answered(doc, op.answer, op.args[1]))
    op.args = (old, new, merge)
    if new == old:
        _refuse(doc, "has this name already; give another one")
    found = {}
    for name in sorted((old, new)):  # always in this order: two renames must not wait for each other
        found[name] = lock_row(op.unit, cls, name)
    if found[old] is None:
        raise DoesNotExistError(f"{doc.doctype} {old} does not exist any more", doctype=doc.doctype, name=old)
    target = found[new]
    if target is not None and not merge:
        raise ValidationError(
            f"{doc.doctype} {old} cannot be renamed: {doc.doctype} {new} exists already; choose another name, or "
            "merge=True to unite the two",
            doctype=doc.doctype,
            name=new,
            taken=True,
        )
    if merge:
        if target is None:
            raise DoesNotExistError(
                f"{doc.doctype} {old} cannot be merged into {new}, which does not exist; without merge it is renamed",
                doctype=doc.doctype,
                name=new,
            )
        if op.options["ask"]:
            other = materialise(cls, target, {})
            other._state.flags = doc._state.flags
            check_permission(op.context, other, "write")


def _answered(doc: Any, answer: Any, asked: str) -> str:
    if answer is None:
        return asked
    if isinstance(answer, Mapping):
        return _answered(doc, answer.get("new"), asked)
    if not isinstance(answer, str):
        _refuse(doc, f"cannot be renamed: before_rename may return a name or {{'new': name}}, not {answer!r}")
    return answer


def _allowed(doc: Any, name: str) -> str:
    """Returns the name as it is stored, or raises as for a new document."""
    probe = materialise(type(doc), doc._state.row, {})
    probe.__dict__["name"] = name_text(type(doc), name)
    naming.check_name(probe)
    allowed: str = probe.__dict__["name"]
    return allowed


def rename(op: Operation) -> None:
    """Writes the new name and lets every link follow; later events get the document freshly loaded.

    Raises:
        UniqueValidationError: a link that must be unique would name the target twice.
    """
    doc = op.doc
    old, new, merge = op.args
    op.unit.before_write()
    if not merge:
        _write_name(op, old, new)
    for statement, link, cls in _link_updates(op, old, new):
        try:
            op.unit.link.execute(statement)
        except DuplicateKey as error:
            raise UniqueValidationError(
                f"{doc.doctype} {old} cannot become {new}: {cls.meta.get_label(link.name)} ({link.name}) of "
                f"{cls.meta.doctype} must be unique, and both are linked from there",
                doctype=doc.doctype,
                name=old,
                field=link.name,
            ) from error
    op.unit.outdate()
    fresh = load(op.unit, type(doc), new)
    fresh._state.flags = doc._state.flags
    op.doc = fresh


def _write_name(op: Operation, old: str, new: str) -> None:
    doc = op.doc
    cls, table = type(doc), doc.__table__
    values = {"name": new} | _naming_field(op, new)
    try:
        op.unit.link.execute(update(table).where(table.c.name == old).values(values))
    except DuplicateKey as error:
        if error.primary:
            raise ValidationError(
                f"{doc.doctype} {new} exists already", doctype=doc.doctype, name=new, taken=True
            ) from error
        raise UniqueValidationError(
            f"{doc.doctype} {old} cannot become {new}: another {doc.doctype} has this value in the field that its "
            f"name is made of ({doc.meta.autoname})",
            doctype=doc.doctype,
            name=old,
        ) from error
    for child in {registry.resolve(field.options) for field in cls._blueprint.table_fields.values()}:
        rows = child.__table__
        of_this = (rows.c.parent == old, rows.c.parenttype == doc.doctype)
        op.unit.link.execute(update(rows).where(*of_this).values(parent=new))


def _naming_field(op: Operation, new: str) -> dict[str, Any]:
    """Returns the column a document is named by, with its new value, as a check of it allows."""
    doc = op.doc
    name = doc._blueprint.naming.field
    if not name:
        return {}
    field = doc._blueprint.fields[name]
    probe = materialise(type(doc), doc._state.row, {})
    probe.set(field.name, new)
    checks.refuse_kept(probe, [field.name])
    for check in checks.CHECKS:
        check(probe, field)
    if isinstance(field, Link):
        found = links.find(op.unit, registry.resolve(field.options), [new], []).get(new)
        if found is None or found["name"] != new:
            _refuse(doc, f"cannot be renamed: it is named by {field.name}, and there is no {field.options} {new!r}")
    return {field.name: probe.__dict__[field.name]}


def _link_updates(op: Operation, old: str, new: str) -> Iterator[tuple[Update, LinkField, Any]]:
    doctype = op.doc.doctype
    for cls, link in links_to(op.context, doctype):
        table = cls.__table__
        statement = update(table).where(table.c[link.name] == old).values({link.name: new})
        if link.type_field:
            statement = statement.where(table.c[link.type_field] == doctype)
        yield statement, link, cls
