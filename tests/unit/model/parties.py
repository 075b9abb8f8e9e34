"""The document types of the tests of renaming: parties, and what links to them in every way."""

from __future__ import annotations

from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, DynamicLink, Link, Table
from doclife.schema.meta import Meta, Permission


class RenParty(Document):
    """What is renamed here: named by a field, with rows of its own."""

    meta = Meta(
        autoname="field:title",
        allow_rename=True,
        permissions=[
            Permission("Renamer", read=True, write=True, create=True),
            Permission("Merger", read=True, write=True, create=True, delete=True),
            Permission("Author", read=True, write=True, create=True, delete=True, if_owner=True),
        ],
    )

    title = Data(reqd=True, unique=True, length=20)
    above = Link("Ren Party")
    rows = Table["RenRow"]("Ren Row")


class RenRow(Document):
    meta = Meta(istable=True)

    party = Link("Ren Party")
    kind = Data()
    other = DynamicLink("kind")


class RenOrder(Document):
    """Links in every way."""

    meta = Meta(submittable=True)

    buyer = Link("Ren Party")
    payer = Link("Ren Party")
    kind = Data()
    other = DynamicLink("kind")
    rows = Table(RenRow)
    first_row = Link("Ren Row")


class RenProfile(Document):
    """At most one for each party."""

    meta = Meta(autoname="field:party", allow_rename=True)

    party = Link("Ren Party", unique=True)
    note = Data()


class RenSettings(Document):
    meta = Meta(issingle=True)

    party = Link("Ren Party")
