"""What the main job does with the app, step by step; each step is an ordinary use of doclife."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import doclife
from doclife import DoclifeError
from example_app import api
from example_app.demo import printing
from example_app.demo.invoices import Invoice, Outlet
from example_app.demo.place import Place
from example_app.demo.printing import Printer, exact
from example_app.doctypes.franchise_agreement import FranchiseAgreement
from example_app.doctypes.franchise_sales_summary import FranchiseSalesSummary
from example_app.doctypes.sales_invoice import SalesInvoice
from example_app.doctypes.sj_outlet import SJOutlet

ROYALTY = 5
MARKETING_FEE = 2
MANAGER = "manager@example.com"
#: what is triggered: the words of hooks.py, and the run that stands there as a cron expression
TASKS = ("daily", "weekly", "monthly_long", "hourly", "example_app.tasks.snapshots.sync_outlet_stock_levels")


class StoryError(DoclifeError):
    """Something did not come out as it must."""


@dataclass
class Story:
    """The steps, on one site."""

    place: Place
    printer: Printer
    invoices: Sequence[Invoice]
    outlets: Sequence[Outlet]

    def __post_init__(self) -> None:
        self.codes = {outlet.name: outlet.code for outlet in self.outlets}

    def make_outlets(self) -> None:
        """Makes the outlets, each with its submitted agreement, and their manager."""
        with self.place.connect():
            doclife.retry_on_conflict(_make_manager)
            for outlet in self.outlets:
                doclife.retry_on_conflict(partial(_make_outlet, outlet))

    def take_in(self) -> None:
        """Takes the invoices in: each is inserted, submitted and committed."""
        with self.place.connect():
            for n, invoice in enumerate(self.invoices, 1):
                doclife.retry_on_conflict(partial(_take_in, invoice, self.codes[invoice.outlet]))
                self.printer.progress("invoices", n, len(self.invoices))

    def ask_for_reports(self) -> str:
        """Asks for the compliance reports of the last month there is, and returns which."""
        month = max(invoice.posted for invoice in self.invoices).strftime("%Y-%m")
        with self.place.connect():
            api.generate_monthly_compliance_reports(month)
        return month

    def run_tasks(self) -> None:
        """Has the scheduled tasks run now, by the command that a person would use."""
        self.printer.say(f"  doclife scheduler trigger {' '.join(TASKS)}")
        self.place.processes.run("--site", self.place.site, "scheduler", "trigger", *TASKS)

    def cancel_and_amend(self) -> list[str]:
        """Cancels an invoice, amends and submits it again. Returns the chain of handlers of that submit.

        Raises:
            StoryError: the books are not as before.
        """
        with self.place.connect():
            invoice = self._to_amend()
            before = _sums_of(invoice.outlet_code, invoice.month)
            doclife.retry_on_conflict(partial(_cancel, invoice.number))
            between = _sums_of(invoice.outlet_code, invoice.month)
            amended, chain = doclife.retry_on_conflict(partial(_amend, invoice.number))
            after = _sums_of(invoice.outlet_code, invoice.month)
        if before != after or before == between:
            raise StoryError(f"{invoice.number} was cancelled and amended: {before}, then {between}, then {after}")
        self.printer.say(
            f"  {invoice.number} cancelled, amended as {amended} and submitted: sales of {invoice.outlet_code} in "
            f"{invoice.month} went from {before[0]} to {between[0]} and back to {after[0]}"
        )
        return chain

    def _to_amend(self) -> _ToAmend:
        """Returns an invoice whose amended name is free; a sale with a total if there is one."""
        numbers = {invoice.number for invoice in self.invoices}
        free = [invoice for invoice in self.invoices if f"{invoice.number}-1" not in numbers]
        chosen = min(free, key=lambda invoice: (invoice.is_return, not invoice.total))
        return _ToAmend(chosen.number, self.codes[chosen.outlet], chosen.posted.strftime("%Y-%m"))

    def fail_to_submit(self) -> None:
        """Submits an invoice that a handler refuses, after others have done their part.

        Raises:
            StoryError: it was not refused, or something of it is left.
        """
        number = _unused("REFUSED", {invoice.number for invoice in self.invoices})
        outlet = self.outlets[0]
        day = outlet.last_day + timedelta(days=1)
        try:
            with self.place.connect():
                _submit_new(number, outlet.code, day)
        except doclife.ValidationError as error:
            reason = str(error)
        else:
            raise StoryError(f"{number} was submitted, although {outlet.name} has no agreement for {day}")
        with self.place.connect():
            traces = _traces_of(number, outlet.code, day)
        left = ", ".join(f"{count} {what}" for what, count in traces.items())
        if any(traces.values()):
            raise StoryError(f"{number} was refused, but left {left}")
        self.printer.say(f"  refused: {reason}", f"  left of it: {left}")


@dataclass(frozen=True)
class _ToAmend:
    number: str
    outlet_code: str
    month: str


def _make_manager() -> None:
    user = doclife.new_doc("User", email=MANAGER, first_name="Mona", last_name="Manager")
    user.append("roles", {"role": "Franchise Manager"})
    user.insert()


def _make_outlet(outlet: Outlet) -> None:
    SJOutlet(
        franchise_code=outlet.code,
        outlet_name=outlet.name,
        royalty_percentage=ROYALTY,
        marketing_fee_percentage=MARKETING_FEE,
    ).insert()
    agreement = FranchiseAgreement(
        franchise_outlet=outlet.code, start_date=outlet.first_day, expiry_date=outlet.last_day
    )
    agreement.insert()
    agreement.submit()


def _take_in(invoice: Invoice, outlet_code: str) -> None:
    doc = SalesInvoice(
        invoice_no=invoice.number,
        franchise_outlet=outlet_code,
        customer=invoice.customer,
        posting_date=invoice.posted.date(),
        posting_time=invoice.posted.time(),
        is_return=invoice.is_return,
        items=[
            {"item_code": line.item_code, "description": line.description, "qty": line.qty, "rate": line.rate}
            for line in invoice.lines
        ],
    )
    doc.insert()
    doc.submit()


def _cancel(number: str) -> None:
    doclife.get_doc(SalesInvoice, number).cancel()


def _amend(number: str) -> tuple[str, list[str]]:
    """Amends a cancelled invoice and submits it; returns its name, and who took part in the submit for how long."""
    amended = doclife.copy_doc(doclife.get_doc(SalesInvoice, number), ignore_no_copy=False)
    amended.amended_from = number
    amended.insert()
    with doclife.trace() as trace:
        amended.submit()
    return str(amended.name), printing.chain(trace.spans)


def _submit_new(number: str, outlet_code: str, day: date) -> None:
    doc = SalesInvoice(
        invoice_no=number,
        franchise_outlet=outlet_code,
        posting_date=day,
        items=[{"item_code": "TOO-LATE", "qty": 1, "rate": 100}],
    )
    doc.insert()
    doc.submit()


def _sums_of(outlet_code: str, month: str) -> tuple[str, str, int]:
    """Returns sales, royalty and number of invoices in an outlet's summary; zeros where there is none."""
    name = doclife.db.exists("Franchise Sales Summary", {"franchise_outlet": outlet_code, "month": month})
    if not name:
        return "0", "0", 0
    summary = doclife.get_doc(FranchiseSalesSummary, name)
    return exact(summary.total_sales), exact(summary.total_royalty), summary.invoice_count


def _traces_of(number: str, outlet_code: str, day: date) -> dict[str, int]:
    """Counts what the database holds of an invoice."""
    questions = {
        "invoices": ("SELECT count(*) FROM `tabSales Invoice` WHERE name = %s", (number,)),
        "rows": ("SELECT count(*) FROM `tabSales Invoice Item` WHERE parent = %s", (number,)),
        "royalties": ("SELECT count(*) FROM `tabFranchise Royalty Entry` WHERE sales_invoice = %s", (number,)),
        "summaries": (
            "SELECT count(*) FROM `tabFranchise Sales Summary` WHERE franchise_outlet = %s AND month = %s",
            (outlet_code, day.strftime("%Y-%m")),
        ),
        "jobs": ("SELECT count(*) FROM `tabBackground Job` WHERE kwargs LIKE %s", (f'%"{number}"%',)),
    }
    return {what: doclife.db.sql(text, values)[0][0] for what, (text, values) in questions.items()}


def _unused(stem: str, taken: Collection[str]) -> str:
    number, n = stem, 1
    while number in taken:
        n += 1
        number = f"{stem}-{n}"
    return number
