"""Scheduled Job Type: what the scheduler enqueues, and when next; one for each entry of `scheduler_events`."""

from __future__ import annotations

from doclife.core.errors import ValidationError
from doclife.model.document import Document
from doclife.schema.fieldtypes import Check, Data, Datetime, Int, Select
from doclife.schema.meta import Meta, Permission

#: what a person decides
CHANGEABLE = ("stopped", "create_log")
#: what the scheduler writes
TIMES = ("last_execution", "next_execution")


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

    # before_validate, not validate: no flag leaves it out
    def before_validate(self) -> None:
        """Refuses changes of what the app's hooks say, and leaves the times as they are, which are the scheduler's."""
        if self.is_new():
            raise ValidationError("a Scheduled Job Type is declared in an app's hooks.py, under scheduler_events")
        for name in self.meta.by_name.keys() - set(CHANGEABLE):
            stored = self.get_value_before_save(name)
            if name not in TIMES and (self.get(name) or None) != (stored or None):
                raise ValidationError(
                    f"{name} of the schedule {self.name} is not changed here: its app declares it in hooks.py; "
                    f"{' and '.join(CHANGEABLE)} can be set"
                )
            # A form that was open for a while brings older times. Not by an assignment, which makes 0 of a number
            # that is not set.
            self.__dict__[name] = stored

    def before_change(self) -> None:
        """Refuses to have columns set: what is no longer stopped is to be planned anew."""
        raise ValidationError(f"the schedule {self.name} is saved, not changed by db_set: then it is planned anew too")

    def before_rename(self, old: str, new: str, merge: bool = False) -> None:
        """Refuses another name: what its app declares is known by this one."""
        raise ValidationError(f"the schedule {self.name} is not renamed: its app, method and entry are its name")

    def on_trash(self) -> None:
        """Refuses to be deleted: it would be back with the next sync, and no longer stopped."""
        raise ValidationError(
            f"the schedule {self.name} is not deleted: its app declares it in hooks.py; stop it instead"
        )
