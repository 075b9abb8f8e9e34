"""The main job from its arguments to its exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from doclife import DoclifeError
from doclife.utils import getdate, today
from example_app.demo import printing, scheduled
from example_app.demo.books import Books, read_books
from example_app.demo.csvfile import CsvError, read_invoices
from example_app.demo.draining import drain, failures
from example_app.demo.invoices import Invoice, Outlet, outlets_of
from example_app.demo.place import INTERRUPTIONS, Place
from example_app.demo.printing import Printer
from example_app.demo.processes import CommandFailed
from example_app.demo.sample import sample_invoices, sample_outlets
from example_app.demo.story import MARKETING_FEE, ROYALTY, Story
from example_app.demo.tasks import Done, read_done

ABOUT = (
    f"A franchise: its outlets sell, and owe the franchisor {ROYALTY} % of that as royalty "
    f"and {MARKETING_FEE} % as marketing fee."
)
DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the main job and returns its exit code: 0 only if the books agree, 2 for input that cannot be used."""
    options = _parser().parse_args(arguments)
    printer = Printer(as_json=options.json)
    for number in INTERRUPTIONS:
        signal.signal(number, _interrupt)
    try:
        return _run(options, printer)
    except CsvError as error:
        printer.problem(str(error))
        return BAD_INPUT
    except CommandFailed as error:
        printer.problem(str(error))
        return BAD_INPUT if error.exit_code == BAD_INPUT else FAILED
    except DoclifeError as error:
        printer.problem(f"{type(error).__name__}: {error}")
        return FAILED
    except BrokenPipeError:  # whoever read the story has left; the interpreter must not flush to them at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        printer.problem("interrupted; the processes are stopped")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m example_app",
        description="Keeps the books of a franchise for some hundred invoices on a fresh site, has its scheduled tasks "
        "run, and checks what comes out.",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="invoice lines; without it a sample")
    parser.add_argument("--sites-dir", type=Path, metavar="DIR", help="where the site is made; else a temporary folder")
    parser.add_argument("--db-url", default="", metavar="URL", help="an empty database; else SQLite")
    parser.add_argument("--redis-url", default="", metavar="URL", help="a Redis or Valkey; else the embedded Valkey")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--keep", action="store_true", help="leave the site there")
    return parser


def _run(options: argparse.Namespace, printer: Printer) -> int:
    begun = time.perf_counter()
    invoices, outlets = _read(options.csv)
    printer.say(ABOUT, _what_is_read(invoices, options.csv), "", "Making a site with the app ...")
    with Place(options.sites_dir, db_url=options.db_url, redis_url=options.redis_url, keep=options.keep) as place:
        printer.say(f"  site {place.site!r} in {place.sites_dir}; worker and scheduler run")
        chain, books, done, failed = _work(Story(place, printer, invoices, outlets), printer)
        seconds = time.perf_counter() - begun
        _print_results(printer, books, chain, done, failed)
        if options.keep:
            printer.say(f"The site stays: {place.console}")
    printer.say(f"{seconds:.1f} s")
    printer.result(printing.as_json(books, seconds) | {"scheduled": scheduled.as_json(done)})
    if books.disagreements():
        printer.problem("the ledger does not agree: " + "; ".join(books.disagreements()))
    if done.problems():
        printer.problem("the scheduled tasks did not come out well: " + "; ".join(done.problems()))
    if failed:
        printer.problem(f"{len(failed)} jobs have failed: " + "; ".join(failed))
    return FAILED if books.disagreements() or done.problems() or failed else DONE


def _read(csv: Path | None) -> tuple[Sequence[Invoice], Sequence[Outlet]]:
    """Returns the invoices and their outlets; the sample ends yesterday, so that last week and last month are in it."""
    if csv:
        invoices = read_invoices(csv)
        return invoices, outlets_of(invoices)
    yesterday = getdate(today()) - timedelta(days=1)
    invoices = sample_invoices(yesterday)
    return invoices, sample_outlets(invoices, yesterday)


def _what_is_read(invoices: Sequence[Invoice], csv: Path | None) -> str:
    lines = sum(len(invoice.lines) for invoice in invoices)
    returns = sum(invoice.is_return for invoice in invoices)
    source = f"{csv}" if csv else "A sample"
    return f"{source}: {len(invoices)} invoices, {returns} of them returns, with {lines} lines."


def _work(story: Story, printer: Printer) -> tuple[list[str], Books, Done, list[str]]:
    printer.say("", "Taking the invoices in: each is inserted, submitted and committed ...")
    since = time.perf_counter()
    story.make_outlets()
    story.take_in()
    printer.say(
        f"  {len(story.invoices)} invoices of {len(story.outlets)} outlets in {time.perf_counter() - since:.1f} s"
    )
    printer.say("", "Correcting an invoice ...")
    chain = story.cancel_and_amend()
    printer.say("", "Submitting an invoice for which there is no agreement ...")
    story.fail_to_submit()
    printer.say("", f"Compliance reports for {story.ask_for_reports()} asked for; waiting for the jobs ...")
    drain(story.place, printer)
    printer.say("", "Having the scheduled tasks run now, and not at their time ...")
    story.run_tasks()
    drain(story.place, printer)
    with story.place.connect():
        return chain, read_books(), read_done(), failures()


def _print_results(printer: Printer, books: Books, chain: list[str], done: Done, failed: list[str]) -> None:
    printer.say("", "Royalties per outlet", *printing.royalties(books))
    printer.say("", "Jobs", *printing.job_counts(books), *(f"  failed: {line}" for line in failed))
    printer.say("", "What one submit set off", *chain)
    printer.say("", "Logs of the scheduled tasks", *scheduled.logs(done))
    printer.say("", "What they have made", *scheduled.made(done))
    printer.say("", "Royalty invoices", *scheduled.royalty_invoices(done))
    printer.say("", "The ledger, from four tables", *printing.ledger(books), "")


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
