"""What naming rules make: a name, or a name that still lacks its number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from doclife.core.errors import ValidationError
from doclife.core.ids import hash_name, uuid7
from doclife.model.names import check_name, uuid_text, where
from doclife.model.series import Layout, lay_out, read
from doclife.schema.autoname import (
    AUTOINCREMENT,
    FIELD,
    HASH,
    NAMING_SERIES,
    NONE,
    PROMPT,
    SCRIPT,
    SERIES_FIELD,
    UUID,
    NamingRule,
    series_options,
)
from doclife.uow import counters
from doclife.uow.unit import UnitOfWork

#: rules whose names are hashes where there is no other
HASHED = (NONE, HASH)
#: rules whose names come from the caller where there is one
CHOSEN = (PROMPT, UUID)


class Numbered(NamedTuple):
    """A name that still lacks its number; without a layout it is that of an autoincrement type."""

    doc: Any
    layout: Layout | None


def by_rule(doc: Any, rule: NamingRule, given: Any) -> str | Numbered:
    """Returns the name that a rule makes, or what it lacks.

    Raises:
        ValidationError: the document does not have what the rule needs.
    """
    kind = rule.kind
    if kind in HASHED:
        return given or hash_name()
    if kind == UUID:
        return uuid_text(doc, given) if given else str(uuid7())
    if kind == AUTOINCREMENT:
        return Numbered(doc, None)
    if kind == PROMPT:
        if not given:
            raise ValidationError(
                f"{where(doc)}: please set the document's name; its naming rule is Prompt", doctype=doc.doctype
            )
        return given  # type: ignore[no-any-return]  # what is no text, the check of the name refuses
    if kind == SCRIPT:
        raise ValidationError(
            f"{where(doc)}: its naming rule is {rule.text!r}, but autoname() has set no name", doctype=doc.doctype
        )
    if kind == FIELD:
        return _field_text(doc, rule.field)
    pattern = read(_series(doc), where(doc)) if kind == NAMING_SERIES else rule.pattern
    assert pattern is not None, "rules of this kind have one"
    layout = lay_out(pattern, doc, doc.doctype)
    return Numbered(doc, layout) if layout.digits else layout.prefix


def _field_text(doc: Any, field: str) -> str:
    value = doc.__dict__[field]
    text = "" if value is None else str(value).strip()
    if not text:
        raise ValidationError(
            f"{where(doc)}: {doc.meta.get_label(field)} ({field}) is required, it is the document's name",
            doctype=doc.doctype,
            field=field,
        )
    return text


def _series(doc: Any) -> str:
    """Returns the document's series; an empty one becomes the type's first option."""
    series = doc.__dict__[SERIES_FIELD]
    if not series:
        options = series_options(doc.meta)
        if not options:
            raise ValidationError(
                f"{where(doc)}: Naming Series mandatory: set {SERIES_FIELD}, or give Meta(naming_series=[...]) options",
                doctype=doc.doctype,
                field=SERIES_FIELD,
            )
        series = doc.__dict__[SERIES_FIELD] = options[0]
    return str(series)


def accept(unit: UnitOfWork, doc: Any, rule: NamingRule) -> None:
    """Checks a name that came from outside or from a rule without a counter."""
    if rule.kind == UUID:
        doc.__dict__["name"] = uuid_text(doc, doc.__dict__["name"])
    check_name(doc)
    if rule.kind == AUTOINCREMENT:
        counters.pass_name(unit, doc.meta.doctype, doc.__dict__["name"])


def give_numbers(unit: UnitOfWork, lacking: Iterable[Numbered]) -> None:
    """Completes names: the numbers of one counter are taken at once, and given in the order of the documents."""
    counted: dict[str, list[Numbered]] = {}
    named: dict[str, list[Any]] = {}
    for each in lacking:
        if each.layout is not None:
            counted.setdefault(each.layout.prefix, []).append(each)
        else:
            named.setdefault(each.doc.meta.doctype, []).append(each.doc)
    for doctype, docs in named.items():
        for doc, name in zip(docs, counters.take_names(unit, doctype, len(docs)), strict=True):
            doc.__dict__["name"] = name
    for prefix in sorted(counted):  # in one order everywhere: two that take several wait, and do not deadlock
        group = counted[prefix]
        number = counters.take(unit, prefix, len(group)) - len(group)
        for doc, layout in group:
            number += 1
            assert layout is not None
            doc.__dict__["name"] = layout.name(number)
            check_name(doc)
