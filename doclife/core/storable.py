"""Text of errors and of apps' values, as every database and every log takes it."""

from __future__ import annotations

import re

#: characters of a description
_MOST = 1000
#: a place in the code, as tracebacks name it
_PLACE = re.compile(r'  File ".*", line \d+')


def storable(text: str) -> str:
    r"""Returns a text with what cannot be stored as backslash escapes.

    Half a surrogate pair has no bytes in UTF-8 (`os.listdir` and JSON give such text), and
    PostgreSQL stores no NUL: these become \ud800 and \0. All other text stays as it is.
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def text_of(error: BaseException) -> str:
    """Returns the text of an error, storable; of one that cannot give its text, that this is so."""
    try:
        return storable(str(error))
    except Exception as failure:  # noqa: BLE001 an app's own class may raise anything here
        return f"<its text cannot be had: {type(failure).__name__} in __str__>"


def error_line(text: str | None) -> str:
    """Returns the line of a traceback that says what was raised, or "" of no text.

    It is the first one behind the last place in the code: behind it the error's own text may go on for lines
    that say little alone, such as a link to a page. Of other text it is the last line.
    """
    lines = (text or "").strip().splitlines()
    places = [number for number, line in enumerate(lines) if _PLACE.match(line)]
    behind = lines[places[-1] + 1 :] if places else []
    said = [line for line in behind if not line.startswith(" ")]
    return said[0] if said else "".join(lines[-1:])


def describe_value(value: object) -> str:
    """Returns the first 1000 characters of a value's repr, storable; of one that has none, its type."""
    try:
        return storable(repr(value)[:_MOST])
    except Exception as failure:  # noqa: BLE001 as above
        return f"a {type(value).__qualname__} that cannot be described: {type(failure).__name__} in __repr__"
