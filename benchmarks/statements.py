"""How many statements an operation sends: counted, not timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from benchmarks.doctypes.bench_invoice import BenchInvoice, BenchNote
from benchmarks.documents import Site, invoice
from doclife.model.access import get_doc

_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """Lists the statements that are sent inside the block; savepoint control too."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(site.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(site.database.engine, "before_cursor_execute", note)


def table(site: Site) -> str:
    """Returns the counts of design 17 as a Markdown table."""
    lines = ["| operation | statements | budget | savepoint control |", "|---|---|---|---|"]
    with counted(site) as sent, site.work():
        BenchNote(title="first write").insert()
        name = invoice().insert().name
        draft = get_doc(BenchInvoice, name)
        draft.remark = "changed"
        rows: list[tuple[str, int, Callable[[], object]]] = [
            ("insert simple", 1, lambda: BenchNote(title="n").insert()),
            ("insert with 5 rows", 2, lambda: invoice().insert()),
            ("save of one field", 1, draft.save),
            ("submit with 5 rows", 2, draft.submit),
        ]
        for operation, budget, work in rows:
            sent.clear()
            work()
            control = sum(1 for each in sent if each.startswith(_CONTROL))
            lines.append(f"| {operation} | {len(sent) - control} | {budget} | {control} |")
    return "\n".join(lines)
