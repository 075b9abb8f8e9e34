"""What people and programs see: a story with tables, or one JSON object."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

from doclife import Amount
from doclife.utils import fmt_money
from example_app.demo.books import SOURCES, Books

#: seconds between two drawings of the progress bar
REDRAW_S = 0.05
BAR = 30


def exact(amount: Amount) -> str:
    """Returns money as a decimal text, unrounded and without zeros that say nothing."""
    return format(amount.normalize(), "f") if amount else "0"


def as_json(books: Books, seconds: float) -> dict[str, Any]:
    """Returns the object that `--json` prints."""
    total = books.total("submitted invoices")
    return {
        "outlets": len(books.outlets),
        "invoices": sum(each.invoices for each in books.outlets.values()),
        "returns": sum(each.returns for each in books.outlets.values()),
        "lines": books.lines,
        "net_total": exact(total.net_total),
        "royalty_total": exact(total.royalty),
        "by_outlet": {
            name: {
                "invoices": each.invoices,
                "returns": each.returns,
                "net_total": exact(each.net_total),
                "royalty": exact(each.royalty),
            }
            for name, each in books.outlets.items()
        },
        "jobs": {
            "enqueued": books.jobs.enqueued,
            "finished": books.jobs.by_status.get("finished", 0),
            "failed": books.jobs.by_status.get("failed", 0),
        },
        "seconds": round(seconds, 2),
    }


class Printer:
    """Prints the story on stdout, unless JSON is wanted there; progress on stderr, if that is a terminal."""

    def __init__(self, *, as_json: bool) -> None:
        self._quiet = as_json
        self._terminal = sys.stderr.isatty()
        self._drawn = 0.0
        self._open = False

    def say(self, *lines: str) -> None:
        """Prints lines of the story."""
        self.clear()
        if not self._quiet:
            print(*lines, sep="\n", flush=True)

    def result(self, data: dict[str, Any]) -> None:
        """Prints the JSON object if it is wanted."""
        self.clear()
        if self._quiet:
            print(json.dumps(data, ensure_ascii=False, indent=2))

    def problem(self, text: str) -> None:
        """Prints what went wrong on stderr."""
        self.clear()
        print(f"example_app: {text}", file=sys.stderr, flush=True)

    def progress(self, what: str, done: int, total: int) -> None:
        """Draws a progress bar; the same line is drawn again and again."""
        now = time.monotonic()
        if not self._terminal or (now - self._drawn < REDRAW_S and done < total):
            return
        self._drawn, self._open = now, True
        filled = BAR * done // total if total else BAR
        line = f"  {what:<10} [{'#' * filled}{'.' * (BAR - filled)}] {done}/{total}"
        sys.stderr.write(f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K")
        sys.stderr.flush()

    def clear(self) -> None:
        """Takes the progress bar away."""
        if self._open:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._open = False


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Returns the lines of a table; the first `left` columns begin at the left, the others are numbers."""
    lines = [header, *rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(header))]
    shown = [
        "  ".join(
            cell.ljust(width) if n < left else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return [f"  {line.rstrip()}" for line in (shown[0], "-" * len(shown[0]), *shown[1:])]


def royalties(books: Books) -> list[str]:
    """Returns the table of royalties per outlet."""
    rows = [
        [name, str(each.invoices), str(each.returns), _money(each.net_total), _money(each.royalty)]
        for name, each in sorted(books.outlets.items(), key=lambda item: -item[1].royalty)
    ]
    total = books.total("submitted invoices")
    counts = [
        sum(each.invoices for each in books.outlets.values()),
        sum(each.returns for each in books.outlets.values()),
    ]
    rows.append(["all", *map(str, counts), _money(total.net_total), _money(total.royalty)])
    return table(["outlet", "invoices", "returns", "net total", "royalty"], rows)


def chain(spans: Sequence[Any]) -> list[str]:
    """Returns the handlers of a trace with the events they react to, indented as they called each other.

    Events to which nothing reacts are left out.
    """
    rows = []
    for n, span in enumerate(spans):
        if span.handler or (n + 1 < len(spans) and spans[n + 1].depth > span.depth):
            what = span.handler or f"{span.event} of {span.doctype} {span.name}"
            rows.append([f"{'  ' * span.depth}{what}", f"{span.seconds * 1000:.2f}"])
    return table(["event, handler", "ms"], rows)


def job_counts(books: Books) -> list[str]:
    """Returns the table of jobs by method."""
    jobs = books.jobs
    rows = [[method, str(count)] for method, count in jobs.by_method.items()]
    ended = ", ".join(f"{count} {status}" for status, count in sorted(jobs.by_status.items()))
    return [*table(["job", "enqueued"], rows), f"  {jobs.enqueued} in all: {ended}"]


def ledger(books: Books) -> list[str]:
    """Returns the check of the ledger: the same sums from four tables."""
    rows = [[source, *(exact(each) for each in books.total(source))] for source in SOURCES]
    different = books.disagreements()
    verdict = (
        ["  They do not agree:", *(f"    {line}" for line in different)]
        if different
        else ["  All four agree, for every outlet."]
    )
    return [*table(["source", "net total", "royalty"], rows), *verdict]


def _money(amount: Amount) -> str:
    return fmt_money(amount, precision=2)
