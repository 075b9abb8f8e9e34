"""Notices to people. What is told has a key, and nobody is told the same thing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import doclife
from doclife import Document
from doclife.utils import fmt_money
from example_app.doctypes.sales_invoice import SalesInvoice

#: who looks after everything there is
OPERATOR = "Administrator"
MANAGER = "Franchise Manager"
#: characters of a name
LONGEST_NAME = 140


def managers() -> list[str]:
    """Returns the users who are Franchise Managers and may log in, by name."""
    return list(doclife.get_all("User", filters={"enabled": 1, "roles.role": MANAGER}, pluck="name", order_by="name"))


def tell(
    users: Iterable[str], key: str, subject: str, *, message: str | None = None, about: Document | None = None
) -> int:
    """Gives each user a notice, unless they have one of this key, and returns how many are new.

    The key is in the notice's name, which the database keeps unique: two jobs at once write one.

    Args:
        users: names; one that is named twice is told once.
        key: what is told, as a name that stays the same when a job runs again.
        subject: one line.
        message: the details.
        about: the document to look at.
    """
    return sum(_tell(user, key, subject, message, about) for user in dict.fromkeys(users))


def _tell(user: str, key: str, subject: str, message: str | None, about: Document | None) -> bool:
    name = _name(key, user)
    if doclife.db.exists("Notification Log", name):
        return False
    notice = doclife.get_doc(
        {
            "doctype": "Notification Log",
            "name": name,
            "subject": subject,
            "email_content": message,
            "for_user": user,
            "type": "Alert",
            "document_type": about.doctype if about else None,
            "document_name": about.name if about else None,
        }
    )
    try:
        notice.insert(ignore_permissions=True)
    except doclife.DuplicateEntryError:  # another job has just told them
        return False
    return True


def _name(key: str, user: str) -> str:
    name = f"{key}: {user}"
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:75]} {hashlib.sha256(name.encode()).hexdigest()}"


def send_large_invoice_notice(invoice: str) -> None:
    """Tells Administrator of a large invoice, once, and not of one that was cancelled meanwhile."""
    doc = doclife.get_doc(SalesInvoice, invoice)
    if doc.docstatus != 1:
        return
    what = "return" if doc.is_return else "invoice"
    subject = f"Large {what} {doc.name} of {doc.franchise_outlet}: {fmt_money(doc.grand_total)}"
    tell([OPERATOR], f"large {what} {doc.name}", subject, about=doc)
