"""A site that was made before there were scheduled tasks keeps its books, and has what they need filled in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import doclife
from doclife.database.migrate import downgrade
from doclife.schema.tables import metadata
from doclife.site.migrating import history_of, upgrade
from tests.example_app.conftest import add_outlet, submitted

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
