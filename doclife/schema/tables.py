"""The one MetaData, and the framework's own Core tables.

Tables of documents join `metadata` when their classes are built. The tables here are written by
low floors with plain Core statements; a document class on a higher floor adopts one with
`Meta(table=...)`, which makes it readable as a document type.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, Table, text

from doclife.database.naming import NAMING_CONVENTION
from doclife.database.types import (
    BigInt,
    CheckType,
    Double,
    JsonText,
    LongText,
    NaiveDateTime,
    NameNumber,
    ShortText,
    UtcDateTime,
)

FRAMEWORK = "doclife"

metadata = MetaData(naming_convention=NAMING_CONVENTION)

#: columns of every document table, in this order before the declared fields
STANDARD_COLUMNS = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
#: further columns of child rows
CHILD_COLUMNS = ("parent", "parenttype", "parentfield")
#: further column of submittable types
AMENDED_FROM = "amended_from"


def standard_columns(*, child: bool = False, submittable: bool = False, numbered: bool = False) -> list[Column[object]]:
    """Returns new columns that every document table begins with.

    Args:
        child: of child rows.
        submittable: of a type whose documents can be amended.
        numbered: names are numbers of the rule "autoincrement".
    """
    name: Column[object] = Column("name", ShortText(), primary_key=True)
    if numbered:  # the numbers come from tabSeries: the database is not to make its own
        name = Column("name", NameNumber(), primary_key=True, autoincrement=False)
    columns: list[Column[object]] = [
        name,
        Column("owner", ShortText()),
        Column("creation", NaiveDateTime()),
        Column("modified", NaiveDateTime()),
        Column("modified_by", ShortText()),
        Column("docstatus", CheckType(), nullable=False, server_default="0"),
        Column("idx", BigInt(), nullable=False, server_default="0"),
    ]
    if submittable:
        columns.append(Column(AMENDED_FROM, ShortText(), index=True))
    if child:
        columns += [
            # The parent alone: with type and field the key would be too long for MariaDB.
            Column("parent", ShortText(), index=True),
            Column("parenttype", ShortText()),
            Column("parentfield", ShortText()),
        ]
    return columns


#: one row per prefix of a naming series and per autoincrement type: the last number given out
series = Table(
    "tabSeries",
    metadata,
    Column("name", ShortText(255), primary_key=True),
    Column("current", BigInt(), nullable=False, server_default="0"),
    info={"app": FRAMEWORK},
)

#: the job itself (design 6): the broker only carries its id. Written by staging (INSERT), claim,
#: commit fence and completion, and by the relay; nothing else.
background_job = Table(
    "tabBackground Job",
    metadata,
    *standard_columns(),
    Column("queue", ShortText(), nullable=False),
    Column("method", ShortText(255), nullable=False),
    Column("kwargs", LongText(), nullable=False),
    Column("run_as", ShortText(), nullable=False),
    Column("label", ShortText(255)),
    #: queued, started, finished, failed, cancelled
    Column("status", ShortText(20), nullable=False),
    #: its key after it has failed or was cancelled, for who has it run again. Before the key itself: MariaDB assigns
    #: from left to right
    Column("ended_key", ShortText(255)),
    #: unique while the job is queued or started, then NULL
    Column("dedup_key", ShortText(255), unique=True),
    #: not before this time
    Column("run_at", UtcDateTime(), nullable=False),
    #: when its id was last given to the broker; NULL: not yet
    Column("released_at", UtcDateTime()),
    Column("at_front", CheckType(), nullable=False, server_default="0"),
    #: grows with each claim: a worker whose number is not the row's has lost the job
    Column("fence", BigInt(), nullable=False, server_default="0"),
    Column("attempt", BigInt(), nullable=False, server_default="0"),
    Column("max_attempts", BigInt(), nullable=False, server_default="3"),
    #: how often it ended by an exception, by a conflict, by the death of its worker
    Column("exceptions", BigInt(), nullable=False, server_default="0"),
    Column("conflicts", BigInt(), nullable=False, server_default="0"),
    Column("kills", BigInt(), nullable=False, server_default="0"),
    Column("retry", JsonText()),
    Column("on_success", LongText()),
    Column("on_failure", LongText()),
    Column("worker", ShortText()),
    #: seconds
    Column("timeout", BigInt(), nullable=False, server_default="300"),
    Column("progress", JsonText()),
    #: how far each step is, by step
    Column("cursor", JsonText()),
    Column("result", LongText()),
    Column("error", LongText()),
    Column("enqueued_at", UtcDateTime(), nullable=False),
    Column("started_at", UtcDateTime()),
    Column("ended_at", UtcDateTime()),
    # a worker's look into its queue, the relay's for due and for lost jobs, and pruning
    Index(None, "status", "queue", "at_front", "run_at"),
    Index(None, "status", "released_at", "run_at"),
    Index(None, "status", "ended_at"),
    info={"app": FRAMEWORK},
)

#: liveness of worker processes: one row each, its heartbeat renewed while it lives
worker = Table(
    "tabWorker",
    metadata,
    Column("name", ShortText(), primary_key=True),
    Column("host", ShortText(), nullable=False),
    Column("pid", BigInt(), nullable=False),
    Column("queues", LongText(), nullable=False),
    Column("isolation", ShortText(20), nullable=False),
    Column("started_at", UtcDateTime(), nullable=False),
    Column("heartbeat", UtcDateTime(), nullable=False, index=True),
    #: what the worker is asked to do (JSON), until it has seen it, and what it has answered
    Column("asked", LongText()),
    Column("answer", LongText()),
    info={"app": FRAMEWORK},
)

#: leases: who leads, until when; the token grows with each change of holder
lease = Table(
    "tabLease",
    metadata,
    Column("name", ShortText(255), primary_key=True),
    Column("holder", ShortText()),
    #: when a lock was taken; leaders write none
    Column("since", UtcDateTime()),
    Column("until", UtcDateTime()),
    Column("token", BigInt(), nullable=False, server_default="0"),
    info={"app": FRAMEWORK},
)

#: one row per entry of `scheduler_events`, written by sync and by the tick
scheduled_job_type = Table(
    "tabScheduled Job Type",
    metadata,
    *standard_columns(),
    #: who declares it; with the method and the number of the entry it is the row's key
    Column("app", ShortText(), nullable=False),
    Column("method", ShortText(255), nullable=False),
    Column("entry", BigInt(), nullable=False, server_default="1"),
    #: all, hourly, daily, weekly, monthly, yearly, or cron
    Column("frequency", ShortText(20), nullable=False),
    Column("cron_format", ShortText()),
    Column("queue", ShortText(), nullable=False),
    #: seconds; NULL: the queue's
    Column("timeout", BigInt()),
    Column("retries", BigInt(), nullable=False, server_default="0"),
    #: IANA name; NULL: the site's
    Column("time_zone", ShortText()),
    Column("stopped", CheckType(), nullable=False, server_default="0"),
    Column("last_execution", UtcDateTime()),
    Column("next_execution", UtcDateTime()),
    Column("create_log", CheckType(), nullable=False, server_default="1"),
    #: once, all, skip
    Column("catch_up", ShortText(20)),
    Column("server_script", ShortText()),
    Index(None, "stopped", "next_execution"),
    info={"app": FRAMEWORK},
)

#: one row per schedule and due time: what makes a run happen once
scheduled_job_run = Table(
    "tabScheduled Job Run",
    metadata,
    Column("schedule", ShortText(), primary_key=True),
    Column("due", UtcDateTime(), primary_key=True),
    Column("job", ShortText()),
    Column("created_at", UtcDateTime(), nullable=False, server_default=text("CURRENT_TIMESTAMP")),
    # for pruning: the key begins with the schedule
    Index(None, "due"),
    info={"app": FRAMEWORK},
)

#: one row per run of a schedule that keeps a log, named after its job and written in the job's transactions
scheduled_job_log = Table(
    "tabScheduled Job Log",
    metadata,
    *standard_columns(),
    #: the schedule, which may be gone
    Column("scheduled_job_type", ShortText(), nullable=False),
    #: scheduled, started, complete, failed, cancelled
    Column("status", ShortText(20), nullable=False),
    #: whether it was started by hand
    Column("triggered", CheckType(), nullable=False, server_default="0"),
    Column("due", UtcDateTime(), nullable=False),
    #: of the last attempt
    Column("started_at", UtcDateTime()),
    Column("ended_at", UtcDateTime()),
    #: seconds that the last attempt took
    Column("duration", Double()),
    Column("error", LongText()),
    Index(None, "creation"),
    Index(None, "scheduled_job_type", "creation"),
    info={"app": FRAMEWORK},
)
