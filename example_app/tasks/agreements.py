"""Agreements that are about to end, and those that have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import doclife
from doclife.utils import add_days, date_diff, getdate, today
from example_app.doctypes.franchise_agreement import FranchiseAgreement
from example_app.tasks.notices import OPERATOR, managers, tell

#: days before the end at which people are told, the last first
THRESHOLDS = (7, 30, 60)


def review_agreements() -> dict[str, list[str]]:
    """Marks the agreements that have ended, and tells managers and the operator of those that end soon.

    There is one notice for each agreement and threshold: who submits an agreement of a week is told
    once, not three times. One that another agreement of the outlet continues needs no notice.

    Returns:
        Names of agreements: the newly "expired" and the "ending" ones that somebody was told of.
    """
    day = getdate(today())
    current = doclife.get_all(
        "Franchise Agreement",
        filters={"docstatus": 1, "status": ["!=", "Expired"]},
        fields=["name", "franchise_outlet", "start_date", "expiry_date"],
        order_by="expiry_date, name",
    )
    users = [OPERATOR, *managers()]
    found: dict[str, list[str]] = {"expired": [], "ending": []}
    for each in current:
        try:
            with doclife.db.savepoint():
                what = _review(each, date_diff(each.expiry_date, day), current, users)
        except doclife.ValidationError:  # one agreement does not hold up the others
            doclife.log_error(
                title=f"Review of agreement {each.name}",
                reference_doctype="Franchise Agreement",
                reference_name=each.name,
            )
            continue
        if what:
            found[what].append(each.name)
    return found


def _review(agreement: Any, left: int, others: Iterable[Any], users: Iterable[str]) -> str | None:
    """Does what one agreement asks for `left` days before its end, and returns what that was."""
    if left < 0:
        _mark_expired(agreement.name)
        return "expired"
    threshold = next((days for days in THRESHOLDS if left <= days), None)
    if threshold is None or _is_continued(agreement, others):
        return None
    return "ending" if _remind(agreement, left, threshold, users) else None


def _mark_expired(name: str) -> None:
    # `modified` stays: whoever has the agreement open may still cancel it
    doclife.get_doc(FranchiseAgreement, name).db_set("status", "Expired", update_modified=False)


def _is_continued(agreement: Any, others: Iterable[Any]) -> bool:
    return any(
        other.franchise_outlet == agreement.franchise_outlet
        and other.start_date <= getdate(add_days(agreement.expiry_date, 1))
        and other.expiry_date > agreement.expiry_date
        for other in others
    )


def _remind(agreement: Any, left: int, threshold: int, users: Iterable[str]) -> bool:
    """Tells of one agreement; tells whether anybody was new to it."""
    when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
    subject = f"Agreement {agreement.name} of {agreement.franchise_outlet} ends {when}, on {agreement.expiry_date}"
    about = doclife.get_doc(FranchiseAgreement, agreement.name)
    return tell(users, f"{agreement.name} ends within {threshold} days", subject, about=about) > 0
