"""The language of field and order strings: names, numbers, texts, functions, `+ - * /`, `as`.

    field    = ["distinct"] "*" | [table "."] "*" | sum ["as"] [alias]
    sum      = product {("+" | "-") product}
    product  = unary {("*" | "/") unary}
    unary    = ["-"] (number | text | "(" sum ")" | function | name)
    function = word "(" ["distinct"] [("*" | sum) {"," sum}] ")"
    name     = [table "."] column          table and column may stand in backticks

A string is read into nodes and never reaches SQL as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from doclife.core.errors import ValidationError, brief

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>`[^`]+`)
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>-(?!-)|[+*/(),.])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Name:
    """A column; `of` is a link or table field, or `tab` and a document type."""

    column: str
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Star:
    """Every column."""

    of: str | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text."""

    value: int | float | str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of other nodes."""

    function: str
    arguments: tuple[Node, ...]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Binary:
    """Two nodes and the sign between them."""

    sign: str
    left: Node
    right: Node


Node = Name | Star | Literal | Call | Binary


@dataclass(frozen=True, slots=True)
class Item:
    """One field: what it is, and the key of its value in a row."""

    node: Node
    label: str
    #: whether "distinct" stands before it
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order."""

    node: Node
    descending: bool


#: bounds of what is read: texts come from outside too, and what is nested is walked by recursion
_LONGEST_TEXT, _LONGEST_NUMBER, _MOST_OPERANDS = 20_000, 30, 50
_LARGEST = 2**63 - 1


class _Reader:
    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST_TEXT:
            raise ValidationError(f"{brief(text)} is too long to be read as a field: {len(text)} characters")
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._error(at + len(text[at:]) - len(text[at:].lstrip()))
            kind = str(found.lastgroup)
            self.tokens.append((kind, found.group(kind), found.start(kind)))
            at = found.end()
        self.tokens.append(("end", "", len(text)))
        self.position = 0
        self.operands = 0

    def _error(self, at: int) -> ValidationError:
        rest = self.text[at:].strip()
        return ValidationError(
            f"{brief(self.text)} cannot be read as a field"
            + (f" from {brief(rest)} on" if rest else ": something is missing")
        )

    def refuse(self) -> ValidationError:
        """Returns the error for what stands next."""
        return self._error(self.tokens[self.position][2])

    def next_is(self, *values: str) -> bool:
        kind, value, _ = self.tokens[self.position]
        return kind in ("word", "sign") and value.lower() in values

    def take(self, *values: str) -> str:
        """Takes the next token if it is one of these; otherwise returns ""."""
        if not self.next_is(*values):
            return ""
        self.position += 1
        return self.tokens[self.position - 1][1].lower()

    def take_kind(self, *kinds: str) -> str:
        """Takes the next token if it is of one of these kinds, and returns it without its quotes."""
        kind, value, _ = self.tokens[self.position]
        if kind not in kinds:
            return ""
        self.position += 1
        return value[1:-1] if kind == "quoted" else value

    @property
    def at_end(self) -> bool:
        return self.tokens[self.position][0] == "end"

    def since(self, start: int) -> str:
        """Returns the text from the token `start` to here."""
        return self.text[self.tokens[start][2] : self.tokens[self.position][2]].strip()

    def list_of(self, read: Callable[[], Any]) -> tuple[Any, ...]:
        items = [read()]
        while self.take(","):
            self.operands = 0
            items.append(read())
        if not self.at_end:
            raise self.refuse()
        return tuple(items)

    def field(self) -> Item:
        distinct = self.next_is("distinct") and self.tokens[self.position + 1][0] in ("word", "quoted")
        if distinct:
            distinct = self.tokens[self.position + 1][1].lower() != "as"
        self.position += distinct
        start = self.position
        node = self.star() or self.sum()
        written = self.since(start)
        explicit = self.take("as")
        label = self.take_kind("word", "quoted")
        if explicit and not label:
            raise self.refuse()
        if not label:
            label = node.column if isinstance(node, Name) else written
        return Item(node, label, distinct)

    def star(self) -> Star | None:
        if self.take("*"):
            return Star()
        before = self.position
        of = self.take_kind("word", "quoted")
        if of and self.take(".") and self.take("*"):
            return Star(of)
        self.position = before
        return None

    def sum(self) -> Node:
        node = self.product()
        while sign := self.take("+", "-"):
            node = Binary(sign, node, self.product())
        return node

    def product(self) -> Node:
        node = self.unary()
        while sign := self.take("*", "/"):
            node = Binary(sign, node, self.unary())
        return node

    def unary(self) -> Node:
        self.operands += 1
        if self.operands > _MOST_OPERANDS:
            raise ValidationError(f"{brief(self.text)} has more than {_MOST_OPERANDS} operands; use db.sql()")
        if self.take("-"):
            return Binary("-", Literal(0), self.unary())
        if self.take("("):
            node = self.sum()
            if not self.take(")"):
                raise self.refuse()
            return node
        if number := self.take_kind("number"):
            return Literal(_number(number))
        if text := self.take_kind("text"):
            quote = text[0]
            return Literal(text[1:-1].replace(quote * 2, quote))
        return self.name_or_call()

    def name_or_call(self) -> Node:
        is_word = self.tokens[self.position][0] == "word"
        first = self.take_kind("word", "quoted")
        if not first:
            raise self.refuse()
        if is_word and self.take("("):
            return self.call(first.lower())
        if not self.take("."):
            return Name(first)
        column = self.take_kind("word", "quoted")
        if not column:
            raise self.refuse()
        return Name(column, first)

    def call(self, function: str) -> Call:
        distinct = bool(self.take("distinct"))
        arguments: list[Node] = []
        if not self.next_is(")"):
            arguments.append(self.star() or self.sum())
            while self.take(","):
                arguments.append(self.sum())
        if not self.take(")"):
            raise self.refuse()
        return Call(function, tuple(arguments), distinct)

    def order(self) -> Order:
        node = self.sum()
        return Order(node, self.take("asc", "desc") == "desc")


