"""`python -m example_app` as people run it: a process that starts others."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from doclife.utils import add_months, getdate, today
from example_app.demo.sample import sample_invoices
from tests.contract.brokers import until

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 110
TASKS = {
    "example_app.tasks.agreements.review_agreements",
    "example_app.tasks.dashboard.refresh_dashboard",
    "example_app.tasks.digest.send_weekly_digest",
    "example_app.tasks.outlets.follow_agreements",
    "example_app.tasks.reports.report_on_last_month",
    "example_app.tasks.royalty_invoices.invoice_royalties",
    "example_app.tasks.snapshots.sync_outlet_stock_levels",
}
LINES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,LANTERN,2,2010-12-01 08:27:00,3.395,,United Kingdom
C536379,D,Discount,-1,2011-01-02 09:41:00,27.50,14527,United Kingdom
536370,22728,,24,2010-12-01 08:45:00,0,12583,France
"""


def environment(**variables: str) -> dict[str, str]:
    """Returns the environment without what would change the run, and with `variables`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOCLIFE_", "XDG_", "PYTEST"))}
    return kept | variables


def example_app(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "example_app", *arguments],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def doclife(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "doclife.cli", *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def left_in(folder: Path) -> list[str]:
    """Returns what lies in a folder for temporary files, but for the folder in which all users' sockets come and go."""
    sockets = folder / f"doclife-{os.geteuid()}"
    assert not list(sockets.iterdir())
    return [path.name for path in folder.iterdir() if path != sockets]


def expected(by_outlet: dict[str, list[tuple[str, Decimal]]]) -> dict[str, Any]:
    """Returns what must be told of invoices as (number, total) by outlet, in plain Python."""
    everything = [each for invoices in by_outlet.values() for each in invoices]

    def figures(invoices: list[tuple[str, Decimal]]) -> tuple[int, int, Decimal, Decimal]:
        returns = sum(number.startswith("C") for number, _ in invoices)
        net = sum((total for _, total in invoices), Decimal(0))
        return len(invoices) - returns, returns, net, net * Decimal("0.05")

    return {"all": figures(everything)} | {outlet: figures(invoices) for outlet, invoices in by_outlet.items()}


def told(data: dict[str, Any]) -> dict[str, Any]:
    """Returns the same of what was printed."""

    def figures(of: dict[str, Any], royalty: str) -> tuple[int, int, Decimal, Decimal]:
        return of["invoices"], of["returns"], Decimal(of["net_total"]), Decimal(of[royalty])

    outlets = {outlet: figures(of, "royalty") for outlet, of in data["by_outlet"].items()}
    return {"all": figures(data, "royalty_total")} | outlets


def test_the_sample_goes_in_and_its_figures_come_out() -> None:
    done = example_app("--json")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    by_outlet: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for invoice in sample_invoices():
        by_outlet[invoice.outlet].append((invoice.number, sum((x.qty * x.rate for x in invoice.lines), Decimal(0))))
    assert told(data) == expected(by_outlet)
    assert data["outlets"] == 8
    assert data["lines"] == sum(len(invoice.lines) for invoice in sample_invoices())
    # one for each invoice, one for the cancel, one for the amended, and the reports
    assert data["jobs"]["finished"] == data["jobs"]["enqueued"] >= 303
    assert data["jobs"]["failed"] == 0
    assert list(data) == [
        *("outlets", "invoices", "returns", "lines", "net_total", "royalty_total", "by_outlet", "jobs", "seconds"),
        "scheduled",
    ]
    scheduled = data["scheduled"]
    assert {log["schedule"] for log in scheduled["logs"]} >= TASKS
    assert {log["status"] for log in scheduled["logs"]} == {"complete"}
    # the last 92 days, but for those of the month of yesterday if that is this month
    yesterday = getdate(today()) - timedelta(days=1)
    over = {
        (invoice.outlet, f"{invoice.posted:%Y-%m}")
        for invoice in sample_invoices(yesterday)
        if invoice.total and f"{invoice.posted:%Y-%m}" < today()[:7]
    }
    assert scheduled["royalty_invoices"] == len(over) >= 16
    invoiced = Decimal(scheduled["royalty_invoiced"])
    assert invoiced > 0
    assert invoiced + Decimal(scheduled["royalty_of_this_month"]) == Decimal(data["royalty_total"])
    assert scheduled["snapshots"] == 7  # an outlet's agreement has ended
    assert scheduled["reports"] == 8 * len({yesterday.strftime("%Y-%m"), f"{getdate(add_months(today(), -1)):%Y-%m}"})


