"""Scripts of nested work, and two worlds to run them in: the real one, and a plain model of what must survive.

A script is a list of actions. Documents are inserted, saved and deleted, each with a script that one of
its events runs and a failure that may follow; savepoints hold scripts; callbacks are added and jobs staged.
The model keeps everything in dicts and copies them where a frame begins, which is all there is to undoing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from structlog.testing import capture_logs

from doclife.core.context import current
from doclife.core.errors import DuplicateEntryError
from doclife.doctypes.deleted_document import DeletedDocument
from doclife.doctypes.error_log import ErrorLog
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.outbox.staging import StagedJob
from doclife.schema.fieldtypes import Data, Table
from doclife.schema.meta import Meta
from doclife.schema.tables import background_job

BEFORE = ("before_validate", "validate", "before_save")
AFTER = ("on_update", "on_change")
ON_DELETE = ("on_trash", "after_delete")


class Boom(Exception):
    """What fails in a script."""


class MachineRow(Document):
    meta = Meta(istable=True)
    text = Data()


class MachineItem(Document):
    meta = Meta(autoname="prompt")
    title = Data()
    rows = Table(MachineRow)


TABLES = (MachineItem.__table__, MachineRow.__table__)


@dataclass
class Action:
    """One step of a script."""

    kind: str
    #: which of the documents there are, or which text
    n: int = 0
    event: int = 0
    inner: list[Action] = field(default_factory=list)
    fails: bool = False
    #: whether who ran it goes on after a failure
    caught: bool = True


#: the kinds by how often they come
_KINDS = (
    *("insert", "insert", "save", "save", "savepoint", "savepoint", "job", "job", "job"),
    *("callback", "look", "delete", "duplicate"),
)
_WITH_SCRIPT = {"insert", "save", "delete", "savepoint"}


@st.composite
def _scripts(draw: Any, depth: int = 0) -> list[Action]:
    """Draws one number for an action and takes it apart: a draw costs more than what it is drawn for."""
    made = []
    for _ in range(draw(st.integers(0, 5 - depth))):
        number = draw(st.integers(0, len(_KINDS) * 300 - 1))
        number, kind = divmod(number, len(_KINDS))
        number, n = divmod(number, 5)
        number, event = divmod(number, 5)
        action = Action(_KINDS[kind], n=n, event=event, fails=number % 3 == 2, caught=number < 9)
        if action.kind in _WITH_SCRIPT and depth < 4:
            action.inner = draw(_scripts(depth=depth + 1))
        made.append(action)
    return made


#: what happens in one transaction, and how it ends
scripts = st.lists(st.tuples(_scripts(), st.sampled_from(["commit", "commit", "rollback"])), min_size=1, max_size=2)


def prepare(site: Any) -> None:
    """Makes the types known to a site and connects what runs the scripts of documents to their events, once."""
    for cls in (MachineItem, MachineRow):
        site.doctypes[cls.meta.doctype] = cls
    for event in {*BEFORE, *AFTER, *ON_DELETE}:
        site.registry.connect("Machine Item", event, _run_plan)


class World:
    """What both worlds have: numbers for new things, and what has been seen."""

    def __init__(self) -> None:
        self.numbers = 0
        #: what callbacks and looks have seen, in order
        self.seen: list[Any] = []

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    # each world has its own of these

    def stored(self) -> list[str]: ...
    def visible(self) -> dict[str, tuple[str, int]]: ...
    def frame(self) -> Any: ...
    def write(self, kind: str, name: str, title: str, event: int, inner: Callable[[], None]) -> None: ...
    def duplicate(self, name: str) -> None: ...
    def stage(self, name: str) -> None: ...
    def callback(self, moment: str, name: str, writes: bool, fails: bool) -> None: ...


def run(world: World, actions: list[Action], busy: tuple[str, ...] = ()) -> None:
    """Runs a script; `busy` are the documents whose operations are in progress."""
    for action in actions:
        try:
            _perform(world, action, busy)
        except Boom:
            if not action.caught:
                raise


def _perform(world: World, action: Action, busy: tuple[str, ...]) -> None:
    if action.kind == "look":
        world.seen.append(world.visible())
    elif action.kind == "job":
        world.stage(f"job {world.number()}")
    elif action.kind == "callback":
        moment = ("after_commit", "after_commit", "before_commit", "after_rollback")[action.event % 4]
        world.callback(moment, f"callback {world.number()}", action.n % 2 == 0, action.fails)
    elif action.kind == "savepoint":
        with world.frame():
            run(world, action.inner, busy)
            if action.fails:
                raise Boom
    else:
        _perform_operation(world, action, busy)


def _perform_operation(world: World, action: Action, busy: tuple[str, ...]) -> None:
    if action.kind == "insert":
        name = f"doc {world.number()}"
    else:
        there = [name for name in world.stored() if name not in busy]
        if not there:
            return
        name = there[action.n % len(there)]
    if action.kind == "duplicate":
        world.duplicate(name)
        return

    def inner() -> None:
        run(world, action.inner, (*busy, name))
        if action.fails:
            raise Boom

    world.write(action.kind, name, f"title {world.number()}", action.event, inner)


class Model(World):
    """The plain world: everything is data, and a frame is a copy."""

    def __init__(self) -> None:
        super().__init__()
        #: name -> (title, number of rows): in the open transaction, and committed
        self.rows: dict[str, tuple[str, int]] = {}
        self.committed: dict[str, tuple[str, int]] = {}
        self.callbacks: list[tuple[str, str, bool, bool]] = []
        self.jobs: list[str] = []
        self.committed_jobs: list[str] = []
        self.objects: set[str] = set()

    def stored(self) -> list[str]:
        return sorted(self.objects)

    def visible(self) -> dict[str, tuple[str, int]]:
        return dict(self.rows)

    @contextmanager
    def frame(self) -> Iterator[None]:
        before = copy.deepcopy((self.rows, self.callbacks, self.jobs, self.objects))
        try:
            yield
        except Boom:
            self.rows, self.callbacks, self.jobs, self.objects = before
            raise

    def write(self, kind: str, name: str, title: str, event: int, inner: Callable[[], None]) -> None:
        with self.frame():
            if kind == "delete":
                first = ON_DELETE[event % 2] == "on_trash"
                if first:
                    inner()
                del self.rows[name]
                if not first:
                    inner()
                self.objects.discard(name)
                return
            before = (BEFORE + AFTER)[event % 5] in BEFORE
            if before:
                inner()
            self.rows[name] = (title, self.rows.get(name, ("", 0))[1] + 1)
            self.objects.add(name)
            if not before:
                inner()

    def duplicate(self, name: str) -> None:
        raise Boom

    def stage(self, name: str) -> None:
        self.jobs.append(name)

    def callback(self, moment: str, name: str, writes: bool, fails: bool) -> None:
        self.callbacks.append((moment, name, writes, fails))

    def end(self, verb: str) -> None:
        """Ends the transaction; callbacks before a commit that fail turn it into a rollback."""
        callbacks, jobs = self.callbacks, self.jobs
        self.callbacks, self.jobs = [], []
        if verb == "commit":
            for moment, name, writes, fails in callbacks:
                if moment == "before_commit":
                    self.seen.append(name)
                    if fails:
                        verb = "rollback"
                        break
                    if writes:
                        self.rows[name] = ("by callback", 0)
        if verb == "commit":
            self.committed = dict(self.rows)
            self.committed_jobs += jobs
        else:
            self.rows = dict(self.committed)
        for moment, name, writes, fails in callbacks:
            if moment == f"after_{verb}":
                self.seen.append(name)
                if writes and not fails:
                    self.rows[name] = ("by callback", 0)
                    self.committed = dict(self.rows)
        self.objects = set(self.committed)


class Real(World):
    """The world of documents, on a site with an open context."""

    def __init__(self, site: Any) -> None:
        super().__init__()
        self.site = site
        self.docs: dict[str, Any] = {}
        self.job_names: dict[str, str] = {}
        site.on_release.append(lambda jobs: self.released.extend(self.job_names[job.id] for job in jobs))
        self.released: list[str] = []

    def stored(self) -> list[str]:
        return sorted(name for name, doc in self.docs.items() if not doc.is_new())

    def visible(self) -> dict[str, tuple[str, int]]:
        item, row = MachineItem.__table__.c, MachineRow.__table__.c
        count = select(func.count()).where(row.parent == item.name).scalar_subquery()
        rows = current().unit.link.execute(select(item.name, item.title, count))
        return {name: (title, number) for name, title, number in rows}

    def frame(self) -> Any:
        return current().unit.savepoint()

    def write(self, kind: str, name: str, title: str, event: int, inner: Callable[[], None]) -> None:
        doc = self.docs.get(name)
        if doc is None:
            doc = self.docs[name] = MachineItem(name=name)
        given = doc.flags.plan
        events = ON_DELETE if kind == "delete" else BEFORE + AFTER
        doc.flags.plan = (events[event % len(events)], inner)
        try:
            if kind == "delete":
                doc.delete()
                return
            doc.title = title
            # a row of a save that was undone is new again, but stays in the list, as all that was set stays
            doc.rows = [*(row for row in doc.rows if not row.is_new()), {"text": title}]
            doc.save() if kind == "save" else doc.insert()
        finally:
            doc.flags.plan = given

    def duplicate(self, name: str) -> None:
        again = MachineItem(name=name, title="again")
        try:
            again.insert()
        except DuplicateEntryError:
            assert again.is_new()
            raise Boom from None

    def stage(self, name: str) -> None:
        job = StagedJob(queue="default", method="machine.job", kwargs="{}", run_as="Administrator", timeout=300)
        self.job_names[job.id] = name
        current().unit.stage(job)

    def callback(self, moment: str, name: str, writes: bool, fails: bool) -> None:
        def run_it() -> None:
            self.seen.append(name)
            if writes:
                MachineItem(name=name, title="by callback").insert()
            if fails:
                raise Boom

        current().unit.add_callback(moment, run_it)

    def end(self, verb: str) -> None:
        """Ends the transaction, and loads what is stored then."""
        unit = current().unit
        try:
            getattr(unit, verb)()
        except Boom:
            assert verb == "commit"
        assert not unit.in_progress
        assert list(unit.staged()) == []
        names = self.visible()
        self.docs = {name: get_doc("Machine Item", name) for name in names}

    @property
    def committed(self) -> dict[str, tuple[str, int]]:
        """What a transaction of its own sees."""
        with self.site.work():
            return self.visible()

    @property
    def committed_jobs(self) -> list[str]:
        with self.site.database.reading() as connection:
            return [self.job_names[id] for id in connection.execute(select(background_job.c.name)).scalars()]

    def forget(self) -> None:
        """Ends what an example that failed has left open, and empties the tables."""
        current().unit.close()
        with self.site.database.transaction() as connection:
            for table in (*TABLES, background_job, DeletedDocument.__table__, ErrorLog.__table__):
                connection.execute(delete(table))


def _run_plan(doc: Any, method: str) -> None:
    """Is the handler of every event: runs the script that is planned for this one."""
    plan = doc.flags.plan
    if plan is not None and plan[0] == method:
        doc.flags.plan = None
        plan[1]()


def check(site: Any, script: list[tuple[list[Action], str]]) -> None:
    """Runs a script in both worlds and compares them after each transaction."""
    model, real = Model(), Real(site)
    real.forget()
    for actions, verb in script:
        for each in (model, real):
            for action in actions:
                action.caught = True  # at the root every failure is: a request or a job has ended then
                run(each, [action])
        assert real.seen == model.seen
        assert real.visible() == model.visible()
        assert real.stored() == model.stored()
        with capture_logs():
            model.end(verb)
            real.end(verb)
        assert real.seen == model.seen
        assert real.committed == model.committed
        assert sorted(real.committed_jobs) == sorted(model.committed_jobs)
        assert real.released == model.committed_jobs
    assert current().operations == []


def search(site: Any, **options: Any) -> None:
    """Looks for a script whose outcome is not what the model says."""

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], **options)
    @given(scripts)
    def trial(script: list[tuple[list[Action], str]]) -> None:
        site.on_release.clear()
        check(site, script)

    trial()