def _number(text: str) -> int | float:
    value = (float(text) if "." in text else int(text)) if len(text) <= _LONGEST_NUMBER else _LARGEST + 1
    if value > _LARGEST:
        raise ValidationError(f"{text[:40]} is too large a number for a query")
    return value


@lru_cache(maxsize=2000)
def parse_fields(text: str) -> tuple[Item, ...]:
    """Returns the fields of a string; several are separated by commas.

    Raises:
        ValidationError: it is not of this language; the message says from where on.
    """
    reader = _Reader(text)
    fields: tuple[Item, ...] = reader.list_of(reader.field)
    return fields


@lru_cache(maxsize=1000)
def parse_order(text: str) -> tuple[Order, ...]:
    """Returns the keys of an order string.

    Raises:
        ValidationError: it is not of this language.
    """
    reader = _Reader(text)
    orders: tuple[Order, ...] = reader.list_of(reader.order)
    return orders


@lru_cache(maxsize=2000)
def parse_name(text: str) -> Name:
    """Returns the column a string names.

    Raises:
        ValidationError: it is something else than a name.
    """
    reader = _Reader(text)
    node = reader.name_or_call()
    if not isinstance(node, Name) or not reader.at_end:
        raise ValidationError(f"{brief(text)} is not the name of a field")
    return node


@lru_cache(maxsize=1000)
def parse_arguments(text: str) -> tuple[tuple[Node, ...], bool]:
    """Returns the arguments of a function that were written apart from it, and whether they begin with "distinct".

    Raises:
        ValidationError: it is not of this language.
    """
    reader = _Reader(text)
    distinct = bool(reader.take("distinct"))
    nodes: tuple[Node, ...] = reader.list_of(lambda: reader.star() or reader.sum())
    return nodes, distinct


@lru_cache(maxsize=1000)
def parse_expressions(text: str) -> tuple[Node, ...]:
    """Returns the expressions of a string, as in GROUP BY.

    Raises:
        ValidationError: it is not of this language.
    """
    reader = _Reader(text)
    nodes: tuple[Node, ...] = reader.list_of(reader.sum)
    return nodes
