"""Many documents at once: one operation over a batch (design 3, "Bulk")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doclife.core.context import current
from doclife.core.errors import DocstatusTransitionError, ValidationError, brief
from doclife.database.errors import DuplicateKey
from doclife.model import lifecycle
from doclife.model.children import all_rows
from doclife.model.engine import plan
from doclife.model.naming import set_name, set_names
from doclife.model.operation import Operation
from doclife.model.operations import check_submittable, refuse_second_insert
from doclife.model.permits import check_query_conditions, check_query_conditions_of
from doclife.model.state import Before, Snapshot
from doclife.model.writing import first_taken, write, write_batch


def insert_many(docs: Sequence[Any], *, ignore_permissions: bool = False) -> list[Any]:
    """Inserts documents of one type: each event for all of them in order, one write per table.

    The next event begins when the one before is done for every document. If anything raises,
    nothing of the batch is left.

    Args:
        docs: unsaved documents of one type, all drafts or all to be submitted.
        ignore_permissions: do not ask whether the user may.
    Returns:
        The documents, in the order given.
    """
    if not docs:
        return []
    if not all(hasattr(type(doc), "_blueprint") for doc in docs):
        raise ValidationError(f"insert_many takes documents, not {brief(docs)}; get_doc({{...}}) makes one of a dict")
    cls, docstatus = type(docs[0]), docs[0].docstatus
    for doc in docs:
        if type(doc) is not cls or doc.docstatus != docstatus:
            raise ValidationError(
                f"insert_many takes documents of one type and docstatus; {doc!r} ({doc.docstatus}) is not like "
                f"{docs[0]!r} ({docstatus}). Call it once for each kind"
            )
        refuse_second_insert(doc)
        if ignore_permissions:
            doc.flags.ignore_permissions = True
    if len({id(doc) for doc in docs}) != len(docs):
        raise ValidationError("insert_many was given one document object twice; each is inserted once")
    if docstatus not in (0, 1):
        raise DocstatusTransitionError(f"{cls.meta.doctype}: documents cannot be inserted as cancelled")
    check_submittable(docs[0])
    _run(docs, lifecycle.INSERT_SUBMITTED if docstatus == 1 else lifecycle.INSERT)
    return list(docs)


def _run(docs: Sequence[Any], kind: str) -> None:
    context = current()
    unit = context.unit
    steps = plan(context, type(docs[0]), kind)
    ops: list[Operation] = []
    frame = unit.push()
    for doc in docs:
        frame.add_restore(Snapshot(doc, all_rows(doc)).restore)
        op = Operation(context, doc, kind, {})
        op.inserting = True
        op.now = ops[0].next_modified() if ops else None  # one operation, one time
        ops.append(op)
        doc._state.before = Before(None, doc._state.stored_rows, kind)
        doc._state.action = lifecycle.ACTIONS[kind]
    context.operations.append((docs[0].meta.doctype, f"({len(docs)} documents)", kind))
    taken: DuplicateKey | None = None
    try:
        for step in steps:
            if step is set_name:
                set_names(ops)
                continue
            if step is write:
                try:
                    write_batch(ops)
                except DuplicateKey as error:
                    taken = error
                    raise
                continue
            if step is check_query_conditions:
                check_query_conditions_of(ops)
                continue
            for op in ops:
                step(op)
        unit.release(frame)
    except BaseException:
        context.operations.pop()
        unit.roll_back(frame)
        if taken is not None:
            raise first_taken(ops, taken) from taken
        raise
    context.operations.pop()
    for doc in docs:
        doc._state.before.during = ""
