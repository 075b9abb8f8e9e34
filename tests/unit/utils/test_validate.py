"""E-mail addresses, URLs, telephone numbers and names."""

import time

import pytest

from doclife.utils import (
    InvalidEmail,
    InvalidUrl,
    InvalidValue,
    validate_email_address,
    validate_name,
    validate_phone_number,
    validate_url,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jane@example.com", "jane@example.com"),
        (" jane.doe+tag@mail.example.co.uk ", "jane.doe+tag@mail.example.co.uk"),
        ("Jane Doe <jane@example.com>", "jane@example.com"),
        ('"Doe, Jane" <jane@example.com>, joe@example.com', "jane@example.com, joe@example.com"),
        ("a@b.cd,, , c@d.ef,", "a@b.cd, c@d.ef"),
        ("", ""),
        (None, ""),
    ],
)
def test_addresses_are_found(text, found):
    assert validate_email_address(text) == validate_email_address(text, throw=True) == found


@pytest.mark.parametrize(
    "text",
    [
        "jane",
        "jane@example",
        "jane@@example.com",
        "@example.com",
        "jane@.com",
        "jane.@example.com",
        "ja ne@example.com",
        "jane@-example.com",
        "jane@example.com\nBcc: all@example.com",
        "Jane <>",
        "Jane <jane@example.com",
        "x" * 250 + "@example.com",
        "a@b.cd, wrong",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_address_is_empty_or_refused(text):
    assert validate_email_address(text) == ""
    with pytest.raises(InvalidEmail, match="is not an e-mail address"):
        validate_email_address(text, throw=True)


@pytest.mark.parametrize(
    "text", [',"' * 30_000, "a@" + "a." * 100_000, "a" * 100_000, "<" * 50_000 + ">"], ids=range(4)
)
def test_long_nonsense_is_refused_fast(text):
    started = time.perf_counter()
    assert validate_email_address(text) == ""
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "text",
    ["https://example.com", "http://localhost:8000/a?b=c#d", "ftp://10.0.0.1/file", "https://[::1]/", "HTTP://A.B"],
)
def test_urls(text):
    assert validate_url(text)
    assert validate_url(text, throw=True)


@pytest.mark.parametrize(
    "text",
    ["", None, "example.com", "/app/sales-invoice", "javascript:alert(1)", "https://", "http://a b.c", "http://[::1"],
)
def test_what_is_no_url(text):
    assert not validate_url(text)
    with pytest.raises(InvalidUrl, match="is not a URL"):
        validate_url(text, throw=True)


def test_the_schemes_of_urls_can_be_chosen():
    assert validate_url("redis://localhost", valid_schemes="redis")
    assert validate_url("rediss://localhost", valid_schemes=["redis", "rediss"])
    assert not validate_url("https://localhost", valid_schemes=["redis", "rediss"])


@pytest.mark.parametrize("text", ["+49 (0)30 123-456", "112", "040.123.456", "*100#"])
def test_telephone_numbers(text):
    assert validate_phone_number(text, throw=True)


@pytest.mark.parametrize("text", ["", None, "call me", "()", "1" * 21, "12a"])
def test_what_is_no_telephone_number(text):
    assert not validate_phone_number(text)
    with pytest.raises(InvalidValue, match="is not a telephone number"):
        validate_phone_number(text, throw=True)


@pytest.mark.parametrize("text", ["Jane", "Jörg O'Neil", "Anne-Marie St. Clair", "李 小龍", "Henry 8"])
def test_names(text):
    assert validate_name(text, throw=True)


@pytest.mark.parametrize("text", ["", None, "<b>Jane</b>", "1Jane", "Jane  Doe", "jane@example.com"])
def test_what_is_no_name(text):
    assert not validate_name(text)
    with pytest.raises(InvalidValue, match="is not a name"):
        validate_name(text, throw=True)
