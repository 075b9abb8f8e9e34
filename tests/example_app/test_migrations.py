"""A site that was made before there were scheduled tasks keeps its books, and has what they need filled in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import doclife
from doclife.database.migrate import downgrade
from doclife.schema.tables import metadata
from doclife.site.migrating import history_of, upgrade
from tests.example_app.conftest import add_outlet, draft, submitted

pytestmark = pytest.mark.slow_on_servers


def test_books_of_before_are_filled_in(committed_site: Any) -> None:
    with doclife.connect(committed_site):
        add_outlet("HARBOUR")
        submitted("1", ("CUP", 2, "4.45"))
    downgrade(committed_site.database.engine, metadata, history_of(committed_site.apps[-1]), "example_app_0001")
    upgrade(committed_site)
    with doclife.connect(committed_site):
        [entry] = doclife.get_all("Franchise Royalty Entry", fields=["royalty_amount", "marketing_fee_amount"])
        # 5 % and 2 % of 8.90
        assert (entry.royalty_amount, entry.marketing_fee_amount) == (Decimal("0.445"), Decimal("0.178"))
        assert doclife.get_all("Franchise Agreement", pluck="status") == ["Active"]


def test_fees_without_a_royalty_are_entered(committed_site: Any) -> None:
    """Before, an entry was made where a royalty was due: AIRPORT owes 3 % of 8.90 as a fee, and no royalty."""
    with doclife.connect(committed_site):
        add_outlet("AIRPORT", 0, 3)
        add_outlet("GIFTS", 0, 0)
        submitted("1", ("CUP", 2, "4.45"), outlet="AIRPORT")
        submitted("2", ("CUP", 1, "100"), outlet="AIRPORT").cancel()
        submitted("3", ("CUP", 1, "100"), outlet="GIFTS")
        draft("4", ("CUP", 1, "100"), outlet="AIRPORT").insert()
        fields = ["franchise_outlet", "sales_invoice", "posting_date", "sales_amount", "marketing_fee_amount"]
        before = doclife.get_all("Franchise Royalty Entry", fields=fields)
    assert [(each.sales_invoice, each.marketing_fee_amount) for each in before] == [("1", Decimal("0.267"))]
    downgrade(committed_site.database.engine, metadata, history_of(committed_site.apps[-1]), "example_app_0002")
    with doclife.connect(committed_site):
        assert doclife.db.count("Franchise Royalty Entry") == 0
    upgrade(committed_site)
    with doclife.connect(committed_site):
        assert doclife.get_all("Franchise Royalty Entry", fields=fields) == before
        invoice = doclife.new_doc("Franchise Royalty Invoice", franchise_outlet="AIRPORT", month="2025-10").submit()
        assert (invoice.total_royalty, invoice.grand_total) == (0, Decimal("0.267"))
