"""Naming rules: what `Meta.autoname` may say, read and checked when a class is declared (reference 2.2).

A rule is a word ("hash"), a word with a field ("field:code"), or a pattern, whose text is cut into
parts here. What the parts stand for in a document, `doclife.model.series` knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from doclife.core.errors import InvalidNamingSeriesError, SchemaError, nearest
from doclife.schema.field import Field
from doclife.schema.fieldtypes import Select
from doclife.schema.tables import AMENDED_FROM, CHILD_COLUMNS, STANDARD_COLUMNS

#: kinds of rules
NONE, HASH, PROMPT, AUTOINCREMENT, UUID, SCRIPT = "", "hash", "prompt", "autoincrement", "uuid", "by script"
FIELD, NAMING_SERIES, FORMAT, SERIES = "field:", "naming_series:", "format:", "series"

_WORDS = (HASH, PROMPT, AUTOINCREMENT, UUID, SCRIPT)
_PREFIXES = (FIELD, NAMING_SERIES, FORMAT)

#: what a series without a number of its own gets
DEFAULT_DIGITS = "#####"
#: parts that stand for the day on the site, and the moment
DATE_WORDS = ("YYYY", "YY", "MM", "DD", "WW", "JJJ", "timestamp")
#: the field that holds a document's series
SERIES_FIELD = "naming_series"

#: types of fields whose values are no texts for a name
_NO_PART = ("JSON", "Password")

_ALLOWED = re.compile(r"[\w \-/.#{}]+")
_BRACES = re.compile(r"\{([^{}]*)\}")

#: kinds of parts: text as it stands, the number, a word in braces, a word between dots (which may be text)
TEXT, NUMBER, BRACED, WORD = "text", "number", "braced", "word"


class Part(NamedTuple):
    """One part of a pattern."""

    kind: str
    text: str


class Pattern(NamedTuple):
    """A pattern, cut into parts; at most one of them is a number."""

    text: str
    parts: tuple[Part, ...]

    @property
    def is_numbered(self) -> bool:
        """Whether one part is a number from a counter."""
        return any(part.kind == NUMBER for part in self.parts)


@dataclass(frozen=True)
class NamingRule:
    """The naming rule of a document type."""

    kind: str = NONE
    #: as declared, for messages
    text: str = ""
    #: the field that names, of a `field:` rule
    field: str = ""
    #: of `format:` and of a series
    pattern: Pattern | None = None
    #: words in braces that are neither dates nor fields: a variable that an app's hook declares, or a mistake
    variables: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def read_series(text: str) -> Pattern:
    """Returns the parts of a series, which stand between dots: "INV-.YYYY.-.####".

    Only the first run of # is a number; a series need not have one.

    Raises:
        InvalidNamingSeriesError: it has other characters than are allowed, or # or braces inside a part.
    """
    if not _ALLOWED.fullmatch(text):
        raise InvalidNamingSeriesError(
            f"the naming series {text!r} may hold letters, digits, blanks and - / . # {{ }} only"
        )
    parts: list[Part] = []
    for part in filter(None, text.split(".")):
        if set(part) == {"#"}:
            if not any(kind == NUMBER for kind, _ in parts):
                parts.append(Part(NUMBER, part))
        elif "#" in part:
            raise InvalidNamingSeriesError(
                f"the naming series {text!r}: in {part!r} the # are text and no number; put dots around them, as in "
                "'INV-.####'"
            )
        elif _BRACES.fullmatch(part):
            parts.append(Part(BRACED, _braced(text, part[1:-1])))
        elif "{" in part or "}" in part:
            raise InvalidNamingSeriesError(
                f"the naming series {text!r}: in {part!r} the braces are text and no field; put dots around them, as "
                "in 'INV-.{customer}.-.####'"
            )
        else:
            parts.append(Part(WORD, part))
    return Pattern(text, tuple(parts))


@lru_cache(maxsize=256)
def read_format(text: str) -> Pattern:
    """Returns the parts of what stands behind "format:": text with words, fields and a run of # in braces.

    Raises:
        InvalidNamingSeriesError: a brace without its partner, nothing between braces, or < or > in the text.
    """
    parts: list[Part] = []
    at = 0
    for found in _BRACES.finditer(text):
        parts += _literal(text, text[at : found.start()])
        at = found.end()
        word = found.group(1)
        if word and set(word) == {"#"}:
            if not any(kind == NUMBER for kind, _ in parts):
                parts.append(Part(NUMBER, word))
        else:
            parts.append(Part(BRACED, _braced(text, word)))
    parts += _literal(text, text[at:])
    return Pattern(text, tuple(parts))


def _braced(text: str, word: str) -> str:
    if not word.isidentifier():
        raise InvalidNamingSeriesError(
            f"the naming pattern {text!r}: {{{word}}} must be a run of #, a field, one of {', '.join(DATE_WORDS)}, or "
            "a variable of the hook naming_series_variables"
        )
    return word


def _literal(text: str, piece: str) -> Iterator[Part]:
    if "{" in piece or "}" in piece:
        raise InvalidNamingSeriesError(f"the naming pattern {text!r} has a brace without its partner, at {piece!r}")
    if "<" in piece or ">" in piece:
        raise InvalidNamingSeriesError(f"the naming pattern {text!r} has < or >, which no name may have")
    if piece:
        yield Part(TEXT, piece)


def with_number(text: str) -> str:
    """Returns a series with a number at its end where it has none."""
    return text if "#" in text else f"{text}.{DEFAULT_DIGITS}"


def series_options(meta: Any) -> list[str]:
    """Returns the series that a document of this type may choose from, the first is the default."""
    field = meta.by_name.get(SERIES_FIELD)
    options = meta.naming_series or (field.options if isinstance(field, Select) else ())
    return [option for option in options if option]


def read_naming_rule(meta: Any, class_name: str) -> NamingRule:
    """Returns the rule of a document type.

    Args:
        meta: bound, so that it knows the fields.
        class_name: who declares it, for messages.
    Raises:
        SchemaError: the rule cannot be used; the message names class and rule, and says what to do.
    """
    text: str = meta.autoname.strip()
    where = f"{class_name}: autoname={meta.autoname!r}"
    kind = next((prefix for prefix in _PREFIXES if text.lower().startswith(prefix)), "")
    try:
        if kind == FIELD:
            return NamingRule(FIELD, text, field=_naming_field(meta, text[len(FIELD) :].strip(), where))
        if kind == NAMING_SERIES:
            return NamingRule(NAMING_SERIES, text, variables=_check_naming_series(meta, where))
        if kind == FORMAT:
            return _pattern_rule(meta, FORMAT, text, read_format(text[len(FORMAT) :].strip()), where)
        if not text or text.lower() in _WORDS:
            if meta.issingle and text.lower() == AUTOINCREMENT:
                raise SchemaError(f"{where}: a single type has one document, named as the type; leave autoname out")
            return NamingRule(text.lower(), text)
        if "#" not in text:
            hint = nearest(text.lower(), (*_WORDS, *_PREFIXES))
            raise SchemaError(
                f"{where} has no counter and is no rule.{hint} A series has a run of # between dots, as in "
                f"{with_number(text)!r}; the other rules are {', '.join((*_WORDS, *_PREFIXES))}"
            )
        return _pattern_rule(meta, SERIES, text, read_series(text), where)
    except InvalidNamingSeriesError as error:
        raise SchemaError(f"{where}: {error}") from None


def _naming_field(meta: Any, name: str, where: str) -> str:
    field = meta.by_name.get(name)
    if field is None:
        raise SchemaError(f"{where} names no field.{nearest(name, meta.by_name)}")
    if not isinstance(field, Field) or field.fieldtype in _NO_PART:
        raise SchemaError(f"{where}: a {field.fieldtype} field cannot be a document's name; name by another one")
    return name


def _check_naming_series(meta: Any, where: str) -> tuple[str, ...]:
    if isinstance(meta.naming_series, str):
        raise SchemaError(f"{where}: naming_series={meta.naming_series!r} must be a list of series")
    if not isinstance(meta.by_name.get(SERIES_FIELD), Field):
        raise SchemaError(
            f"{where} needs the field that holds a document's series: {SERIES_FIELD} = Select('INV-', 'CRN-')"
        )
    return tuple(
        word
        for option in series_options(meta)
        for word in _check_words(meta, read_series(with_number(option)), f"{where}, series {option!r}")
    )


def _pattern_rule(meta: Any, kind: str, text: str, pattern: Pattern, where: str) -> NamingRule:
    variables = _check_words(meta, pattern, where)
    if all(part.kind == TEXT for part in pattern.parts):
        raise SchemaError(
            f"{where} gives every document the same name; add a counter, as in 'format:{pattern.text}{{####}}', or "
            "fields in braces"
        )
    return NamingRule(kind, text, pattern=pattern, variables=variables)


def _check_words(meta: Any, pattern: Pattern, where: str) -> tuple[str, ...]:
    """Returns the words in braces that only an app's hook can explain.

    Raises:
        SchemaError: a word stands for something that cannot be part of a name.
    """
    known = name_parts(meta)
    unknown = []
    for kind, word in pattern.parts:
        if kind != BRACED or word in DATE_WORDS or word in known:
            continue
        if word == "name" or word in meta.by_name:
            problem = "is what is being named" if word == "name" else f"is a {meta.by_name[word].fieldtype} field"
            raise SchemaError(f"{where}: {{{word}}} {problem}, which cannot be part of the name; take another field")
        unknown.append(word)
    return tuple(unknown)


def name_parts(meta: Any) -> list[str]:
    """Returns the fields of a type, standard ones included, whose values may be parts of a name."""
    standard = [*STANDARD_COLUMNS[1:], *((AMENDED_FROM,) if meta.submittable else ())]
    standard += CHILD_COLUMNS if meta.istable else ()
    fields = (name for name, each in meta.by_name.items() if isinstance(each, Field) and each.fieldtype not in _NO_PART)
    return [*fields, *standard]
