"""A document goes only the ways that docstatus has, whatever is tried in whatever order."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from doclife.core.context import current
from doclife.core.errors import (
    DocstatusTransitionError,
    DuplicateEntryError,
    LinkExistsError,
    TimestampMismatchError,
    UpdateAfterSubmitError,
    ValidationError,
)
from doclife.model.access import copy_doc, get_doc
from doclife.model.document import Document
from doclife.schema.fieldtypes import Data, Int
from doclife.schema.meta import Meta
from doclife.testing import capture_events
from doclife.testing.sandbox import sandbox
from tests.stored import stored

DRAFT, SUBMITTED, CANCELLED = 0, 1, 2

#: docstatus before, docstatus asked for -> the last event but on_change, or the error
WAYS = {
    (DRAFT, DRAFT): "on_update",
    (DRAFT, SUBMITTED): "on_submit",
    (DRAFT, CANCELLED): DocstatusTransitionError,
    (SUBMITTED, DRAFT): DocstatusTransitionError,
    (SUBMITTED, SUBMITTED): "on_update_after_submit",
    (SUBMITTED, CANCELLED): "on_cancel",
    (CANCELLED, DRAFT): ValidationError,
    (CANCELLED, SUBMITTED): ValidationError,
    (CANCELLED, CANCELLED): ValidationError,
}


class MachineVoucher(Document):
    meta = Meta(submittable=True, autoname="V-.###")
    fixed = Int()
    free = Data(allow_on_submit=True)


@dataclass
class Known:
    """What the model knows of one stored document."""

    docstatus: int = DRAFT
    fixed: int = 0
    free: str | None = None
    amended_from: str | None = None


class Docstatus(RuleBasedStateMachine):
    """Each rule takes one of the stored documents by a number and loads it."""

    template = None
    one = st.integers(0, 20)

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.site = self.stack.enter_context(sandbox(self.template, {}))
        self.site.use(MachineVoucher)
        self.model: dict[str, Known] = {}

    def teardown(self):
        self.stack.close()

    def _load(self, n):
        names = sorted(self.model)
        doc = get_doc("Machine Voucher", names[n % len(names)])
        return doc, self.model[doc.name]

    # making documents

    @rule(fixed=st.integers(0, 2))
    def insert(self, fixed):
        doc = MachineVoucher(fixed=fixed).insert()
        self.model[doc.name] = Known(fixed=fixed)

    @rule()
    def insert_submitted(self):
        doc = MachineVoucher(docstatus=1).insert()
        self.model[doc.name] = Known(SUBMITTED)

    @precondition(lambda self: self.model)
    @rule(n=one)
    def amend(self, n):
        doc, known = self._load(n)
        made = copy_doc(doc)
        made.amended_from = doc.name
        base, _, number = doc.name.rpartition("-")
        name = f"{base}-{int(number) + 1}" if known.amended_from else f"{doc.name}-1"
        if known.docstatus == CANCELLED and name not in self.model:
            made.insert()
            assert (made.name, made.docstatus) == (name, DRAFT)
            self.model[name] = Known(fixed=known.fixed, free=known.free, amended_from=doc.name)
        else:
            with pytest.raises(DuplicateEntryError if name in self.model else ValidationError):
                made.insert()
            assert (made.is_new(), made.name) == (True, None)

    # trying ways

    @precondition(lambda self: self.model)
    @rule(n=one, asked=st.integers(0, 2))
    def save_as(self, n, asked):
        doc, known = self._load(n)
        doc.docstatus = asked
        self._try(doc, known, asked, doc.save)

    @precondition(lambda self: self.model)
    @rule(n=one, asked=st.sampled_from([SUBMITTED, CANCELLED]))
    def submit_or_cancel(self, n, asked):
        doc, known = self._load(n)
        before = known.docstatus
        self._try(doc, known, asked, doc.submit if asked == SUBMITTED else doc.cancel)
        assert doc.docstatus == known.docstatus
        assert known.docstatus in (before, asked)

    @precondition(lambda self: self.model)
    @rule(n=one, asked=st.integers(0, 2))
    def try_with_a_stale_copy(self, n, asked):
        doc, known = self._load(n)
        stale = get_doc("Machine Voucher", doc.name)
        self._try(doc, known, known.docstatus, doc.save)
        if known.docstatus == CANCELLED:
            return
        stale.docstatus = asked
        way = WAYS[known.docstatus, asked]
        with pytest.raises(TimestampMismatchError if isinstance(way, str) else way):
            stale.save()

    @precondition(lambda self: self.model)
    @rule(n=one, value=st.integers(0, 3))
    def change_what_is_fixed(self, n, value):
        doc, known = self._load(n)
        doc.fixed = value
        if known.docstatus == SUBMITTED and value != known.fixed:
            with pytest.raises(UpdateAfterSubmitError):
                doc.save()
        else:
            self._try(doc, known, known.docstatus, doc.save)
            known.fixed = value if known.docstatus == DRAFT else known.fixed

    @precondition(lambda self: self.model)
    @rule(n=one, value=st.sampled_from(["a", "b"]))
    def change_what_is_free(self, n, value):
        doc, known = self._load(n)
        doc.free = value
        self._try(doc, known, known.docstatus, doc.save)
        known.free = value if known.docstatus != CANCELLED else known.free

    @precondition(lambda self: self.model)
    @rule(n=one)
    def discard(self, n):
        doc, known = self._load(n)
        doc.fixed, doc.free = 9, "not saved"
        if known.docstatus == DRAFT:
            doc.discard()
            known.docstatus = CANCELLED
        else:
            with pytest.raises(ValidationError):
                doc.discard()
        assert doc.docstatus == known.docstatus

    @precondition(lambda self: self.model)
    @rule(n=one)
    def delete(self, n):
        doc, known = self._load(n)
        amended = any(other.amended_from == doc.name for other in self.model.values())
        if known.docstatus == SUBMITTED or amended:
            with pytest.raises(LinkExistsError if known.docstatus != SUBMITTED else ValidationError):
                doc.delete()
            assert not doc.is_new()
        else:
            doc.delete()
            assert doc.is_new()
            del self.model[doc.name]

    def _try(self, doc, known, asked, work):
        """Runs an operation and checks that it went the only way there is."""
        way = WAYS[known.docstatus, asked]
        if isinstance(way, str):
            with capture_events() as events:
                work()
            assert events.of("Machine Voucher")[-2:] == [way, "on_change"]
            known.docstatus = asked
        else:
            with pytest.raises(way):
                work()
        assert current().operations == []

    @invariant()
    def the_table_holds_what_the_model_says(self):
        rows = stored("Machine Voucher", "name", "docstatus", "fixed", "free", "amended_from")
        assert {row[0]: Known(*row[1:]) for row in rows} == self.model


def _run(templates, **options):
    machine = type("Docstatus", (Docstatus,), {"template": templates.get(())})
    run_state_machine_as_test(machine, settings=settings(deadline=None, **options))


def test_a_document_goes_only_the_ways_there_are(doclife_templates):
    _run(doclife_templates, max_examples=40, stateful_step_count=25, derandomize=True)


@pytest.mark.slow
def test_a_document_goes_only_the_ways_there_are_in_many_random_trials(doclife_templates):
    _run(doclife_templates, max_examples=600, stateful_step_count=50)
