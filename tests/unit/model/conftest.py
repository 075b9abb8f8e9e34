"""The site of these tests has the types of the shop, and one outlet and one item."""

from __future__ import annotations

import pytest

from tests.unit.model import shop


@pytest.fixture(autouse=True)
def shop_site(site):
    site.use(*shop.ALL)
    return site


@pytest.fixture
def outlet():
    return shop.ShopOutlet(code="Berlin", city="Berlin", manager="Ada").insert()


@pytest.fixture
def item():
    return shop.ShopItem(title="Lamp", price="9.99").insert(set_name="LAMP")


@pytest.fixture
def invoice(outlet):
    """A stored draft with two rows."""
    made = shop.ShopInvoice(outlet="Berlin", total=30)
    made.append("rows", {"code": "A", "qty": 2, "rate": 5})
    made.append("rows", {"code": "B", "qty": 4, "rate": 5})
    return made.insert()
