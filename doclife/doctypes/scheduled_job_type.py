"""Scheduled Job Type: what the scheduler enqueues, and when next; one for each entry of `scheduler_events`."""

from __future__ import annotations

from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Data, Datetime, Int, Select
from doclife.schema.meta import Meta, Permission


class ScheduledJobType(Document):
    """One entry; only `stopped` and `create_log` are a person's to change."""

    meta = Meta(
        table="tabScheduled Job Type",
        wildcard_events=False,
        sort_field="next_execution",
        permissions=[Permission("System Manager", read=True, write=True)],
    )

    app = Data(read_only=True, set_only_once=True)
    method = Data(length=255, read_only=True, set_only_once=True, in_list_view=True)
    entry = Int(read_only=True, set_only_once=True)
    frequency = Select(
        "all", "hourly", "daily", "weekly", "monthly", "yearly", "cron", read_only=True, in_list_view=True
    )
    cron_format = Data(read_only=True)
    queue = Data(read_only=True)
    timeout = Int(read_only=True)
    retries = Int(read_only=True)
    time_zone = Data(read_only=True)
    stopped = Check(in_list_view=True)
    last_execution = Datetime(read_only=True)
    next_execution = Datetime(read_only=True, in_list_view=True)
    create_log = Check(default=1)
    catch_up = Select("once", "all", "skip", read_only=True)
    server_script = Data(read_only=True)
