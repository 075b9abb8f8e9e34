"""Text helpers of apps; Frappe's names and results."""

from __future__ import annotations

import html
import os
import re
import string
from collections.abc import Hashable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote

from doclife.utils.elsewhere import with_host

_T = TypeVar("_T", bound=Hashable)

_ALPHANUMERIC = string.ascii_letters + string.digits
#: a tag, or a comment (up to the end when it is never closed); not the sign in "a < b"
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z!][^<>]*>", re.DOTALL)
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"


def cstr(s: object, encoding: str = "utf-8") -> str:
    """Returns anything as text: "" for None, bytes decoded."""
    if s is None:
        return ""
    return s.decode(encoding) if isinstance(s, bytes) else str(s)


def sbool(x: Any) -> Any:
    """Returns True for the texts "true" and "1", False for "false" and "0", anything else as it is."""
    return {"true": True, "1": True, "false": False, "0": False}.get(x.lower(), x) if isinstance(x, str) else x


def scrub(txt: object) -> str:
    """Returns a label as an identifier: "Sales Invoice" is "sales_invoice"."""
    return cstr(txt).replace(" ", "_").replace("-", "_").lower()


def unscrub(txt: str) -> str:
    """Returns an identifier as a label: "sales_invoice" is "Sales Invoice"."""
    return txt.replace("_", " ").replace("-", " ").title()


def slug(txt: object) -> str:
    """Returns a label as it stands in a route: "Sales Invoice" is "sales-invoice"."""
    return cstr(txt).replace(" ", "-").replace("_", "-").lower()


def comma_and(some_list: Any, add_quotes: bool = True) -> Any:
    """Returns the items as "'a', 'b' and 'c'"; one item as it is, none as "", another value unchanged."""
    return _joined(some_list, "and", add_quotes)


def comma_or(some_list: Any, add_quotes: bool = True) -> Any:
    """Returns the items as "'a', 'b' or 'c'"; one item as it is, none as "", another value unchanged."""
    return _joined(some_list, "or", add_quotes)


def _joined(items: Any, word: str, add_quotes: bool) -> Any:
    if not isinstance(items, (list, tuple)):
        return items
    if len(items) < 2:
        return items[0] if items else ""
    texts = [f"'{item}'" if add_quotes else str(item) for item in items]
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}"


def random_string(length: int) -> str:
    """Returns `length` random letters and digits, fit for secrets."""
    letters: list[str] = []
    while len(letters) < length:  # bytes above the last multiple of 62 would favour the first letters
        letters += [_ALPHANUMERIC[byte % 62] for byte in os.urandom(length) if byte < 248]
    return "".join(letters[:length])


def generate_hash(txt: object = None, length: int = 56) -> str:
    """Returns `length` random hexadecimal digits, fit for secrets; `txt` is ignored, as in Frappe."""
    return os.urandom((length + 1) // 2).hex()[:length]


def unique(seq: Iterable[_T]) -> list[_T]:
    """Returns the items without repetitions, in the order of their first occurrence."""
    return list(dict.fromkeys(seq))


def escape_html(text: Any) -> Any:
    """Returns the text with `& < > " '` as HTML entities; what is not text is returned unchanged."""
    return html.escape(text) if isinstance(text, str) else text


def strip_html(text: object) -> str:
    """Returns the text without HTML tags and comments; entities stay.

    For searching and measuring. What is shown as HTML needs `escape_html` or a sanitiser.
    """
    return _TAG.sub("", cstr(text))


def is_html(text: object) -> bool:
    """Returns whether the text has an HTML tag."""
    return isinstance(text, str) and _TAG.search(text) is not None


def strip(val: str, chars: str | None = None) -> str:
    """Returns the text without blanks (or `chars`) and invisible characters at its ends."""
    return val.strip((string.whitespace + "\u00a0" if chars is None else chars) + _INVISIBLE)


def bold(text: object) -> str:
    """Returns the text in `<strong>`; it is not escaped."""
    return f"<strong>{text}</strong>"


def get_abbr(text: str, max_len: int = 2) -> str:
    """Returns the first letters of the first words: "Franchise Royalty Entry" is "FR"."""
    return "".join(word[0] for word in text.split()[:max_len]).upper()


def get_url_to_form(doctype: str, name: object) -> str:
    """Returns where a document is in the desk: "/app/sales-invoice/SINV-2026-00001".

    With the host before it where the open site says it (`host_name`).
    """
    return with_host(f"/app/{quote(slug(doctype))}/{quote(cstr(name), safe='')}")


def get_link_to_form(doctype: str, name: object, label: object = None) -> str:
    """Returns an HTML link to a document in the desk; the label, by default the name, is escaped."""
    return f'<a href="{html.escape(get_url_to_form(doctype, name))}">{html.escape(cstr(label) or cstr(name))}</a>'
