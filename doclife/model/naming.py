"""Names of documents: the naming rules of a type, and the counters behind them (design 3, reference 2).

A rule is chosen in this order: the name that `insert(set_name=...)` gives; the amended name; a name
that `autoname()` has set; the type's `Meta.autoname`. Without a rule the caller's name counts, and
otherwise a hash.
"""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import (
    InvalidNamingSeriesError,
    InvalidUUIDValue,
    NameError,
    ValidationError,
)
from doclife.core.ids import hash_name, uuid7
from doclife.model.operation import Operation
from doclife.schema import registry
from doclife.schema.tables import AMENDED_FROM
from doclife.uow.unit import UnitOfWork, current_unit

_SERIES_CHARACTERS = re.compile(r"[\w \-/.#{}]+")
_BRACES = re.compile(r"\{([^{}]+)\}")
_DEFAULT_DIGITS = "#####"
_MAX_NAME = 140

_NEXT_NUMBER = {
    "sqlite": 'INSERT INTO "tabSeries" (name, current) VALUES (?, ?) '
    'ON CONFLICT (name) DO UPDATE SET current = "tabSeries".current + ? RETURNING current',
    "postgresql": 'INSERT INTO "tabSeries" (name, current) VALUES (%s, %s) '
    'ON CONFLICT (name) DO UPDATE SET current = "tabSeries".current + %s RETURNING current',
    "mariadb": "INSERT INTO `tabSeries` (name, current) VALUES (%s, %s) "
    "ON DUPLICATE KEY UPDATE current = current + %s RETURNING current",
}


def caller_may_choose(doc: Any) -> bool:
    """Tells whether the type's rule takes the name that the caller has set."""
    rule: str = doc.meta.autoname
    lower = rule.lower()
    if lower in ("", "prompt", "uuid"):
        return True
    return lower.startswith("field:") and doc.get(rule[6:]) == doc.name


def hash_named(op: Operation) -> bool:
    """Tells whether the document's name was made by `hash_name`."""
    rule = op.doc.meta.autoname.lower()
    if op.options.get("set_name") or op.doc.get(AMENDED_FROM):
        return False
    return rule == "hash" or (rule == "" and not op.given_name)


def new_hash_names(op: Operation) -> None:
    """Gives a document whose hash name is taken another one."""
    op.doc.__dict__["name"] = hash_name()
    name_rows(op)
    op.row = op.doc._blueprint.format.take(op.doc.__dict__)
    for pairs in op.child_rows.values():
        for n, (row, _) in enumerate(pairs):
            row.__dict__["parent"] = op.doc.name
            pairs[n] = (row, row._blueprint.format.take(row.__dict__))


def clear_name(op: Operation) -> None:
    """Sets the caller's name aside, so that what `autoname()` sets can be told from it."""
    values = op.doc.__dict__
    op.given_name = values["name"]
    values["name"] = None


def set_name(op: Operation) -> None:
    """Names the document and its rows; see the module's first lines for the order.

    Raises:
        ValidationError, NameError: there is no name, or it is not allowed.
    """
    doc = op.doc
    values, meta = doc.__dict__, doc.meta
    chosen = op.options.get("set_name")
    if chosen:
        values["name"] = chosen
    elif meta.issingle:
        values["name"] = meta.doctype
    elif meta.submittable and values[AMENDED_FROM]:
        values["name"] = _amended_name(op.unit, doc)
    elif not values["name"]:
        values["name"] = _by_rule(op)
    check_name(doc)
    if doc._blueprint.table_fields:
        name_rows(op)


def name_rows(op: Operation) -> None:
    """Names every row of a new document anew: rows copied from elsewhere bring names that exist."""
    parent = op.doc.__dict__["name"]
    for row in op.rows():
        values = row.__dict__
        values["parent"] = parent
        values["name"] = hash_name()


