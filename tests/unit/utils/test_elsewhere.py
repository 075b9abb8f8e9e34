"""Helpers of Frappe's utils that need a site."""

import pytest

from doclife.core.context import AttrDict
from doclife.core.errors import DataError, NoUnitOfWork
from doclife.core.json import parse_json as parse_json_of_core
from doclife.testing import as_user, make_user
from doclife.utils import get_fullname, get_link_to_form, get_url, get_url_to_form, parse_json

pytestmark = pytest.mark.one_database


def test_a_url_begins_with_the_name_of_the_site(site):
    assert get_url() == f"http://{site.name}"
    assert get_url("/api/method/ping") == f"http://{site.name}/api/method/ping"
    assert get_url("files/a.pdf") == f"http://{site.name}/files/a.pdf"
    assert get_url("https://example.com/x") == "https://example.com/x"


@pytest.mark.doclife_settings(host_name="https://erp.example.com/")
def test_a_url_begins_with_the_host_where_the_site_says_it(site):
    assert get_url() == "https://erp.example.com"
    assert get_url("/app", full_address=True) == "https://erp.example.com/app"
    assert get_url_to_form("Sales Invoice", "A/1") == "https://erp.example.com/app/sales-invoice/A%2F1"
    assert get_link_to_form("Sales Invoice", "A1", "<b>") == (
        '<a href="https://erp.example.com/app/sales-invoice/A1">&lt;b&gt;</a>'
    )


@pytest.mark.doclife_settings(host_name="erp.example.com")
def test_a_host_without_a_scheme_is_a_secure_one(site):
    assert get_url("app") == "https://erp.example.com/app"


def test_links_are_paths_where_no_host_is_known(site):
    assert get_url_to_form("Sales Invoice", "A1") == "/app/sales-invoice/A1"


def test_the_full_name_of_a_user(site):
    user = make_user("ada@example.com")
    user.update({"first_name": "Ada", "last_name": "Lovelace"}).save()
    assert get_fullname("ada@example.com") == "Ada Lovelace"
    assert get_fullname("nobody@example.com") == "nobody@example.com"
    with as_user("ada@example.com"):
        assert get_fullname() == "Ada Lovelace"


def test_without_a_site_they_say_so():
    for call in (get_url, get_fullname):
        with pytest.raises(NoUnitOfWork):
            call()


def test_parse_json_is_that_of_the_flat_api():
    found = parse_json('{"a": [1, {"b": 2}]}')
    assert (type(found), found.a) == (AttrDict, [1, {"b": 2}])
    assert found == parse_json_of_core('{"a": [1, {"b": 2}]}')
    assert parse_json("[1]") == [1]
    given = object()
    assert parse_json(given) is given
    with pytest.raises(DataError, match="not JSON"):
        parse_json("{a}")
