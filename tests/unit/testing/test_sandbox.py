"""The site of a test: its own, fast, and gone afterwards."""

from __future__ import annotations

from doclife.core.context import current
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta


def test_site(site):
    class Thing(Document):
        meta = Meta(autoname="field:code")
        code = Data()

    site.use(Thing)
    ran = []
    current().unit.add_callback("after_commit", lambda: ran.append(1))
    Thing(code="A").insert()
    current().unit.commit()
    assert ran == [1]
    assert get_doc("Thing", "A").code == "A"


def test_site2(site):
    class Thing(Document):
        meta = Meta(autoname="field:code")
        code = Data()
        more = Data()

    site.use(Thing)
    current().unit.rollback()
    Thing(code="A").insert()
