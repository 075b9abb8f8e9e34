"""The run that takes the stock of all outlets: one that fails sinks none."""

from __future__ import annotations

import pytest

import doclife
from doclife.testing import run_due, travel_to
from tests.example_app.conftest import add_outlet, submitted

pytestmark = pytest.mark.slow_on_servers


def test_an_outlet_with_broken_stock_does_not_sink_the_run(harbour: str) -> None:
    for number, outlet in enumerate(("AIRPORT", "MUSEUM"), 1):
        add_outlet(outlet)
        submitted(str(number), ("CUP", 5 * number, "1"), outlet=outlet)
    submitted("3", ("CONE", 2, "1"))
    with travel_to("2025-10-05 05:00"):
        run_due()  # the stock of the invoices
    # as an import by SQL may leave it: a bin without its item, which no snapshot can name
    doclife.db.sql("UPDATE `tabBin` SET item_code = NULL WHERE warehouse = %s", "AIRPORT Stores")
    with travel_to("2025-10-05 06:00"):
        ran = run_due(allow_failures=True)
    assert {job.kwargs["outlet"]: job.status for job in ran if job.kwargs} == {
        "AIRPORT": "failed",
        "HARBOUR": "finished",
        "MUSEUM": "finished",
    }
    items = {
        snapshot.name: [(row.item_code, row.actual_qty) for row in snapshot.stock_items]
        for snapshot in doclife.get_docs("Franchise Stock Snapshot", {})
    }
    assert items == {"HARBOUR-2025-10-05": [("CONE", -2)], "MUSEUM-2025-10-05": [("CUP", -10)]}
    [failed] = [job for job in ran if job.status == "failed"]
    [error] = doclife.get_all("Error Log", fields=["job", "error"])
    assert error.job == failed.id
    assert "MandatoryError" in error.error
    assert "item_code" in error.error

    # mended, the next run takes it
    doclife.db.sql("UPDATE `tabBin` SET item_code = 'CUP' WHERE warehouse = %s", "AIRPORT Stores")
    with travel_to("2025-10-05 12:00"):
        run_due()
    assert doclife.db.exists("Franchise Stock Snapshot", "AIRPORT-2025-10-05")
