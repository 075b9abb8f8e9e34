"""What test apps name in override_doctype_class and extend_doctype_class; some of it cannot be used."""

from __future__ import annotations

from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Int, Link, Table
from doclife.schema.meta import Meta


class SiteOutletVisit(Document):
    meta = Meta(istable=True)


class SiteOutlet(Document):
    city = Data()
    region = Link("Region")

    def close(self) -> str:
        return "closed"


class Points:
    points = Int()


class MorePoints:
    points = Int()


class Cities:
    city = Data()


class Taken:
    owner = Data()


class Hidden:
    _secret = Data()


class Closing:
    close = Data()


class Required:
    code = Data(reqd=True)


class Fetching:
    zone = Data(fetch_from="regoin.zone")


class FetchingWell:
    zone = Data(fetch_from="region.zone")


class Visits:
    visits = Table("Site Outlet Visit")


class OfItsOwn(Document):
    meta = Meta(doctype="Site Other", track_changes=True)


class DerivedType(SiteOutlet):
    meta = Meta()


class Sloppy:
    meta = Meta()


class Better(SiteOutlet):
    def close(self) -> str:
        return f"{super().close()} for good"


class BetterWithField(SiteOutlet):
    extra = Data()


class Quiet:
    def close(self) -> str:
        return super().close().lower()  # type: ignore[misc]


def function() -> None:
    pass
