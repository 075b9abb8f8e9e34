"""The documents of the crash test: orders with rows, which keep entries with rows and a ledger in step.

Everything that belongs to an order is counted in it, so that what is half there can be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from doclife.jobs.enqueue import enqueue
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.query.db import db
from doclife.schema.fieldtypes import Currency, Data, Int, Link, Table
from doclife.schema.meta import Meta
from doclife.site.runtime import Site

LEDGER = "all"


class CrashRow(Document):
    meta = Meta(istable=True)

    note = Data()


class CrashLedger(Document):
    """One document that every order changes."""

    meta = Meta(autoname="prompt")

    total = Currency()


class CrashOrder(Document):
    """Says how many rows and entries it has, how often it was saved, and in which transaction it was made."""

    meta = Meta(submittable=True, autoname="CO-.######", track_changes=True)

    tag = Data()
    row_count = Int()
    entry_count = Int()
    saves = Int()
    amount = Currency()
    rows = Table(CrashRow)

    def on_update(self) -> None:
        """Changes the ledger by what the amount has changed."""
        ledger = get_doc(CrashLedger, LEDGER)
        before = self.get_doc_before_save()
        ledger.total += self.amount - (before.amount if before is not None else 0)
        ledger.save()

    def after_insert(self) -> None:
        enqueue(order_made, order=self.name)


class CrashEntry(Document):
    """Belongs to an order, and says how many rows it has."""

    meta = Meta(autoname="CE-.######")

    order = Link("Crash Order")
    row_count = Int()
    rows = Table(CrashRow)

    def after_insert(self) -> None:
        enqueue(entry_made, entry=self.name)

    def after_delete(self) -> None:
        enqueue(entry_gone, entry=self.name)


CLASSES: tuple[Any, ...] = (CrashRow, CrashLedger, CrashOrder, CrashEntry)

#: prefix of each series, and the type that it names
SERIES = {"CO-": CrashOrder, "CE-": CrashEntry}


class Refused(Exception):
    """What the handler of an entry raises that is not wanted."""


def keep_entries(order: Any, at: Callable[[str], None]) -> None:
    """Inserts and deletes entries until the order has as many as it says."""
    there = db.get_all("Crash Entry", {"order": order.name}, pluck="name", order_by="name")
    for name in there[order.entry_count :]:
        at("before the delete")
        get_doc(CrashEntry, name).delete()
    for n in range(len(there), order.entry_count):
        rows = [{"note": f"{n}.{k}"} for k in range(n % 3)]
        if n % 2:
            try:
                CrashEntry(order=order.name, row_count=-1, rows=rows).insert()
            except Refused:
                at("refused entry")
        CrashEntry(order=order.name, row_count=len(rows), rows=rows).insert()


def refuse(entry: Any) -> None:
    """Is the last handler of an entry: one that is not wanted has been written with its rows and its job by then."""
    if entry.row_count < 0:
        raise Refused


def prepare(site: Site, at: Callable[[str], None] = lambda point: None) -> None:
    """Makes the types known to a site; `at` is told the points that an operation passes."""
    for cls in CLASSES:
        site.doctypes[cls.meta.doctype] = cls  # type: ignore[index]
    for doctype, event in (
        ("Crash Order", "validate"),
        ("Crash Order", "after_insert"),
        ("Crash Order", "on_update"),
        ("Crash Order", "on_submit"),
        ("Crash Entry", "before_insert"),
        ("Crash Entry", "on_update"),
        ("Crash Entry", "on_trash"),
        ("Crash Entry", "after_delete"),
        ("Crash Ledger", "validate"),
        ("Crash Ledger", "on_change"),
    ):
        site.registry.connect(doctype, event, _passing(f"{event} of {doctype}", at))
    site.registry.connect("Crash Order", "on_update", lambda doc: keep_entries(doc, at))
    site.registry.connect("Crash Entry", "on_update", refuse)


def _passing(point: str, at: Callable[[str], None]) -> Callable[[Any], None]:
    return lambda doc: at(point)


def create(site: Site) -> None:
    """Makes the tables and the ledger, once."""
    prepare(site)
    for cls in CLASSES:
        cls.__table__.create(site.database.engine)
    with site.work():
        CrashLedger(name=LEDGER).insert()


# what the jobs would do; none of them is run


def order_made(order: str) -> None: ...
def entry_made(entry: str) -> None: ...
def entry_gone(entry: str) -> None: ...
