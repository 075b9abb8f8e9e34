"""The documents of the fault suite: what transactions write, and what jobs leave where a repetition shows."""

from __future__ import annotations

from typing import Any

import doclife
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Int
from doclife.schema.meta import Meta
from doclife.site.runtime import Site


class ChaosOrder(Document):
    """Is there exactly when the frame of the transaction that wrote it is: the truth about each commit."""

    meta = Meta(autoname="prompt", wildcard_events=False)

    closed = Int()

    def close(self, key: str) -> None:
        """Is what a job does that has locked it from others."""
        ChaosEffect(of=key, part="done", job=doclife.job.id, attempt=doclife.job.attempt).insert()
        self.closed += 1
        self.save()


class ChaosEffect(Document):
    """What one part of one job has left. Nothing is unique but the name: what happens twice is there twice."""

    meta = Meta(autoname="hash", wildcard_events=False)

    of = Data(index=True)
    part = Data()
    job = Data()
    attempt = Int()


class ChaosSum(Document):
    """One document that many jobs add to."""

    meta = Meta(autoname="prompt", wildcard_events=False)

    total = Int()


CLASSES: tuple[Any, ...] = (ChaosOrder, ChaosEffect, ChaosSum)

#: names of the sums; the last is changed under a lock alone
LOCKED = "L"
SUMS = ("A", "B", "C", LOCKED)


def prepare(site: Site) -> None:
    """Makes the types known to a site, in each process."""
    for cls in CLASSES:
        site.doctypes.setdefault(cls.meta.doctype, cls)  # type: ignore[attr-defined]


def create(site: Site) -> None:
    """Makes the tables and the sums, once."""
    prepare(site)
    for cls in CLASSES:
        cls.__table__.create(site.database.engine)
    with site.work():
        for name in SUMS:
            ChaosSum(name=name).insert()
