"""The settings of a site: one frozen struct.

Where its values come from (defaults < common < site < environment < flags) is
`doclife.core.config`; this module is only their names, types and meanings.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Seconds = Annotated[float, msgspec.Meta(gt=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]

#: seconds a job of a queue may run when the call names no timeout (design 6)
DEFAULT_QUEUES = {"short": 300, "default": 300, "long": 1500}
DEFAULT_TIMEOUT = 300


class QueueSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of `workers`."""

    #: seconds a job of this queue may run; None: 300, or what a queue of doclife's own has (`Settings.queues`)
    timeout: Positive | None = None
    #: worker processes that `doclife start` gives this queue
    background_workers: Positive = 1


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a site can be told; every field has a default."""

    #: SQLAlchemy URL; empty means SQLite, `site.db` in the site's folder
    db_url: str = ""
    #: Redis or Valkey URL; "embedded" is the Valkey server that doclife runs itself
    redis_url: str = "embedded"
    #: names of the apps of this site in install order
    installed_apps: list[str] = msgspec.field(default_factory=list)
    #: URL under which people reach the site, "https://erp.example.com"; what get_url begins with
    host_name: str = ""
    #: IANA name; documents carry naive datetimes in this zone
    time_zone: str = "UTC"
    #: further queues: {"myqueue": {"timeout": 5000, "background_workers": 4}}
    workers: dict[str, QueueSettings] = msgspec.field(default_factory=dict)
    #: seconds that the running job of a worker which is told to end has to finish, before it is given back
    worker_grace: Annotated[float, msgspec.Meta(ge=0)] = 25.0
    #: seconds between two ticks of the scheduler
    scheduler_tick_interval: Seconds = 60.0
    #: no ticks for a while; what was missed follows `catch_up` afterwards
    pause_scheduler: bool = False
    #: no ticks at all, until somebody enables them again
    disable_scheduler: bool = False
    maintenance_mode: bool = False
    server_script_enabled: bool = False
    #: commit and rollback inside a document operation raise instead of warning
    strict: bool = False
    #: which backend carries job ids
    queue: Literal["rq", "memory", "inline"] = "rq"
    #: database connections a process may hold
    db_pool_size: Positive = 5
    #: seconds SQLite waits for its write lock
    sqlite_busy_timeout: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    #: events and handlers become OpenTelemetry spans, where the process has a tracer provider
    tracing: bool = True
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: secret from which stored secrets are encrypted
    encryption_key: str = ""
    #: default policy of the scheduler after downtime
    catch_up: Literal["once", "all", "skip"] = "once"

    def queues(self) -> dict[str, int]:
        """Returns every queue with its timeout in seconds, highest priority first."""
        named = {
            name: queue.timeout or DEFAULT_QUEUES.get(name, DEFAULT_TIMEOUT) for name, queue in self.workers.items()
        }
        return DEFAULT_QUEUES | named

    def as_dict(self) -> dict[str, Any]:
        """Returns the values as plain data."""
        result: dict[str, Any] = msgspec.to_builtins(self)
        return result
