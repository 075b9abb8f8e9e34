"""A notice is for one user, who may read it and mark it as read; nobody else may, but Administrator."""

from __future__ import annotations

import pytest

from doclife.core.errors import PermissionDenied
from doclife.doctypes.notification_log import NotificationLog
from doclife.model.access import get_doc
from doclife.query.lists import get_list
from doclife.testing import as_user, make_user

pytestmark = pytest.mark.one_database

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture(autouse=True)
def notices(site):
    """Administrator has written to both, Bob to Ann."""
    make_user(ANN)
    make_user(BOB)
    for name, user in (("to Ann", ANN), ("to Bob", BOB)):
        NotificationLog(name=name, subject=name, for_user=user).insert()
    with as_user(BOB):
        NotificationLog(name="from Bob", subject="from Bob", for_user=ANN).insert(ignore_permissions=True)


@pytest.mark.parametrize(
    ("user", "seen"),
    [
        (ANN, ["from Bob", "to Ann"]),
        (BOB, ["to Bob"]),
        ("Administrator", ["from Bob", "to Ann", "to Bob"]),
        ("Guest", []),
    ],
)
def test_everybody_sees_their_own(user, seen):
    with as_user(user):
        if user == "Guest":
            with pytest.raises(PermissionDenied):
                get_list("Notification Log")
        else:
            assert get_list("Notification Log", pluck="name", order_by="name") == seen
        names = ["from Bob", "to Ann", "to Bob"]
        assert [name for name in names if get_doc("Notification Log", name).has_permission("read")] == seen


def test_who_was_told_marks_it_as_read_and_nobody_else():
    with as_user(ANN):
        notice = get_doc(NotificationLog, "to Ann")
        notice.read = 1
        notice.save()
    with as_user(BOB):
        for name in ("to Ann", "from Bob"):
            notice = get_doc(NotificationLog, name)
            notice.subject = "changed"
            with pytest.raises(PermissionDenied):
                notice.save()


def test_a_notice_is_not_handed_on():
    with as_user(ANN):
        notice = get_doc(NotificationLog, "to Ann")
        notice.for_user = BOB
        with pytest.raises(PermissionDenied):
            notice.save()
        with pytest.raises(PermissionDenied):
            NotificationLog(subject="x", for_user=ANN).insert()
        with pytest.raises(PermissionDenied):
            get_doc(NotificationLog, "to Ann").delete()