@pytest.mark.slow
def test_a_file_goes_in_and_nothing_is_left(tmp_path: Path) -> None:
    csv = tmp_path / "sales of 2010.csv"
    csv.write_text(LINES, encoding="utf-8")
    done = example_app("--csv", str(csv), TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    for told in ("All four agree, for every outlet.", "536365-1", "create_royalty_entry", "refused: ", "France"):
        assert told in done.stdout
    # December 2010: 6 x 2.55 + 2 x 3.395 = 22.09, of which 5 % is 1.1045 and 2 % is 0.4418; France has had a gift
    assert "2010-12         1   22.09   1.1045         0.4418" in done.stdout
    assert "2011-01         1  -27.50   -1.375          -0.55" in done.stdout
    assert "Each is the sum of its royalty entries: -0.2705 invoiced, 0 of the month that is not over" in done.stdout
    # 6 x 2.55 + 2 x 3.395 - 27.50 = -5.41, of which 5 % is -0.2705
    assert done.stdout.count("-5.41  -0.2705") == 4
    assert left_in(tmp_path) == [csv.name]


@pytest.mark.slow
def test_a_site_that_is_kept_can_be_used_on(tmp_path: Path) -> None:
    csv = tmp_path / "sales.csv"
    csv.write_text(LINES, encoding="utf-8")
    sites = tmp_path / "sites"
    assert example_app("--csv", str(csv), "--sites-dir", str(sites), "--keep", "--json").returncode == 0
    names = doclife("--sites-dir", str(sites), "list-apps")
    assert "example_app" in names.stdout
    assert doclife("--sites-dir", str(sites), "check").returncode == 0
    again = example_app("--csv", str(csv), "--sites-dir", str(sites))
    assert again.returncode == 2
    assert "site 'franchise' exists already" in again.stderr


@pytest.mark.slow
def test_a_database_that_holds_tables_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    assert example_app("--db-url", url, "--sites-dir", str(tmp_path / "a"), "--keep", "--json").returncode == 0
    done = example_app("--db-url", url, "--sites-dir", str(tmp_path / "b"), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "holds tables already" in done.stderr
    assert not (tmp_path / "b").exists()
    assert doclife("--sites-dir", str(tmp_path / "a"), "check").returncode == 0


@pytest.mark.slow
def test_a_database_is_left_as_empty_as_it_was(tmp_path: Path) -> None:
    database = tmp_path / "other.db"
    csv = tmp_path / "sales.csv"
    csv.write_text(LINES, encoding="utf-8")
    assert example_app("--csv", str(csv), "--db-url", f"sqlite:///{database}", "--json").returncode == 0
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall() == []


@pytest.mark.slow
def test_a_file_of_returns_alone_will_do(tmp_path: Path) -> None:
    csv = tmp_path / "returns.csv"
    header, *lines = LINES.splitlines()
    csv.write_text("\n".join([header, *(line for line in lines if line.startswith("C"))]), encoding="utf-8")
    done = example_app("--csv", str(csv), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    assert (data["invoices"], data["returns"], data["net_total"], data["royalty_total"]) == (0, 1, "-27.5", "-1.375")


@pytest.mark.parametrize("json_wanted", [[], ["--json"]], ids=["text", "json"])
def test_a_bad_file_is_refused_before_anything_is_stored(tmp_path: Path, json_wanted: list[str]) -> None:
    csv = tmp_path / "sales.csv"
    csv.write_text(LINES.replace("27.50", "a lot"), encoding="utf-8")
    sites = tmp_path / "sites"
    done = example_app("--csv", str(csv), "--sites-dir", str(sites), *json_wanted)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"example_app: {csv}:4: column 6 (UnitPrice): 'a lot' is not a number; write it like 2.55\n")
    assert not sites.exists()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    done = example_app("--csv", str(tmp_path / "none.csv"), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"example_app: {tmp_path / 'none.csv'}: it cannot be read: No such file or directory\n"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process_and_no_folder(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "example_app"],
        cwd=ROOT,
        env=environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "worker and scheduler run" in line:
                break
        process.send_signal(number)
        _, errors = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    assert (process.returncode, errors) == (130, "example_app: interrupted; the processes are stopped\n")
    assert left_in(tmp_path) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    sites = tmp_path / "sites"
    command = [sys.executable, "-m", "example_app", "--sites-dir", str(sites)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "worker and scheduler run" in line:
                    break
            others = {pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if names(pid, sites)}
            others.discard(process.pid)
            assert len(others) >= 3  # worker, scheduler, keeper
        finally:
            process.kill()
    until(lambda: not any(names(pid, sites) for pid in others), 30)


def names(pid: int, folder: Path) -> bool:
    """Tells whether a process runs whose command names a folder."""
    try:
        return str(folder) in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
