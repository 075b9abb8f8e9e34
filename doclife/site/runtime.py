"""A site in this process: settings, database, broker, apps, registry, joined together.

The composition root: everything below takes what it needs from here through the context.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doclife.core.context import ADMINISTRATOR, Context, activate, no_context
from doclife.core.errors import DoclifeError
from doclife.core.log import get_logger
from doclife.core.settings import Settings
from doclife.database.engine import create_engine
from doclife.database.link import Database
from doclife.doctypes import error_log
from doclife.events import hooks
from doclife.events.fixtures import unknown_fixtures
from doclife.events.handlers import import_path
from doclife.events.registry import Registry
from doclife.events.telemetry import telemetry
from doclife.model import codec as _codec  # noqa: F401 documents travel in the arguments of jobs
from doclife.outbox.release import BACKLOG, RELEASE_FAILED, release_staged
from doclife.outbox.staging import StagedJob
from doclife.permissions.hooks import hooks_of
from doclife.queue.connect import open_broker
from doclife.queue.inline import InlineBroker
from doclife.queue.protocol import RUNNER, Broker, Ticket
from doclife.scheduler.declarations import declared
from doclife.site.classes import site_classes
from doclife.uow.unit import UnitOfWork

#: file of the default database in the site's folder
SQLITE_FILE = "site.db"

log = get_logger(__name__)


class Site:
    """One site, loaded: made once per process by `doclife.site.load`."""

    def __init__(self, name: str, sites_dir: Path, settings: Settings) -> None:
        """Loads apps and hooks; connects to nothing yet.

        Args:
            name: of the site.
            sites_dir: the folder that holds it.
            settings: as loaded.
        Raises:
            ConfigError and its kinds: settings, apps or hooks cannot be used.
        """
        self.name = name
        self.sites_dir = sites_dir
        self.settings = settings
        self.database = Database(
            create_engine(
                database_url(settings, sites_dir, name),
                pool_size=settings.db_pool_size,
                busy_timeout=settings.sqlite_busy_timeout,
            )
        )
        # Modules of apps are imported here, perhaps while work on another site is open: what they declare is not its.
        with no_context():
            self.apps = hooks.in_order(settings.installed_apps)
            classes = site_classes(self.apps)
            self.doctypes: Mapping[str, Any] = classes.by_doctype
            self.registry = Registry(self.apps, self.doctypes)
            self.registry.warnings += [*classes.warnings, *unknown_fixtures(self.apps, self.doctypes)]
            declared(self.apps, settings)
        #: the engine's compiled plans, by class and operation
        self.plans: dict[Any, Any] = {}
        #: what floors above remember about this site's classes
        self.cache: dict[str, Any] = {}
        self.registry.warnings += hooks_of(self).warnings
        #: what is told of committed jobs besides the broker (tests listen here)
        self.on_release: list[Callable[[Sequence[StagedJob]], None]] = []
        #: tickets the broker did not take, for the next release
        self.backlog: deque[Ticket] = deque(maxlen=BACKLOG)
        self._broker: Broker | None = None
        self._opening = threading.Lock()

    @property
    def broker(self) -> Broker:
        """The site's broker, opened with the first question."""
        broker = self._broker
        if broker is None:
            with self._opening:
                if self._broker is None:
                    self._broker = open_broker(self.settings, self.name, self.sites_dir)
                    if isinstance(self._broker, InlineBroker):
                        self._broker.set_runner(import_path(RUNNER, "the inline broker"))
                broker = self._broker
        return broker

    @broker.setter
    def broker(self, broker: Broker) -> None:
        """Takes another broker; what the one before holds stays there, for who gives it back."""
        self._broker = broker

    @property
    def folder(self) -> Path:
        """The site's own folder."""
        return self.sites_dir / self.name

    def release(self, jobs: list[StagedJob]) -> None:
        """Gives committed jobs to the broker; never raises for a broker that is down."""
        for listener in self.on_release:
            listener(jobs)
        try:
            broker = self.broker
        except DoclifeError as error:  # it cannot even be opened; the jobs are committed all the same
            log.warning(RELEASE_FAILED, jobs=len(jobs), reason=str(error))
            return
        release_staged(broker, jobs, time_zone=self.settings.time_zone, backlog=self.backlog)

    def unit(self, record_error: Callable[[str, BaseException], None] | None = None) -> UnitOfWork:
        """Returns a new unit of work on this site's database."""
        return UnitOfWork(self.database, strict=self.settings.strict, release=self.release, record_error=record_error)

    def context(self, user: str = ADMINISTRATOR) -> Context:
        """Returns a new context with a unit of work, not yet the current one."""
        context = Context(self, user)

        def record_error(title: str, error: BaseException) -> None:
            error_log.record(context, title, error_log.describe(error))

        context.unit = self.unit(record_error)
        context.trace = telemetry(self.name) if self.settings.tracing else None
        return context

    @contextmanager
    def work(self, user: str = ADMINISTRATOR) -> Iterator[Context]:
        """Opens a context for the block; commits at its end, rolls back on an exception."""
        context = self.context(user)
        with activate(context):
            try:
                yield context
                context.unit.commit()
            finally:
                context.unit.close()

    def close(self) -> None:
        """Gives connections and the broker back."""
        self.database.close()
        if self._broker is not None:
            self._broker.close()
            self._broker = None


def database_url(settings: Settings, sites_dir: Path, name: str) -> str:
    """Returns the URL of a site's database: what the settings say, or SQLite in the site's folder."""
    return settings.db_url or f"sqlite:///{sites_dir.resolve() / name / SQLITE_FILE}"
