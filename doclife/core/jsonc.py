"""JSON as people write it: `//` and `#` comments and trailing commas, outside strings.

Comments and trailing commas are blanked, not cut out, so that positions in error messages are
those of the file, and so that `edit` can change a value where it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import msgspec

from doclife.core.errors import ConfigError
from doclife.core.json import dumps

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_COMMENT = re.compile(rf"{_STRING}|(?://|#)[^\n]*")
#: a comma after nothing (`[,]`, `1,,`) is no trailing comma: it is matched first and left for the parser to refuse
_TRAILING_COMMA = re.compile(rf"{_STRING}|[\[{{,]\s*,|,(?=\s*[\]}}])")
_BYTE = re.compile(r" \(byte (\d+)\)$")


def plain(text: str) -> str:
    """Returns the text with comments and trailing commas replaced by blanks, every other character in its place."""
    return _TRAILING_COMMA.sub(lambda found: " " if found[0] == "," else found[0], _without_comments(text))


def parse(text: str, where: str) -> Any:
    """Returns the data of a JSON text with comments.

    Args:
        where: the file or variable the text is from, for the message.
    Raises:
        ConfigError: it is not JSON; the message names `where`, line and column (from 1).
    """
    encoded = plain(text).encode()
    try:
        return msgspec.json.decode(encoded)
    except msgspec.DecodeError as error:
        message = str(error)
        found = _BYTE.search(message)
        before = encoded[: int(found[1]) if found else len(encoded)].decode(errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = _BYTE.sub("", message).removeprefix("JSON is malformed: ")
        raise ConfigError(f"{where}, line {line}, column {column}: not JSON: {problem}") from error


def edit(text: str, changes: Mapping[str, Any]) -> str:
    """Returns the text of a JSON object with some of its keys changed and everything else as it was written.

    Args:
        text: what `parse` takes, an object.
        changes: new values by key; None takes the key out.
    """
    bare = _without_comments(text)
    entries = _entries(plain(text))
    cuts: list[tuple[int, int, str]] = []
    for key, (begin, value_begin, value_end) in entries.items():
        if key not in changes:
            continue
        if changes[key] is None:
            cuts.append((*_whole_lines(text, begin, _comma_after(bare, value_end) or value_end), ""))
        else:
            cuts.append((value_begin, value_end, _dump(changes[key])))
    added = [
        f"  {dumps(key)}: {_dump(changes[key])}" for key in changes if key not in entries and changes[key] is not None
    ]
    if added:
        brace = bare.rindex("}")
        end = len(text[:brace].rstrip(" \t"))
        cuts.append((end, brace, ("" if text[:end].endswith("\n") else "\n") + ",\n".join(added) + "\n"))
        kept = [end for key, (_, _, end) in entries.items() if changes.get(key, "") is not None]
        if kept and _comma_after(bare, max(kept)) is None:
            cuts.append((max(kept), max(kept), ","))
    for begin, end, new in sorted(cuts, key=itemgetter(0), reverse=True):  # stable: the comma, last, comes to be first
        text = text[:begin] + new + text[end:]
    return text


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else " " * len(found[0]), text)


def _entries(bare: str) -> dict[str, tuple[int, int, int]]:
    """Returns where each entry of the outermost object stands: begin of the key, begin and end of the value."""
    scan = json.JSONDecoder().raw_decode  # the parser that tells where a value ends
    found: dict[str, tuple[int, int, int]] = {}
    at = _skip(bare, bare.index("{") + 1)
    while bare[at] != "}":
        begin = at
        key, at = scan(bare, at)
        value_begin = _skip(bare, _skip(bare, at) + 1)
        _, at = scan(bare, value_begin)
        found[key] = (begin, value_begin, at)
        at = _skip(bare, at)
        if bare[at] == ",":
            at = _skip(bare, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    while text[at].isspace():
        at += 1
    return at


def _comma_after(bare: str, at: int) -> int | None:
    """Returns the position behind the comma that follows, or None where the object ends instead."""
    at = _skip(bare, at)
    return at + 1 if bare[at] == "," else None


def _whole_lines(text: str, begin: int, end: int) -> tuple[int, int]:
    """Returns the span widened to its lines where they hold nothing else."""
    line_begin = text.rfind("\n", 0, begin) + 1
    line_end = text.find("\n", end) + 1
    alone = line_end and not text[line_begin:begin].strip() and not text[end:line_end].strip()
    return (line_begin, line_end) if alone else (begin, end)


def _dump(value: Any) -> str:
    return dumps(value, indent=2).replace("\n", "\n  ")
