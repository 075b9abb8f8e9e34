"""Names change, and every link still means what it meant: a graph of documents against a plain model of it."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from doclife.core.context import current
from doclife.core.errors import UniqueValidationError, ValidationError
from doclife.model.access import get_doc, get_docs, rename_doc
from doclife.model.document import Document
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import Data, DynamicLink, Link, Table
from doclife.schema.meta import Meta
from doclife.testing.sandbox import sandbox

NODE, OTHER = "Graph Node", "Graph Other"
#: few, so that both types use the same ones and names come back
NAMES = ["A", "B", "C", "D", "E"]


class GraphRow(Document):
    meta = Meta(istable=True)

    node = Link("Graph Node")
    kind = Data()
    any = DynamicLink("kind")


class GraphNode(Document):
    meta = Meta(allow_rename=True)

    peer = Link("Graph Node")
    once = Link("Graph Node", unique=True)
    kind = Data()
    any = DynamicLink("kind")
    rows = Table(GraphRow)


class GraphOther(Document):
    meta = Meta(allow_rename=True)

    peer = Link("Graph Node")
    kind = Data()
    any = DynamicLink("kind")
    rows = Table(GraphRow)


def _shape(doc):
    """What the model knows of a document: its links, and those of its rows."""
    links = {"peer": doc.peer, "kind": doc.kind, "any": doc.any}
    if doc.doctype == NODE:
        links["once"] = doc.once
    return links | {"rows": [(row.node, row.kind, row.any, row.parent) for row in doc.rows]}


class Failed(Exception):
    pass


class Renames(RuleBasedStateMachine):
    template = None
    which = st.integers(0, 30)
    kinds = st.sampled_from([NODE, OTHER])
    names = st.sampled_from(NAMES)

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.site = self.stack.enter_context(sandbox(self.template, {}))
        self.site.use(GraphNode, GraphOther)
        self.model = {}
        self.fail_in = ""
        for event in ("before_rename", "after_rename", "on_trash", "after_delete"):
            for kind in (NODE, OTHER):
                self.site.registry.connect(kind, event, self._failing(event))

    def teardown(self):
        self.stack.close()

    def _failing(self, event):
        def fail(doc):
            if self.fail_in == event:
                raise Failed

        return fail

    def _pick(self, kind, n):
        """Returns the name of a stored document of a type, or None."""
        names = sorted(name for doctype, name in self.model if doctype == kind)
        return names[n % len(names)] if names else None

    def _any(self, n):
        """Returns type and name of a stored document, or two times None."""
        return sorted(self.model)[n % len(self.model)] if self.model else (None, None)

    @initialize(links=st.lists(which, min_size=24, max_size=24))
    def begin(self, links):
        """Begins with both types having the same names, so that what is not told apart shows soon."""
        numbers = iter(links)
        for kind, name in product((NODE, OTHER), NAMES[:3]):
            a, b, c, x = (next(numbers) for _ in range(4))
            self.insert(kind, name, a, b, c, [(x, x)])

    @rule(kind=kinds, name=names, a=which, b=which, c=which, rows=st.lists(st.tuples(which, which), max_size=2))
    def add(self, kind, name, a, b, c, rows):
        self.insert(kind, name, a, b, c, rows)

    def insert(self, kind, name, a, b, c, rows):
        if (kind, name) in self.model:
            return
        values = {"peer": self._pick(NODE, a)}
        values["kind"], values["any"] = self._any(b)
        if kind == NODE:
            once = self._pick(NODE, c)
            used = {shape.get("once") for shape in self.model.values()}
            values["once"] = None if once in used else once
        values["rows"] = []
        for x, y in rows:
            other_kind, other = self._any(y)
            values["rows"].append({"node": self._pick(NODE, x), "kind": other_kind, "any": other})
        doc = get_doc({"doctype": kind, "name": name, **values}).insert()
        self.model[kind, name] = _shape(doc)

    @precondition(lambda self: self.model)
    @rule(
        n=which, new=names, by_object=st.booleans(), fail=st.sampled_from(["", "", "", "before_rename", "after_rename"])
    )
    def rename(self, n, new, by_object, fail):
        kind, old = self._any(n)
        if new == old:
            return
        if (kind, new) in self.model:
            with pytest.raises(ValidationError, match="exists already"):
                rename_doc(kind, old, new)
            return
        self._do(kind, old, new, merge=False, by_object=by_object, fail=fail)

    @precondition(lambda self: self.model)
    @rule(
        n=which,
        m=which,
        by_object=st.booleans(),
        fail=st.sampled_from(["", "", "", "before_rename", "after_rename", "on_trash", "after_delete"]),
    )
    def merge(self, n, m, by_object, fail):
        kind, old = self._any(n)
        new = self._pick(kind, m)
        if new == old:
            return
        once = [new if kind == NODE and each == old else each for each in self._once()]
        if len(once) != len(set(once)) and fail != "before_rename":
            with pytest.raises(UniqueValidationError, match=r"Once \(once\) of Graph Node must be unique"):
                rename_doc(kind, old, new, merge=True)
            return
        self._do(kind, old, new, merge=True, by_object=by_object, fail=fail)

    def _once(self):
        return [shape["once"] for shape in self.model.values() if shape.get("once")]

    def _do(self, kind, old, new, *, merge, by_object, fail):
        self.fail_in = fail
        doc = get_doc(kind, old)
        before = _shape(doc)
        try:
            if by_object:
                doc.rename(new, merge=merge)
            else:
                rename_doc(kind, old, new, merge=merge)
        except Failed:
            assert (doc.name, _shape(doc)) == (old, before)
            assert fail
            return
        finally:
            self.fail_in = ""
        assert not fail
        self._follow(kind, old, new, merge)
        if by_object:
            assert (doc.name, _shape(doc)) == (new, self.model[kind, new])

    def _follow(self, kind, old, new, merge):
        """Does to the model what a rename or a merge means."""
        gone = self.model.pop((kind, old))
        if not merge:
            self.model[kind, new] = gone | {"rows": [(*links, new) for *links, _ in gone["rows"]]}

        def followed(target, name):
            return new if (target, name) == (kind, old) else name

        for shape in self.model.values():
            shape["peer"] = followed(NODE, shape["peer"])
            shape["any"] = followed(shape["kind"], shape["any"])
            if "once" in shape:
                shape["once"] = followed(NODE, shape["once"])
            shape["rows"] = [
                (followed(NODE, node), of, followed(of, name), parent) for node, of, name, parent in shape["rows"]
            ]

    @precondition(lambda self: self.model)
    @rule(n=which, new=names, commit=st.booleans())
    def rename_in_a_frame_that_is_undone(self, n, new, commit):
        kind, old = self._any(n)
        if (kind, new) in self.model:
            return
        if commit:
            current().unit.commit()
        doc = get_doc(kind, old)
        before = _shape(doc)
        frame = current().unit.push()
        doc.rename(new)
        current().unit.roll_back(frame)
        assert (doc.name, _shape(doc), doc.is_new()) == (old, before, False)

    @precondition(lambda self: self.model)
    @rule(n=which)
    def save(self, n):
        """What was renamed and what names it can be saved: every link is found."""
        kind, name = self._any(n)
        get_doc(kind, name).save()

    @rule()
    def commit(self):
        current().unit.commit()

    @invariant()
    def the_graph_is_the_model(self):
        stored = {}
        for kind in (NODE, OTHER):
            for doc in get_docs(kind, get_all(kind, pluck="name")):
                stored[kind, doc.name] = _shape(doc)
        assert stored == self.model
        assert len(get_all("Graph Row")) == sum(len(shape["rows"]) for shape in self.model.values())


def _run(template, examples, steps, *, derandomize=False):
    machine = type("Machine", (Renames,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=derandomize),
    )


def test_every_link_means_what_it_meant(doclife_templates):
    _run(doclife_templates.get(()), 15, 12, derandomize=True)


@pytest.mark.slow
def test_every_link_means_what_it_meant_in_many_graphs(doclife_templates):
    _run(doclife_templates.get(()), 100, 30)
