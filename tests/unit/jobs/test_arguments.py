"""What a job may be given: what comes back as it was, and what is refused at the call."""

from __future__ import annotations

import math
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest

from doclife.core import json
from doclife.core.amount import Amount
from doclife.core.errors import JobArgumentError
from doclife.doctypes.user import Role
from doclife.jobs.enqueue import enqueue, enqueue_doc
from doclife.testing import run_jobs
from doclife.uow.unit import current_unit
from tests.unit.jobs import bodies

NOTE = "tests.unit.jobs.bodies.note"


@pytest.fixture(autouse=True)
def calls():
    bodies.calls.clear()
    return bodies.calls


def _staged():
    return list(current_unit().staged())


def test_arguments_come_back_as_what_they_were(site):
    given = {
        "day": date(2026, 1, 31), "moment": datetime(2026, 1, 31, 12, 0, 0, 5), "clock": time(9, 30),
        "amount": Amount("12.50"), "decimal": Decimal("0.1"), "raw": b"\x00\xff", "pair": (1, 2), "names": {"a"},
        "wait": timedelta(hours=1), "nested": [{"day": date(2026, 2, 1)}], "nothing": None, "few": frozenset({(1, 2)}),
        "id": UUID(int=7), "aware": datetime(2026, 1, 31, 12, tzinfo=UTC), "great": 2**80, "infinite": math.inf,
        "deep": (1, [(2, {"set": {3}})]), "tagged": {"$type": "date", "value": "2026-01-31"}, "text": "\x00 'é' \u2028",
    }  # fmt: skip
    enqueue(NOTE, **given)
    back = json.unpack(_staged()[0].kwargs)
    assert back == given
    assert {key: type(value) for key, value in back.items()} == {key: type(value) for key, value in given.items()}


def test_a_document_travels_by_its_name(site):
    role = Role(role_name="Buyer").insert()
    enqueue(NOTE, role=role, others=[role])
    packed = _staged()[0].kwargs
    assert json.loads(packed)["role"] == {"$type": "document", "value": {"doctype": "Role", "name": "Buyer"}}
    role.db_set("disabled", 1)
    back = json.unpack(packed)
    assert (type(back["role"]), back["role"].name, back["role"].disabled) == (Role, "Buyer", 1)
    assert back["others"][0].name == "Buyer"


def test_what_cannot_be_stored_is_refused_at_the_call(site):
    with pytest.raises(JobArgumentError, match=r"kwargs\.rows\[1\]: a builtins\.object cannot be stored"):
        enqueue(NOTE, rows=[1, object()])
    with pytest.raises(JobArgumentError, match=r"kwargs\.doc: an unsaved Role cannot be passed on"):
        enqueue(NOTE, doc=Role(role_name="New"))
    assert _staged() == []


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (bodies.note, r"kwargs\.x: a builtins\.function cannot be stored"),
        (sys.stderr, r"kwargs\.x: a .* cannot be stored"),
        ({"rows": [{1: "one"}]}, r"kwargs\.x\.rows\[0\]: the key 1 is not text"),
        ({"a": {object}}, r"set: a builtins\.type cannot be stored"),
        ("\ud800", "is not Unicode"),
        ("é" * (2 * 1024 * 1024 + 1), "more than 4 MiB of JSON; store them in a document"),
        (["x" * 1024] * 4096, "more than 4 MiB of JSON"),
    ],
    ids=["function", "file", "key", "in a set", "half a pair", "long text", "many texts"],
)
def test_the_refusal_names_argument_and_type(site, value, says):
    with pytest.raises(JobArgumentError, match=says):
        enqueue(NOTE, x=value)
    assert _staged() == []


def test_what_holds_itself_is_refused(site):
    rows = []
    rows.append(rows)
    with pytest.raises(JobArgumentError, match="nested too deep, or holds itself"):
        enqueue(NOTE, rows=rows)


def test_a_partial_brings_arguments_whatever_their_names(site, calls):
    enqueue(partial(bodies.named_like_the_terms, "A", timeout=5, method="B", now=True), "long", 70, job_name="n")
    enqueue(partial(partial(bodies.note, queue="A", n=1), m=2), n=3)
    first, second = _staged()
    assert (first.queue, first.timeout, first.method.rpartition(".")[2]) == ("long", 70, "named_like_the_terms")
    assert json.unpack(first.kwargs) == {"queue": "A", "timeout": 5, "method": "B", "now": True}
    assert json.unpack(second.kwargs) == {"queue": "A", "m": 2, "n": 3}
    assert enqueue(partial(bodies.note, queue="B"), now=True, n=4) == "noted"
    run_jobs()
    assert calls == [{"queue": "B", "n": 4}, {"queue": "A", "m": 2, "n": 3}, ("A", 5, "B", True)]


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (partial(bodies.positional, 1, 2), "the arguments of a job have names"),
        (partial(bodies.note, 1), "the arguments of a job have names"),
        (partial(bodies.without_event, 1, 2), "the arguments of a job have names"),
        (partial(bodies.with_event, evnt=1), r"with_event takes no argument 'evnt'\. Did you mean 'event'"),
        (partial(lambda x: x, x=1), "cannot be imported by a worker"),
    ],
    ids=["positional only", "variable", "too many", "unknown", "lambda"],
)
def test_a_partial_that_a_worker_could_not_call_is_refused(site, method, says):
    with pytest.raises(JobArgumentError, match=says):
        enqueue(method)
    assert _staged() == []


def test_arguments_that_do_not_fit_are_refused_where_the_function_is_at_hand(site):
    with pytest.raises(JobArgumentError, match=r"with_event takes no argument 'evnt'\. Did you mean 'event'\?"):
        enqueue(bodies.with_event, evnt=1)
    with pytest.raises(JobArgumentError, match="without_event needs the argument 'n', which is not given"):
        enqueue(bodies.without_event)
    with pytest.raises(JobArgumentError, match="positional needs the argument 'first'"):
        enqueue(bodies.positional, third=1)
    with pytest.raises(JobArgumentError, match=r"Role\.db_set takes no argument 'vale'\. Did you mean 'value'\?"):
        enqueue_doc("Role", "Buyer", "db_set", vale=1)
    assert _staged() == []
    enqueue(bodies.decorated, n=1)  # what its decorator gives it is not asked for here
    assert len(_staged()) == 1
