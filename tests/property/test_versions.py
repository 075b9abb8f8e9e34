"""Versions lose nothing: applied one after the other to what was inserted, they give what is stored."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from doclife.core import json
from doclife.core.errors import ValidationError
from doclife.events.registry import connected
from doclife.model.access import get_doc
from doclife.model.document import Document
from doclife.query.lists import get_all
from doclife.schema.fieldtypes import JSON, Check, Currency, Data, Date, Int, Password, Table
from doclife.schema.meta import Meta
from doclife.testing.sandbox import sandbox


class ReplayRow(Document):
    meta = Meta(istable=True)

    code = Data()
    rate = Currency()
    secret = Password()


class ReplayOrder(Document):
    meta = Meta(track_changes=True, submittable=True)

    title = Data()
    price = Currency()
    count = Int()
    paid = Check()
    day = Date()
    notes = JSON()
    first = Table(ReplayRow, allow_on_submit=True)
    second = Table(ReplayRow)


FIELDS = {
    "title": st.sampled_from([None, "", "a", "b"]),
    "price": st.sampled_from([0, 1, "0.1", "12.5", "99999999.999999"]),
    "count": st.integers(-3, 3),
    "paid": st.booleans(),
    "day": st.sampled_from([None, "2026-01-31", "2026-02-01"]),
    "notes": st.sampled_from([None, {}, {"a": [1]}, [1, "b", None]]),
}
TABLE_NAMES = ("first", "second")
TABLES = st.sampled_from(TABLE_NAMES)
CHANGES = st.one_of(
    *(st.tuples(st.just("set"), st.just(name), values) for name, values in FIELDS.items()),
    st.tuples(st.just("append"), TABLES, st.sampled_from(["x", "y"])),
    st.tuples(st.just("remove"), TABLES, st.integers(0, 3)),
    st.tuples(st.just("change"), TABLES, st.integers(0, 3)),
    st.tuples(st.just("replace"), TABLES, st.sampled_from(["x", "y"])),
    st.tuples(st.just("turn"), TABLES, st.none()),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["save", "save", "refused", "inner", "reload", "db_set"]), st.lists(CHANGES, max_size=4)),
    max_size=8,
)


def _change(doc: Any, change: tuple[str, str, Any]) -> None:
    kind, name, value = change
    if kind == "set":
        doc.set(name, value)
        return
    rows = doc.get(name)
    if kind == "append":
        doc.append(name, {"code": value, "rate": len(rows), "secret": "hidden"})
    elif kind == "replace":
        doc.set(name, [{"code": value}])
    elif kind == "turn":
        doc.set(name, list(reversed(rows)))
    elif value < len(rows):
        if kind == "remove":
            doc.remove(rows[value])
        else:
            rows[value].rate += 1


def _refuse(doc: Any) -> None:
    raise ValidationError("no")


@contextmanager
def _way(how: str, doc: Any) -> Any:
    """Sets the scene of a save: refused after its write, or with another save inside it."""

    def inner(saved: Any) -> None:
        if not saved.flags.inner:
            saved.flags.inner = True
            saved.count += 10
            saved.save()

    if how == "refused":
        with connected("Replay Order", "on_change", _refuse), pytest.raises(ValidationError):
            yield
        doc.reload()
    elif how == "inner":
        with connected("Replay Order", "on_update", inner):
            yield
        doc.flags.inner = False
    else:
        yield


def _state(name: str) -> dict[str, Any]:
    """Returns what is stored, as its JSON is read; rows by their name."""
    doc = get_doc("Replay Order", name)
    values = {field: doc.get(field) for field in (*FIELDS, "docstatus")}
    rows = {table: {row.name: {"code": row.code, "rate": row.rate} for row in doc.get(table)} for table in TABLE_NAMES}
    state: dict[str, Any] = json.loads(json.dumps({**values, **rows}))
    return state


def _replay(state: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Returns the state after one version; what it says was there before must have been there."""
    result: dict[str, Any] = json.loads(json.dumps(state))
    for name, old, new in data["changed"]:
        assert old == result[name], name
        result[name] = new
    for table, row in data["removed"]:
        assert result[table].pop(row["name"]) == {"code": row["code"], "rate": row["rate"]}
    for table, row in data["added"]:
        assert row["name"] not in result[table]
        result[table][row["name"]] = {"code": row["code"], "rate": row["rate"]}
    for table, _place, name, changes in data["row_changed"]:
        for field, old, new in changes:
            assert result[table][name][field] == old
            result[table][name][field] = new
    assert "secret" not in json.dumps(data)
    return result


@settings(max_examples=60, report_multiple_bugs=False)
@given(steps=STEPS, submit=st.booleans())
@example(steps=[("inner", [("set", "count", 2)]), ("inner", [("set", "count", 2)])], submit=False)
def test_versions_replayed_give_what_is_stored(doclife_templates, steps, submit):
    with sandbox(doclife_templates.get(()), {}) as site:
        site.use(ReplayOrder)
        doc = ReplayOrder(title="a", first=[{"code": "x", "rate": 1}, {"code": "y", "rate": 2}]).insert()
        seen: set[str] = set()
        replayed = _state(doc.name)
        for how, changes in steps:
            if how == "reload":
                doc.reload()
            elif how == "db_set":
                doc.reload()
                doc.db_set("title", "set past everything")
                replayed["title"] = "set past everything"
            else:
                for change in changes:
                    _change(doc, change)
                with _way(how, doc):
                    doc.save()
            before, replayed = replayed, _told(doc.name, seen, replayed)
            assert replayed == _state(doc.name)
            assert how not in ("refused", "reload", "db_set") or replayed == before
        if submit:
            doc.submit()
            doc.cancel()
            assert _told(doc.name, seen, replayed) == _state(doc.name)


def _told(name: str, seen: set[str], state: dict[str, Any]) -> dict[str, Any]:
    """Returns the state after the versions that came since the last call, the one of the whole save last."""
    new = [each for each in get_all("Version", {"docname": name}, pluck="name", order_by="name") if each not in seen]
    seen.update(new)
    found = [get_doc("Version", each).get_data() for each in new]
    if len(found) == 2 and found[0]["changed"] and found[0]["changed"][0][0] == "count":
        inner, outer = found  # the outer save tells all that differs from before it, the inner one its own part
        after = _replay(state, outer)
        [(field, old, value)] = inner["changed"]
        assert (field, value, value - old) == ("count", after["count"], 10)
        return after
    if len(found) == 1 and found[0]["changed"] and found[0]["changed"][0][:2] == ["count", state["count"] - 10]:
        # the inner save has put back what the outer one changed: the whole has changed nothing, and has no version
        assert found[0] == {
            "changed": [["count", state["count"] - 10, state["count"]]],
            "added": [],
            "removed": [],
            "row_changed": [],
        }
        return state
    for data in found:
        state = _replay(state, data)
    return state
