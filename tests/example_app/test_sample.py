"""The sample is the same every time, and has all that the real data has."""

from __future__ import annotations

import hashlib
from datetime import date

from example_app.demo.csvfile import DECIMALS
from example_app.demo.sample import OUTLETS, sample_invoices, sample_outlets


def test_it_is_the_same_every_time() -> None:
    assert sample_invoices() == sample_invoices()


def test_it_is_the_same_in_every_version_of_python() -> None:
    told = "\n".join(
        repr((each.number, each.outlet, each.posted, each.customer, each.lines)) for each in sample_invoices()
    )
    # what it was when it was written; whoever changes the sample changes this
    assert (
        hashlib.sha256(told.encode()).hexdigest() == "97e50260dfe8bfbbb550890e0dbc8f83c5fdd512d47638429c872a764785e15c"
    )


def test_it_has_about_300_invoices_of_8_outlets_over_a_quarter() -> None:
    invoices = sample_invoices()
    assert len({each.number for each in invoices}) == 300
    assert {each.outlet for each in invoices} == set(OUTLETS)
    assert len(OUTLETS) == 8
    assert {each.posted.month for each in invoices} == {10, 11, 12}
    assert [each.posted for each in invoices] == sorted(each.posted for each in invoices)


def test_only_its_dates_follow_its_last_day() -> None:
    moved, before = sample_invoices(date(2026, 3, 2)), sample_invoices()
    assert moved[0].posted.date() == date(2025, 12, 1)  # 31 + 31 + 28 + 2 days
    assert moved[-1].posted.date() == date(2026, 3, 2)
    assert {later.posted - earlier.posted for later, earlier in zip(moved, before, strict=True)} == {
        date(2026, 3, 2) - date(2025, 12, 31)
    }
    assert [(each.number, each.lines) for each in moved] == [(each.number, each.lines) for each in before]


def test_its_agreements_end_soon_or_later() -> None:
    ends = {each.name: str(each.last_day) for each in sample_outlets(sample_invoices(), date(2025, 12, 31))}
    assert ends["Museum"] == "2025-12-31"
    assert (ends["Station"], ends["Lakeside"], ends["Airport"]) == ("2026-01-05", "2026-01-20", "2026-02-14")
    assert set(ends) == set(OUTLETS)
    assert list(ends.values()).count("2027-02-04") == 4


def test_it_has_returns_gifts_corrections_and_unknown_customers() -> None:
    invoices = sample_invoices()
    lines = [line for each in invoices for line in each.lines]
    returns = [each for each in invoices if each.is_return]
    assert 20 <= len(returns) <= 40
    assert all(line.qty < 0 for each in returns for line in each.lines)
    assert any(line.rate == 0 and not line.description for line in lines)
    assert any(line.rate < 0 for line in lines)
    assert any(line.rate > 0 for line in lines if line.item_code == "ADJUST")
    assert any(not each.customer for each in invoices)


def test_its_prices_keep_royalties_exact() -> None:
    exponents = [line.rate.as_tuple().exponent for each in sample_invoices() for line in each.lines]
    assert min(int(each) for each in exponents) == -3
    assert -DECIMALS <= -3
