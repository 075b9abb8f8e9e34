"""SQL texts: what a statement will do, and the same statement in a driver's own style.

A text is cut into tokens, so that a `%s` in a comment is none, an UPDATE in a string is none, and
backticks work on every database. Where a token could mean a write, it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from doclife.core.errors import DataError

READ, WRITE, SCHEMA, CONTROL = "read", "write", "schema", "control"

_MARIADB = ("mysql", "mariadb")

_SHARED = r"""
    (?P<placeholder>%(?:s|\(\w+\)s))
  | (?P<percents>%%)
  | (?P<backticks>`(?:[^`]|``)*`)
  | (?P<comment>--[^\n]*|\#[^\n]*)
"""
_QUOTED = r"""
  | (?P<text>'(?:[^']|'')*')
  | (?P<identifier>"(?:[^"]|"")*")
"""
_QUOTED_POSTGRES = r"""
  | (?P<text>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
  | (?P<identifier>"(?:[^"]|"")*")
"""
_QUOTED_MARIADB = r"""
  | (?P<text>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
"""
_REST = r"""
  | (?P<word>[^\W\d]\w*)
  | (?P<space>\s+)
  | (?P<other>.)
"""


def _scanner(quoted: str, comment: str) -> re.Pattern[str]:
    return re.compile(_SHARED.replace(r"--[^\n]*|\#[^\n]*", comment) + quoted + _REST, re.VERBOSE | re.DOTALL)


_PLAIN_COMMENT = r"--[^\n]*|/\*.*?(?:\*/|$)"
_SCANNERS = {
    "sqlite": _scanner(_QUOTED, _PLAIN_COMMENT),
    "postgresql": _scanner(_QUOTED_POSTGRES, r"--[^\n]*"),
    **dict.fromkeys(_MARIADB, _scanner(_QUOTED_MARIADB, r"--(?=\s|$)[^\n]*|\#[^\n]*|/\*(?![!+]|M!).*?(?:\*/|$)")),
}

#: what a statement that only reads begins with
_READING = frozenset({"select", "with", "values", "show", "describe", "desc", "explain"})
#: a word of these makes it more than a read: it changes or locks something
_CHANGING = frozenset(
    {"insert", "update", "delete", "merge", "into", "share", "lock", "call", "analyze"}
    | {"nextval", "setval", "get_lock", "release_lock"}
)
_CONTROLLING = frozenset(
    {"commit", "rollback", "begin", "start", "savepoint", "release", "end", "abort", "xa", "unlock"}
)
#: MariaDB commits before and after these
_DEFINING = frozenset(
    {"create", "alter", "drop", "truncate", "rename", "grant", "revoke", "analyze", "optimize", "repair", "lock"}
)

_QUOTES = frozenset("'\"`")


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a text: its kind and the part itself."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text cut into tokens, and what it will do."""

    tokens: tuple[Token, ...]
    kind: str


@lru_cache(maxsize=500)
def scan(text: str, dialect: str) -> Text:
    """Returns a text cut into tokens.

    Raises:
        DataError: it holds more than one statement.
    """
    tokens = _tokens(text, dialect)
    return Text(tokens, _kind(tokens, dialect))


def _tokens(text: str, dialect: str) -> tuple[Token, ...]:
    scanner = _SCANNERS[dialect]
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if dialect == "postgresql" and text.startswith("/*", at):
            at = _end_of_comment(text, at)
            tokens.append(Token("space", " "))
            continue
        found = scanner.match(text, at)
        assert found is not None, "any character is a token"
        kind = "text" if found.lastgroup == "tag" else str(found.lastgroup)
        tokens.append(Token("space", " ") if kind == "comment" else Token(kind, found.group()))
        at = found.end()
    while tokens and (tokens[-1].kind == "space" or tokens[-1].text == ";"):
        tokens.pop()
    if any(token.kind == "other" and token.text == ";" for token in tokens):
        raise DataError("sql() runs one statement at a time; give each its own call")
    return tuple(tokens)


def _end_of_comment(text: str, at: int) -> int:
    """Returns where a comment ends; PostgreSQL's may hold others."""
    depth = 0
    for found in re.compile(r"/\*|\*/").finditer(text, at):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    return len(text)


def _kind(tokens: Sequence[Token], dialect: str) -> str:
    words = [token.text.lower() for token in tokens if token.kind == "word"]
    if not words:
        return WRITE
    first = words[0]
    if first in _CONTROLLING or (first == "set" and "autocommit" in words) or words[:2] == ["prepare", "transaction"]:
        return CONTROL
    if dialect in _MARIADB and first in _DEFINING and "temporary" not in words[:3]:
        return SCHEMA
    # /*! ... */ of MariaDB is no comment: its words are seen, and it may hold anything
    hidden = any(token.kind == "other" and token.text == "!" for token in tokens) and dialect in _MARIADB
    return READ if first in _READING and not _changing_word(tokens) and not hidden else WRITE


def _changing_word(tokens: Sequence[Token]) -> str:
    """Returns a word by which a text may change or lock something, or ""."""
    words = (token.text for token in tokens if token.kind == "word")
    found = (word for word in words if word.lower() in _CHANGING or word.lower().startswith("pg_advisory"))
    return next(found, "")


