"""Text helpers."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doclife import utils


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("a", "a"), (b"\xc3\xa4", "ä"), (5, "5"), (0, "0"), (False, "False")], ids=repr
)
def test_cstr(value, text):
    assert utils.cstr(value) == text


@pytest.mark.parametrize(
    ("value", "result"),
    [("True", True), ("1", True), ("false", False), ("0", False), ("yes", "yes"), (None, None), (5, 5)],
    ids=repr,
)
def test_sbool(value, result):
    assert utils.sbool(value) is result or utils.sbool(value) == result


def test_names_and_labels():
    assert utils.scrub("Sales Invoice-Item") == "sales_invoice_item"
    assert utils.scrub(None) == ""
    assert utils.unscrub("sales_invoice-item") == "Sales Invoice Item"
    assert utils.slug("Sales Invoice_Item") == "sales-invoice-item"
    assert utils.get_abbr("Franchise Royalty Entry") == "FR"
    assert utils.get_abbr("franchise royalty entry", 3) == "FRE"


@given(st.lists(st.from_regex(r"[A-Z][a-z]+", fullmatch=True), min_size=1))
def test_unscrub_undoes_scrub(words):
    label = " ".join(words)
    assert utils.unscrub(utils.scrub(label)) == label


@pytest.mark.parametrize(
    ("items", "quoted", "plain"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "'a' and 'b'", "a and b"),
        (("a", "b", 3), "'a', 'b' and '3'", "a, b and 3"),
        ("text", "text", "text"),
        (None, None, None),
    ],
    ids=repr,
)
def test_comma_and(items, quoted, plain):
    assert utils.comma_and(items) == quoted
    assert utils.comma_and(items, add_quotes=False) == plain


def test_comma_or():
    assert utils.comma_or(["a", "b", "c"]) == "'a', 'b' or 'c'"


@pytest.mark.parametrize("length", [0, 1, 7, 56])
def test_random_texts_have_their_length(length):
    assert re.fullmatch(rf"[A-Za-z0-9]{{{length}}}", utils.random_string(length))
    assert re.fullmatch(rf"[0-9a-f]{{{length}}}", utils.generate_hash(length=length))


def test_random_texts_differ_and_use_every_letter():
    assert len(utils.generate_hash("ignored")) == 56
    assert utils.generate_hash() != utils.generate_hash()
    # 20,000 draws miss one of 62 letters with a probability below 1e-139
    assert len(set(utils.random_string(20_000))) == 62


@given(st.lists(st.integers(0, 5)))
def test_unique_keeps_the_first_of_each(items):
    result = utils.unique(items)
    assert set(result) == set(items)
    assert [items.index(item) for item in result] == sorted({items.index(item) for item in items})


def test_html():
    assert utils.escape_html("""<a href="x">'&'</a>""") == "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;&#x27;&lt;/a&gt;"
    assert utils.escape_html(5) == 5
    assert utils.escape_html(None) is None
    assert utils.strip_html('<p class="x">a <b>b</b><br/></p><!-- <i>c</i> -->d') == "a bd"
    assert utils.strip_html("a < b and c > d") == "a < b and c > d"
    assert utils.strip_html("a<!-- open") == "a"
    assert utils.strip_html(None) == ""
    assert utils.is_html("x<br>")
    assert not utils.is_html("a < b")
    assert not utils.is_html(None)
    assert utils.bold("a") == "<strong>a</strong>"
    assert utils.strip(" \u200b\u00a0a b\ufeff\n") == "a b"  # noqa: B005  # not the method of str
    assert utils.strip("xax", "x") == "a"


@pytest.mark.parametrize("piece", ["<!--", "<a", "</", "<", "<!-- >"])
def test_stripping_takes_linear_time(piece):
    started = time.perf_counter()
    utils.strip_html(piece * 50_000)
    assert time.perf_counter() - started < 2


def test_links_to_documents_are_quoted_and_escaped():
    assert utils.get_url_to_form("Sales Invoice", "SINV-2026-00001") == "/app/sales-invoice/SINV-2026-00001"
    assert utils.get_url_to_form("SJ Outlet", "A/B ü") == "/app/sj-outlet/A%2FB%20%C3%BC"
    assert utils.get_link_to_form("SJ Outlet", 'x"<b>') == '<a href="/app/sj-outlet/x%22%3Cb%3E">x&quot;&lt;b&gt;</a>'
    assert utils.get_link_to_form("SJ Outlet", "x", "Pune & Co") == '<a href="/app/sj-outlet/x">Pune &amp; Co</a>'


def test_traceback_of_the_handled_exception():
    assert utils.get_traceback() == ""
    try:
        raise RuntimeError("what happened")
    except RuntimeError:
        text = utils.get_traceback()
    assert text.startswith("Traceback (most recent call last):")
    assert text.endswith("RuntimeError: what happened\n")
