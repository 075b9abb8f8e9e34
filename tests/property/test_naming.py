"""Names are what a plain model says, whatever the patterns, the fields, the day, and what is undone."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from doclife.core.context import Context, activate, current
from doclife.core.errors import DuplicateEntryError, ValidationError
from doclife.core.settings import Settings
from doclife.events.registry import Registry
from doclife.model.access import get_doc
from doclife.model.bulk import insert_many
from doclife.model.document import Document
from doclife.model.naming import NamingSeries, getseries, make_autoname
from doclife.query.db import db
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import Check, Data, Date, Int
from doclife.schema.meta import Meta
from doclife.testing import travel_to
from doclife.testing.sandbox import sandbox
from doclife.uow import counters
from tests.property.naming_model import (
    Model,
    Part,
    as_format,
    as_series,
    days,
    moments,
    numbered,
    patterns,
    titles,
)

pytestmark = pytest.mark.slow_on_servers

FIXED: list[Part] = [("text", "F/"), ("braced", "count"), ("date", "YY"), ("text", "-"), ("number", 2), ("text", "!")]


class NamedBySeries(Document):
    meta = Meta(autoname="naming_series:")
    naming_series = Data()
    title = Data()
    day = Date()
    count = Int()
    fails = Check()

    def validate(self):
        if self.fails:
            raise ValidationError("it was to fail")


class NamedByFormat(Document):
    meta = Meta(autoname=f"format:{as_format(FIXED)}")
    count = Int()


class NamedByNumber(Document):
    meta = Meta(autoname="autoincrement")


values = st.fixed_dictionaries({"title": titles, "day": days, "count": st.integers(0, 3)})
documents = st.tuples(patterns, values)


class Undo(Exception):
    """What ends a savepoint so that it is undone."""


class Naming(RuleBasedStateMachine):
    """Documents are inserted in a transaction with savepoints; the model goes back where they do."""

    template = None

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.site = self.stack.enter_context(sandbox(self.template, {}))
        self.site.use(NamedBySeries, NamedByFormat, NamedByNumber)
        self.model, self.committed = Model(), Model()
        self.savepoints: list[tuple[object, Model]] = []
        self.now = datetime(2026, 3, 9, 8)

    def teardown(self):
        while self.savepoints:
            self._leave(None)
        self.stack.close()

    # names

    def _expected(self, pattern, fields):
        """Returns the name the model gives, or None where another document has it; then nothing has changed."""
        before = self.model.copy()
        name = self.model.name(numbered(pattern), fields, self.now)
        if not name or name in self.model.names:
            self.model = before
            return None
        self.model.names.add(name)
        return name

    @rule(document=documents)
    def insert(self, document):
        pattern, fields = document
        expected = self._expected(pattern, fields)
        doc = NamedBySeries(naming_series=as_series(pattern), **fields)
        with travel_to(self.now):
            if expected is None:
                with pytest.raises(DuplicateEntryError):
                    doc.insert()
            else:
                assert doc.insert().name == expected

    @rule(document=documents)
    def fail_to_insert(self, document):
        pattern, fields = document
        with travel_to(self.now), pytest.raises(ValidationError, match="it was to fail"):
            NamedBySeries(naming_series=as_series(pattern), fails=1, **fields).insert()

    @rule(batch=st.lists(documents, min_size=1, max_size=5))
    def insert_many(self, batch):
        before = self.model.copy()
        # numbers are given in the order of the documents, so one after the other gives the same names
        expected = [self._expected(pattern, fields) for pattern, fields in batch]
        docs = [NamedBySeries(naming_series=as_series(pattern), **fields) for pattern, fields in batch]
        with travel_to(self.now):
            if None in expected:
                self.model = before
                with pytest.raises(DuplicateEntryError):
                    insert_many(docs)
            else:
                insert_many(docs)
                assert [doc.name for doc in docs] == expected

    @rule(count=st.integers(0, 3))
    def insert_by_format(self, count):
        expected = self.model.name(FIXED, {"count": count}, self.now)
        with travel_to(self.now):
            assert NamedByFormat(count=count).insert().name == expected

    @rule(count=st.integers(1, 3))
    def insert_by_number(self, count):
        docs = insert_many([NamedByNumber() for _ in range(count)])
        first = self.model.entries + 1
        self.model.entries += count
        assert [doc.name for doc in docs] == [str(first + n) for n in range(count)]

    @rule(document=documents)
    def make_a_name(self, document):
        pattern, fields = document
        with travel_to(self.now):
            assert make_autoname(as_series(pattern), doc=fields).strip() == self.model.name(
                numbered(pattern), fields, self.now
            )

    @rule(prefix=st.sampled_from(["A-", "A", "", "Q/"]), digits=st.integers(1, 4))
    def take_a_number(self, prefix, digits):
        assert getseries(prefix, digits) == str(self.model.take(prefix)).rjust(digits, "0")

    @rule(prefix=st.sampled_from(["A-", "A", "Q/"]), count=st.integers(0, 12))
    def set_a_counter(self, prefix, count):
        NamingSeries(f"{prefix}.##").update_counter(count)
        self.model.counters[prefix] = count

    @precondition(lambda self: self.model.names)
    @rule(n=st.integers(0, 50))
    def delete(self, n):
        name = sorted(self.model.names)[n % len(self.model.names)]
        get_doc("Named By Series", name).delete()
        self.model.names.remove(name)

    @rule(moment=moments)
    def travel(self, moment):
        self.now = moment

    # what is undone

    @precondition(lambda self: len(self.savepoints) < 4)
    @rule()
    def enter_savepoint(self):
        savepoint = db.savepoint()
        savepoint.__enter__()
        self.savepoints.append((savepoint, self.model.copy()))

    @precondition(lambda self: self.savepoints)
    @rule(undone=st.booleans())
    def leave_savepoint(self, undone):
        before = self.savepoints[-1][1]
        self._leave(Undo() if undone else None)
        if undone:
            self.model = before

    def _leave(self, error):
        savepoint, _ = self.savepoints.pop()
        assert not savepoint.__exit__(type(error) if error is not None else None, error, None)

    @precondition(lambda self: not self.savepoints)
    @rule()
    def commit(self):
        db.commit()
        self.committed = self.model.copy()

    @precondition(lambda self: not self.savepoints)
    @rule()
    def roll_back(self):
        db.rollback()
        self.model = self.committed.copy()

    # what must be so

    @invariant()
    def counters_and_tables_are_as_the_model_says(self):
        unit = current().unit
        for prefix, current_value in self.model.counters.items():
            assert counters.last(unit, prefix) == current_value
        assert set(get_all("Named By Series", pluck="name")) == self.model.names
        entries = get_all("Named By Number", pluck="name", order_by="name")
        assert entries == [str(n + 1) for n in range(self.model.entries)]


def _run(template, **options):
    machine = type("Naming", (Naming,), {"template": template})
    run_state_machine_as_test(machine, settings=settings(deadline=None, **options))


def test_names_are_what_the_model_says(doclife_templates, doclife_db_url):
    examples = 60 if doclife_db_url else 150
    template = doclife_templates.get((), doclife_db_url)
    _run(template, max_examples=examples, stateful_step_count=25, derandomize=True)


@pytest.mark.slow
def test_names_are_what_the_model_says_in_many_random_trials(doclife_templates, doclife_db_url):
    examples = 150 if doclife_db_url else 400
    _run(doclife_templates.get((), doclife_db_url), max_examples=examples, stateful_step_count=50)


@contextmanager
def _bare_site():
    with activate(Context(SimpleNamespace(settings=Settings(), registry=Registry([], {})))):
        yield


@given(pattern=patterns, fields=values, moment=moments)
def test_a_preview_is_what_the_first_names_would_be(pattern, fields, moment):
    with _bare_site(), travel_to(moment):
        preview = [name.strip() for name in NamingSeries(as_series(pattern)).get_preview(fields)]
    model = Model()
    assert preview == [model.name(numbered(pattern), fields, moment) for _ in range(3)]


def test_days_and_weeks_around_the_ends_of_a_hundred_years():
    parts: list[Part] = [("date", "YYYY"), ("text", "-"), ("date", "WW"), ("text", "-"), ("date", "JJJ"), ("number", 1)]
    series = NamingSeries(as_series(parts))
    with _bare_site():
        for year in range(1970, 2071):
            for days in range(-8, 9):
                moment = datetime(year, 1, 1, 12) + timedelta(days=days)
                with travel_to(moment):
                    assert series.get_preview()[0] == Model().name(parts, {}, moment)
