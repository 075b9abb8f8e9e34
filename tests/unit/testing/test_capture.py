"""capture_events and captured jobs show what happened."""

from __future__ import annotations

from doclife.model.document import Document
from doclife.schema.fieldtypes import Data
from doclife.schema.meta import Meta
from doclife.testing import capture_events


def test_every_event_is_listed_whether_or_not_anything_reacts(site):
    class Thing(Document):
        meta = Meta(autoname="field:code")
        code = Data()

        def validate(self):
            pass

    site.use(Thing)
    thing = Thing(code="A")
    with capture_events() as events:
        thing.insert()
    assert events == [
        ("Thing", None, "before_insert"),
        ("Thing", None, "before_naming"),
        ("Thing", None, "autoname"),
        ("Thing", "A", "before_validate"),
        ("Thing", "A", "validate"),
        ("Thing", "A", "before_save"),
        ("Thing", "A", "after_insert"),
        ("Thing", "A", "on_update"),
        ("Thing", "A", "on_change"),
    ]
    assert events.of("Thing")[4] == "validate"
    assert events.of("Other") == []