def translate(text: Text, dialect: str, values: Any, convert: Callable[[Any], Any]) -> tuple[str, tuple[Any, ...]]:
    """Returns a text in the driver's style and its parameters in order.

    Args:
        text: as `scan` gave it.
        dialect: sqlite, postgresql, mysql or mariadb.
        values: a list, tuple or dict for `%s` or `%(name)s`, or one value; None: `%` is an ordinary sign.
            A list, tuple or set within stands for `(a, b, c)`.
        convert: makes a value one that the driver takes.
    Raises:
        DataError: placeholders and values do not fit together.
    """
    if isinstance(values, (list, tuple, dict)) and not values:
        values = None
    filling = _Filling(dialect, values, convert)
    tokens = text.tokens
    parts = [filling.part(tokens, n) for n in range(len(tokens))]
    filling.check_all_used()
    return "".join(parts), tuple(filling.params)


@lru_cache(maxsize=500)
def condition(text: str, dialect: str) -> str:
    """Returns a condition in brackets, as a part of a statement of the dialect.

    Values stand in it as `db.escape` gives them: `%%` is a percent sign, as one `%` is.

    Args:
        text: what may stand behind WHERE.
        dialect: sqlite, postgresql, mysql or mariadb.
    Raises:
        DataError: it is not one whole condition, it changes or locks something, or it waits for values.
    """
    tokens = _tokens(text, dialect)
    depth, before = 0, ""
    for token in tokens:
        if token.kind == "placeholder":
            raise DataError(f"a condition takes no values: write db.escape(value) instead of {token.text} in {text}")
        if token.kind == "other":
            depth += (token.text == "(") - (token.text == ")")
            # what is left of a comment is MariaDB's /*! ... */, which is none
            if depth < 0 or token.text in _QUOTES or before + token.text == "/*":
                break
        before = token.text
    else:
        word = _changing_word(tokens)
        if word:
            raise DataError(
                f"a condition only reads; {word} may do more, and a column of that name is `{word}`: {text}"
            )
        if depth == 0:
            return f"({''.join(_in_dialect(token, dialect).replace('%%', '%') for token in tokens).strip()})"
    raise DataError(f"a bracket, a quote or a comment is not closed, or closed twice: {text}")


def _in_dialect(token: Token, dialect: str) -> str:
    """Returns a token as the dialect writes it."""
    text = token.text
    if token.kind == "backticks" and dialect not in _MARIADB:
        return '"' + text[1:-1].replace("``", "`").replace('"', '""') + '"'
    if token.kind == "word" and dialect == "postgresql" and text.lower() == "ifnull":
        return "coalesce"
    return text


class _Filling:
    """The values of one text as they are used up."""

    def __init__(self, dialect: str, values: Any, convert: Callable[[Any], Any]) -> None:
        self.params: list[Any] = []
        self._dialect = dialect
        self._mark = "?" if dialect == "sqlite" else "%s"
        self._percent = "%" if dialect == "sqlite" else "%%"
        self._convert = convert
        self._given = values is not None
        self._named: dict[str, Any] | None = values if isinstance(values, dict) else None
        self._listed: list[Any] = []
        if self._given and self._named is None:
            self._listed = list(values) if isinstance(values, (list, tuple)) else [values]
        self._used = 0

    def part(self, tokens: Sequence[Token], n: int) -> str:
        """Returns what the driver is to get for the token `n`."""
        token = tokens[n]
        text = token.text
        if token.kind == "placeholder":
            return self._fill(tokens, n) if self._given else text.replace("%", self._percent)
        if token.kind == "percents":
            return self._percent if self._given else self._percent * 2
        text = _in_dialect(token, self._dialect)
        if "%" in text:
            text = self._signs(token, text)
        return text

    def _signs(self, token: Token, text: str) -> str:
        if not self._given:
            return text.replace("%", self._percent)
        rest = text.replace("%%", "")
        if re.search(r"%(?:s|\(\w+\)s)", rest):
            raise DataError(f"{text} has a placeholder within quotes; take the quotes away, the value needs none")
        if "%" in rest:
            raise DataError(f"where values are given, a percent sign is written %%: {text}")
        return text.replace("%%", self._percent)

    def _fill(self, tokens: Sequence[Token], n: int) -> str:
        value = self._next(tokens[n].text)
        if not isinstance(value, (list, tuple, set, frozenset)):
            self.params.append(self._convert(value))
            return self._mark
        members = list(value)
        self.params.extend(self._convert(each) for each in members)
        marks = ", ".join(self._mark for _ in members) or "NULL"
        return marks if _in_brackets(tokens, n) else f"({marks})"

    def _next(self, placeholder: str) -> Any:
        if placeholder != "%s":
            name = placeholder[2:-2]
            if self._named is None or name not in self._named:
                raise DataError(f"no value was given for {placeholder}")
            return self._named[name]
        if self._named is not None:
            raise DataError("values by name are used as %(name)s, not as %s")
        if self._used >= len(self._listed):
            raise DataError(f"the text has more placeholders than the {len(self._listed)} values given")
        self._used += 1
        return self._listed[self._used - 1]

    def check_all_used(self) -> None:
        """Refuses values that no placeholder took.

        Raises:
            DataError: there are some.
        """
        if self._used < len(self._listed):
            raise DataError(f"{len(self._listed)} values were given, and the text has {self._used} placeholders")


def _in_brackets(tokens: Sequence[Token], n: int) -> bool:
    before = next((token.text for token in reversed(tokens[:n]) if token.kind != "space"), "")
    after = next((token.text for token in tokens[n + 1 :] if token.kind != "space"), "")
    return before == "(" and after == ")"
