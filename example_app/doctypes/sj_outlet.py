"""SJ Outlet: who sells under the brand, and what it owes for that."""

from __future__ import annotations

import doclife
from doclife import Document, Meta, Permission
from doclife.fields import Data, Date, Percent, Select


class SJOutlet(Document):
    """A franchise outlet.

    The daily run makes one without an agreement Inactive and notes the day, and makes it Active when
    it has one again. An outlet that a person has made Inactive has no such day, and stays as it is.
    """

    meta = Meta(
        autoname="field:franchise_code",
        title_field="outlet_name",
        search_fields=["outlet_name", "city"],
        track_changes=True,
        permissions=[
            Permission("Franchise Manager", read=True, write=True, create=True, delete=True),
            Permission("Franchise Auditor", read=True, report=True),
        ],
    )

    franchise_code = Data(reqd=True, unique=True, set_only_once=True)
    outlet_name = Data(reqd=True, in_list_view=True)
    owner_name = Data()
    status = Select("Active", "Inactive", default="Active", in_list_view=True)
    #: since when it is Inactive for want of an agreement
    lapsed_on = Date(read_only=True, no_copy=True)
    city = Data()
    #: stays what it is, so that a cancelled invoice puts its rows back where they were taken from
    warehouse = Data(unique=True, set_only_once=True)
    royalty_percentage = Percent(default=5, non_negative=True)
    marketing_fee_percentage = Percent(default=2, non_negative=True)

    def validate(self) -> None:
        """Refuses rates that leave the outlet nothing, and gives it a warehouse of its own."""
        if self.royalty_percentage + self.marketing_fee_percentage > 100:
            doclife.throw(
                f"{self.outlet_name}: royalty and marketing fee are more than 100 % together: "
                f"{self.royalty_percentage} % and {self.marketing_fee_percentage} %"
            )
        if self.status == "Active":
            self.lapsed_on = None
        self.warehouse = self.warehouse or f"{self.franchise_code} Stores"
