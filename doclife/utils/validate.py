"""Whether a text is an e-mail address, a URL, a telephone number, a person's name.

What `Data(options="Email")` and its like accept. Each returns an answer, or raises with
`throw=True`. Patterns are compiled at first use: 5 ms that most processes never need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from doclife.utils.errors import InvalidEmail, InvalidUrl, InvalidValue

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
#: addr-spec of RFC 5322 without quotes and comments, in a domain that has a dot
_EMAIL = rf"(?i:{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL})"
#: what stands between commas, those in quotes apart
_LIST_ENTRY = r'(?:"[^"]*"|[^,])+'
_PHONE = r"(?=.*[0-9])[0-9 +_\-,.*#()]{1,20}"
_SCHEMES = ("http", "https", "ftp", "ftps")
_NAME = r"[^\W\d_][\w'’.\-]*(?: [\w'’.\-]+)*"


def validate_email_address(email_str: str | None, throw: bool = False) -> str:
    """Returns the addresses of a comma-separated list, joined by ", "; "" when one is not valid.

    `Jane Doe <jane@example.com>` gives the address alone.

    Raises:
        InvalidEmail: with `throw`, one is not valid (nothing at all is not an error).
    """
    found = []
    for entry in re.findall(_LIST_ENTRY, email_str or ""):
        text = entry.strip()
        if not text:
            continue
        address = text[text.rindex("<") + 1 : -1].strip() if text.endswith(">") and "<" in text else text
        if len(address) > 254 or not re.fullmatch(_EMAIL, address):
            if throw:
                raise InvalidEmail(f"{text!r} is not an e-mail address; write name@example.com")
            return ""
        found.append(address)
    return ", ".join(found)


def validate_url(txt: str | None, throw: bool = False, valid_schemes: str | Iterable[str] | None = None) -> bool:
    """Returns whether the text is an absolute URL with a host.

    Args:
        valid_schemes: the scheme or schemes that count; None: http, https, ftp and ftps.
    Raises:
        InvalidUrl: with `throw`, it is not.
    """
    schemes = {valid_schemes} if isinstance(valid_schemes, str) else set(valid_schemes or _SCHEMES)
    try:
        parts = urlsplit((txt or "").strip())
        valid = parts.scheme in schemes and bool(parts.hostname) and not re.search(r"\s", parts.netloc)
    except ValueError:  # brackets of an IPv6 host that do not match
        valid = False
    if throw and not valid:
        raise InvalidUrl(f"{txt!r} is not a URL; write {min(schemes)}://example.com")
    return valid


def validate_phone_number(phone_number: str | None, throw: bool = False) -> bool:
    """Returns whether the text looks like a telephone number: digits, blanks and `+-_,.*#()`, up to 20.

    Raises:
        InvalidValue: with `throw`, it does not.
    """
    return _matches(_PHONE, phone_number, throw, "a telephone number")


def validate_name(name: str | None, throw: bool = False) -> bool:
    """Returns whether the text looks like a person's name: words of letters, digits, `'`, `.` and `-`.

    Raises:
        InvalidValue: with `throw`, it does not.
    """
    return _matches(_NAME, name, throw, "a name")


def _matches(pattern: str, text: str | None, throw: bool, what: str) -> bool:
    valid = re.fullmatch(pattern, (text or "").strip()) is not None
    if throw and not valid:
        raise InvalidValue(f"{text!r} is not {what}")
    return valid
