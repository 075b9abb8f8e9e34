"""Text of errors and of apps' values, as every database and every log takes it."""

from __future__ import annotations

#: characters of a description
_MOST = 1000


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


def describe_value(value: object) -> str:
    """Returns the first 1000 characters of a value's repr, storable; of one that has none, its type."""
    try:
        return storable(repr(value)[:_MOST])
    except Exception as failure:  # noqa: BLE001 as above
        return f"a {type(value).__qualname__} that cannot be described: {type(failure).__name__} in __repr__"