def name_added_rows(op: Operation) -> None:
    """Names the rows that have no name yet."""
    for row in op.rows():
        values = row.__dict__
        if not values["name"]:
            values["parent"] = op.doc.__dict__["name"]
            values["name"] = hash_name()


def _by_rule(op: Operation) -> str:
    doc = op.doc
    rule: str = doc.meta.autoname
    if not rule:
        return op.given_name or hash_name()
    lower = rule.lower()
    if lower == "hash":
        return hash_name()
    if lower == "prompt":
        if not op.given_name:
            raise ValidationError(f"{doc.doctype}: please set the document's name; its naming rule is Prompt")
        return op.given_name
    if lower == "uuid":
        return _uuid_name(op.given_name)
    if lower.startswith("field:"):
        value = doc.get(rule[6:])
        if value is None or not str(value).strip():
            raise ValidationError(
                f"{doc.doctype}: {doc.meta.get_label(rule[6:])} ({rule[6:]}) is required, it is the document's name",
                doctype=doc.doctype,
                field=rule[6:],
            )
        return str(value).strip()
    if lower.startswith("naming_series:"):
        return _by_naming_series(doc)
    if lower.startswith("format:"):
        return _by_format(rule[len("format:") :], doc)
    return make_autoname(rule, doc.doctype, doc)


def _uuid_name(given: str | None) -> str:
    if not given:
        return str(uuid7())
    try:
        return str(uuid.UUID(str(given)))
    except ValueError:
        raise InvalidUUIDValue(f"{given!r} is not a UUID, and the naming rule is UUID") from None


def _by_naming_series(doc: Any) -> str:
    pattern = doc.get("naming_series")
    if not pattern:
        options = [option for option in doc.meta.naming_series if option]
        if not options:
            raise ValidationError(f"{doc.doctype}: Naming Series mandatory: set naming_series", doctype=doc.doctype)
        pattern = options[0]
        doc.set("naming_series", pattern)
    return make_autoname(f"{pattern}.{_DEFAULT_DIGITS}" if "#" not in pattern else pattern, doc.doctype, doc)


def make_autoname(key: str = "", doctype: str = "", doc: Any = None) -> str:
    """Returns the next name of a pattern such as "INV-.YYYY.-.#####".

    Args:
        key: parts between dots: YYYY YY MM DD WW, `{field}` or a field's name, a run of # for the
            number (added when there is none), anything else as it stands. Empty or "hash": a hash.
        doctype: for messages.
        doc: whose fields may be parts.
    Raises:
        InvalidNamingSeriesError: other characters than letters, digits, blank, - / . # { }.
    """
    if not key or key.lower() == "hash":
        return hash_name()
    if not _SERIES_CHARACTERS.fullmatch(key):
        raise InvalidNamingSeriesError(
            f"naming series {key!r}{' of ' + doctype if doctype else ''} may hold letters, digits, blanks "
            "and - / . # { } only"
        )
    if "#" not in key:
        key = f"{key}.{_DEFAULT_DIGITS}"
    name = ""
    numbered = False
    for part in filter(None, key.split(".")):
        if set(part) == {"#"}:
            if not numbered:  # only the first group counts
                name += getseries(name, len(part))
                numbered = True
            continue
        name += _part(part, doc)
    return name


def _part(part: str, doc: Any) -> str:
    word = _date_word(part)
    if word is not None:
        return word
    field = part[1:-1] if part.startswith("{") and part.endswith("}") else part
    if doc is not None and (field in doc.__dict__):
        value = doc.__dict__[field]
        return str(value) if isinstance(value, (str, int, float, date)) else ""
    return part if field is part else ""


def _date_word(word: str) -> str | None:
    now = _site_now()
    words = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "JJJ": "%j"}
    if word in words:
        return now.strftime(words[word])
    if word == "WW":
        return _week(now.date())
    if word == "timestamp":
        return now.isoformat(" ")
    return None


