"""The site of these tests has types that track changes, and one order."""

from __future__ import annotations

import pytest

from tests.unit.doctypes.versioned import VersionTestOrder, VersionTestPlain, VersionTestQuiet


@pytest.fixture
def tracked(site):
    """The site with these types."""
    site.use(VersionTestOrder, VersionTestPlain, VersionTestQuiet)
    return site


@pytest.fixture
def order(tracked):
    """A stored order with two rows."""
    made = VersionTestOrder(number="O-1", title="Chairs", price=10)
    made.append("rows", {"code": "A", "qty": 1})
    made.append("rows", {"code": "B", "qty": 2})
    return made.insert()
