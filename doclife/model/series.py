"""Naming series: from patterns to names, and the counters behind them (reference 2.2 and 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select

from doclife.core import clock
from doclife.core.context import current
from doclife.core.errors import InvalidNamingSeriesError, NameError, ValidationError, nearest
from doclife.core.ids import hash_name
from doclife.model.names import MAX_NAME
from doclife.query import values as queries
from doclife.query.lists import class_of
from doclife.query.scope import unknown_field
from doclife.schema import autoname
from doclife.schema.autoname import BRACED, DATE_WORDS, NUMBER, TEXT, Pattern, read_series, with_number
from doclife.uow import counters
from doclife.uow.unit import current_unit

_FORMATS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "JJJ": "%j"}
#: how many names a preview shows
_PREVIEW = 3
_ABSENT = object()


class Layout(NamedTuple):
    """A pattern filled for a document, all but its number: the text before it is the counter."""

    prefix: str
    #: at least so many; 0: it has no number, and `prefix` is the name
    digits: int
    suffix: str

    def name(self, number: int) -> str:
        """Returns the name with its number."""
        return f"{self.prefix}{number:0{self.digits}}{self.suffix}"


def lay_out(pattern: Pattern, doc: Any, doctype: str) -> Layout:
    """Fills a pattern.

    Args:
        pattern: as read.
        doc: whose fields may be parts: a document, a dict, or nothing.
        doctype: for messages.
    Raises:
        InvalidNamingSeriesError: a word in braces means nothing.
        NameError: the result is too long for a name.
    """
    texts: list[str] = []
    prefix, digits = "", 0
    now: datetime | None = None
    for kind, text in pattern.parts:
        if kind == TEXT:
            texts.append(text)
        elif kind == NUMBER:
            prefix, digits = "".join(texts), len(text)
            texts.clear()
        elif text in DATE_WORDS:
            now = now or clock.now(current().site.settings.time_zone)
            texts.append(_date_word(text, now))
        else:
            texts.append(_word(kind, text, doc, pattern, doctype))
    rest = "".join(texts)
    layout = Layout(prefix, digits, rest) if digits else Layout(rest, 0, "")
    if len(layout.prefix) + digits > MAX_NAME:
        raise NameError(
            f"{doctype or 'a document'}: {pattern.text!r} gives {layout.prefix!r}, which is longer than the "
            f"{MAX_NAME} characters of a name",
            doctype=doctype,
        )
    return layout


def _date_word(word: str, now: datetime) -> str:
    if word == "WW":
        return _week(now.date())
    return now.isoformat(" ") if word == "timestamp" else now.strftime(_FORMATS[word])


def _week(day: date) -> str:
    """Returns the ISO week so that it never goes back within a year: "00" and "53" at its ends."""
    week = day.isocalendar().week
    if day.month == 1 and week >= 52:
        return "00"
    return "53" if day.month == 12 and week == 1 else f"{week:02d}"


def _word(kind: str, word: str, doc: Any, pattern: Pattern, doctype: str) -> str:
    value = _value(doc, word)
    if value is not _ABSENT:
        return str(value) if isinstance(value, (str, int, float, Decimal, date, time)) else ""
    variables = current().site.registry.naming_variables
    if word in variables:
        made = variables[word](doc, word)
        return "" if made is None else str(made)
    if kind != BRACED:
        return word
    if doc is None:  # a preview: there are no fields to look at
        return ""
    known = [*DATE_WORDS, *variables, *(doc if isinstance(doc, Mapping) else autoname.name_parts(doc.meta))]
    raise InvalidNamingSeriesError(
        f"{doctype or getattr(doc, 'doctype', '')}: {{{word}}} in {pattern.text!r} is no field, no date word and no "
        f"variable of the hook naming_series_variables.{nearest(word, known)}",
        doctype=doctype,
    )


def _value(doc: Any, word: str) -> Any:
    if doc is None:
        return _ABSENT
    if isinstance(doc, Mapping):
        return doc.get(word, _ABSENT)
    secret = word in doc._blueprint.format.password_fields  # a series may come from who should not read it
    return _ABSENT if secret else doc.__dict__.get(word, _ABSENT)


def make_autoname(key: str = "", doctype: str = "", doc: Any = None) -> str:
    """Returns the next name of a series such as "INV-.YYYY.-.#####".

    Args:
        key: parts between dots: YYYY YY MM DD WW JJJ timestamp, `{field}` or a field's name, a variable
            of the hook naming_series_variables, a run of # for the number (added when there is none),
            anything else as it stands. Empty or "hash": a hash.
        doctype: for messages.
        doc: whose fields may be parts: a document or a dict.
    Raises:
        InvalidNamingSeriesError: other characters than letters, digits, blank, - / . # { }; a word in
            braces that means nothing.
    Order: inside a context; it writes the counter.
    """
    if not key or key.lower() == autoname.HASH:
        return hash_name()
    layout = lay_out(read(key, doctype), doc or None, doctype)
    return layout.name(counters.take(current_unit(), layout.prefix))


def read(series: str, whose: str) -> Pattern:
    """Returns the parts of a series, which gets a number where it has none.

    Args:
        series: as written.
        whose: document type or document, for messages; may be empty.
    Raises:
        InvalidNamingSeriesError: it cannot be used.
    """
    try:
        return read_series(with_number(series))
    except InvalidNamingSeriesError as error:
        if not whose:
            raise
        raise InvalidNamingSeriesError(f"{whose}: {error}") from None


def getseries(key: str, digits: int) -> str:
    """Returns the next number of a counter as text with at least `digits` digits.

    The counter's row stays locked until the transaction ends; a rollback gives the number back,
    so there are no gaps. Order: inside a context; it writes.
    """
    return str(counters.take(current_unit(), key)).zfill(digits)


def append_number_if_name_exists(
    doctype: Any,
    value: str,
    fieldname: str = "name",
    separator: str = "-",
    filters: Mapping[str, Any] | None = None,
) -> str:
    """Returns `value`, or with the next number behind it when a document has that value already.

    Args:
        doctype: document type or class.
        value: what is wanted.
        fieldname: of which column.
        separator: between value and number.
        filters: only a document that matches them takes the value away; the numbers of all count.
    Raises:
        UnknownFieldError: the type has no such column.
        ValidationError: the names of the type are numbers.
    """
    cls = class_of(doctype)
    if fieldname not in cls._blueprint.columns:
        raise unknown_field(cls, fieldname)
    if fieldname == "name" and cls._blueprint.naming.kind == autoname.AUTOINCREMENT:
        raise ValidationError(f"{cls.meta.doctype}: names are numbers, to which no number can be appended")
    if not queries.exists(current(), cls, {**(filters or {}), fieldname: value}):
        return value
    column = cls.__table__.c[fieldname]
    prefix = f"{value}{separator}"
    taken = current_unit().link.execute(select(column).where(column.startswith(prefix, autoescape=True))).scalars()
    numbers = [int(rest) for text in taken if (rest := text.removeprefix(prefix)) != text and _is_number(rest)]
    return f"{prefix}{max(numbers, default=0) + 1}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


class NamingSeries:
    """A naming series, for tools that show series and set their counters."""

    __slots__ = ("series",)

    def __init__(self, series: str) -> None:
        """Takes the series; one without a number gets five digits."""
        self.series = with_number(series)

    def validate(self) -> None:
        """Refuses a series that cannot be used.

        Raises:
            InvalidNamingSeriesError: says why.
        """
        read_series(self.series)

    def get_prefix(self, doc: Any = None) -> str:
        """Returns the text before the number as it is now, which is the counter's name in tabSeries.

        Args:
            doc: whose fields may be parts; without one they are empty.
        """
        return lay_out(read_series(self.series), doc, "").prefix

    def get_preview(self, doc: Any = None) -> list[str]:
        """Returns the first three names of the series as it is now; counters are neither read nor moved."""
        layout = lay_out(read_series(self.series), doc, "")
        return [layout.name(number) for number in range(1, _PREVIEW + 1)]

    def generate_next_name(self, doc: Any = None) -> str:
        """Returns the next name, and takes its number."""
        return make_autoname(self.series, getattr(doc, "doctype", ""), doc)

    def update_counter(self, new_count: int, doc: Any = None) -> None:
        """Sets the number that was given out last; the next name has the one after it.

        A counter that goes back gives out names that exist, which their inserts refuse.

        Args:
            new_count: 0 or more.
            doc: as of `get_prefix`.
        Raises:
            ValidationError: it is no whole number from 0 on.
        """
        if not isinstance(new_count, int) or isinstance(new_count, bool) or new_count < 0:
            raise ValidationError(
                f"the counter of {self.series!r} cannot be {new_count!r}: a whole number from 0 on is expected"
            )
        counters.set_to(current_unit(), self.get_prefix(doc), new_count)

    def get_current_value(self, doc: Any = None) -> int:
        """Returns the number that was given out last, 0 before the first."""
        return counters.last(current_unit(), self.get_prefix(doc))