def _week(day: date) -> str:
    """Returns the ISO week so that it never goes back within a year: "00" and "53" at its ends."""
    week = day.isocalendar().week
    if day.month == 1 and week >= 52:
        return "00"
    return "53" if day.month == 12 and week == 1 else f"{week:02d}"


def _site_now() -> datetime:
    return clock.now(current().site.settings.time_zone)


def _by_format(pattern: str, doc: Any) -> str:
    prefix, name = "", ""
    position = 0
    numbered = False
    for found in _BRACES.finditer(pattern):
        name += pattern[position : found.start()]
        position = found.end()
        word = found.group(1)
        if set(word) == {"#"}:
            if not numbered:
                prefix, numbered = name, True
                name += getseries(prefix, len(word))
            continue
        name += _date_word(word) or _part(f"{{{word}}}", doc)
    return name + pattern[position:]


def getseries(prefix: str, digits: int) -> str:
    """Returns the next number of a counter as text with at least `digits` digits.

    The counter's row stays locked until the transaction ends; a rollback gives the number back,
    so there are no gaps. Order: inside a context; it writes.
    """
    return str(take_numbers(current_unit(), prefix, 1)).zfill(digits)


def take_numbers(unit: UnitOfWork, prefix: str, count: int) -> int:
    """Takes `count` numbers of a counter and returns the last of them."""
    unit.before_write()
    dialect = "mariadb" if unit.link.dialect == "mysql" else unit.link.dialect
    return int(unit.link.rows(_NEXT_NUMBER[dialect], (prefix, count, count))[0][0])


def _amended_name(unit: UnitOfWork, doc: Any) -> str:
    """Returns `<source>-1`, or the source's own number plus one when it is an amendment itself."""
    source = doc.__dict__[AMENDED_FROM]
    statements = type(doc)._blueprint.statements(unit.database.engine.dialect)
    found = statements.lookup(unit.link.rows, (AMENDED_FROM,), [source])
    base, _, number = source.rpartition("-")
    if found and found[0][AMENDED_FROM] and base and number.isdigit():
        return f"{base}-{int(number) + 1}"
    return f"{source}-1"


def append_number_if_name_exists(doctype: str, value: str, fieldname: str = "name", separator: str = "-") -> str:
    """Returns `value`, or with a number behind it when a document has that value already.

    Args:
        doctype: document type.
        value: the wanted name.
        fieldname: which column must not hold it yet.
        separator: between value and number.
    """
    column = registry.resolve(doctype).__table__.c[fieldname]
    prefix = f"{value}{separator}"
    link = current_unit().link
    taken = {
        row[0]
        for row in link.execute(select(column).where((column == value) | column.startswith(prefix, autoescape=True)))
    }
    if value not in taken:
        return value
    numbers = [int(name[len(prefix) :]) for name in taken if name.startswith(prefix) and name[len(prefix) :].isdigit()]
    return f"{prefix}{max(numbers, default=0) + 1}"


def check_name(doc: Any) -> None:
    """Refuses names that are not allowed (reference 2.4).

    Raises:
        ValidationError: it is empty. NameError: it has markup or is too long or reserved.
    """
    name = doc.__dict__["name"]
    if name is None or not str(name).strip():
        raise ValidationError(f"{doc.doctype}: the document has no name", doctype=doc.doctype)
    name = doc.__dict__["name"] = str(name).strip()
    problem = ""
    if "<" in name or ">" in name:
        problem = "has < or >"
    elif len(name) > _MAX_NAME:
        problem = f"is longer than {_MAX_NAME} characters"
    elif name.startswith(f"New {doc.meta.doctype}"):
        problem = "is what a form calls a document without a name"
    elif name == doc.meta.doctype and not doc.meta.issingle:
        problem = "is the name of the document type"
    if problem:
        raise NameError(f"{doc.doctype}: the name {name!r} {problem}", doctype=doc.doctype, name=name)
