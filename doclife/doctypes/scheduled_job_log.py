"""Scheduled Job Log: what became of each run of a schedule; only the run's job writes it."""

from __future__ import annotations

from doclife.core.errors import ValidationError
from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Datetime, Float, Link, Select, Text
from doclife.schema.meta import Meta, Permission


class ScheduledJobLog(Document):
    """One run; its name is the id of its job."""

    meta = Meta(
        table="tabScheduled Job Log",
        wildcard_events=False,
        title_field="scheduled_job_type",
        permissions=[Permission("System Manager", read=True)],
    )

    #: of a schedule that is gone it stays readable
    scheduled_job_type = Link("Scheduled Job Type", in_list_view=True)
    status = Select("scheduled", "started", "complete", "failed", "cancelled", in_list_view=True)
    triggered = Check(label="Started by Hand")
    due = Datetime(in_list_view=True)
    started_at = Datetime()
    ended_at = Datetime()
    duration = Float(label="Duration (Seconds)", in_list_view=True)
    error = Text()

    @property
    def details(self) -> str | None:
        """The error, under Frappe's name of the field."""
        return self.error

    # before_validate, not validate: no flag leaves it out
    def before_validate(self) -> None:
        """Refuses to be saved: a log tells what its job did."""
        raise ValidationError(f"the {self.doctype} is written by the scheduler's jobs and not saved as a document")

    def before_change(self) -> None:
        """Refuses to have columns set."""
        raise ValidationError(f"the {self.doctype} {self.name} is not changed as a document; its job writes it")

    def before_rename(self, old: str, new: str, merge: bool = False) -> None:
        """Refuses another name: its job knows it by this one."""
        raise ValidationError(f"the {self.doctype} {self.name} is not renamed: its name is the id of its job")
