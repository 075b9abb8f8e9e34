"""Background Job: the table of jobs, readable as documents; only claim, completion and relay write it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from doclife.core import json
from doclife.core.context import ADMINISTRATOR, current
from doclife.core.errors import PermissionDenied, ValidationError
from doclife.events.whitelist import whitelist
from doclife.jobs import manage
from doclife.model.document import Document
from doclife.schema.fieldtypes import JSON, Check, Data, Datetime, Int, Text
from doclife.schema.meta import Meta, Permission
from doclife.schema.tables import background_job
from doclife.uow.unit import current_unit


class BackgroundJob(Document):
    """One job; its name is its id."""

    meta = Meta(
        table="tabBackground Job",
        wildcard_events=False,
        autoname="uuid",
        sort_field="enqueued_at",
        # to write a job is to stop it or to have it run again; its arguments are readable too
        permissions=[Permission("System Manager", read=True, write=True)],
    )

    queue = Data()
    method = Data(length=255)
    kwargs = Text()
    run_as = Data()
    label = Data(length=255)
    status = Data()
    ended_key = Data(length=255)
    dedup_key = Data(length=255)
    run_at = Datetime()
    released_at = Datetime()
    at_front = Check()
    fence = Int()
    attempt = Int()
    max_attempts = Int()
    exceptions = Int()
    conflicts = Int()
    kills = Int()
    retry = JSON()
    on_success = Text()
    on_failure = Text()
    worker = Data()
    timeout = Int()
    progress = JSON()
    cursor = JSON()
    result = Text()
    error = Text()
    enqueued_at = Datetime()
    started_at = Datetime()
    ended_at = Datetime()

    # before_validate, not validate: no flag leaves it out
    def before_validate(self) -> None:
        """Refuses to be saved: a job's row belongs to the queue."""
        raise ValidationError("a Background Job is not saved as a document; use doclife.enqueue and doclife jobs")

    def before_change(self) -> None:
        """Refuses to have columns set: what runs, and as whom, is what was enqueued."""
        raise ValidationError("a Background Job is not changed as a document; use doclife.retry_job and doclife jobs")

    def before_rename(self, old: str, new: str, merge: bool = False) -> None:
        """Refuses another name: workers and the broker know the job by this one."""
        raise ValidationError("a Background Job is not renamed: its name is the id by which workers know it")

    def on_trash(self) -> None:
        """Refuses to be deleted as a document."""
        raise ValidationError("a Background Job is not deleted as a document; use doclife jobs purge")

    @whitelist(methods=["POST"])
    def stop_job(self) -> str:
        """Cancels the job; returns its status, see `doclife.cancel_job`."""
        self.check_permission("write")
        return manage.cancel_job(str(self.name))

    @whitelist(methods=["POST"])
    def retry_job(self, kwargs: dict[str, Any] | str | None = None, queue: str | None = None) -> str:
        """Has the job run again; returns its status, see `doclife.retry_job`.

        Args:
            kwargs: its arguments from now on, all of them, also as JSON; None: those it has. Only whose
                job it is may give others, and Administrator.
            queue: where it goes from now on; None: where it was.
        Raises:
            PermissionDenied: the user may not write jobs; or there are kwargs, and it runs as another user.
        """
        self.check_permission("write")
        arguments = json.unpack(kwargs) if isinstance(kwargs, str) else kwargs
        if arguments is not None:
            self._check_may_give_arguments()
        return manage.retry_job(str(self.name), kwargs=arguments, queue=queue).status()

    def _check_may_give_arguments(self) -> None:
        """Refuses who would act as another user: arguments may name the document and its method that a job calls."""
        user = current().user
        if user == ADMINISTRATOR:
            return
        # from the row: this object may be what a caller has sent
        owner = select(background_job.c.run_as).where(background_job.c.name == self.name)
        run_as = current_unit().link.execute(owner).scalar()
        if run_as != user:
            raise PermissionDenied(
                f"{user} may not give other arguments to job {self.name}, which runs as {run_as}; without kwargs it "
                "may be run again",
                doctype=self.doctype,
                name=self.name,
                user=user,
                right="write",
            )
