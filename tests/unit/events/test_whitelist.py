"""Only what is whitelisted may be called from outside, and on its own terms."""

from __future__ import annotations

import pytest

from doclife.events.whitelist import exposure, whitelist


def test_a_function_is_not_exposed_unless_it_says_so():
    assert exposure(lambda: None) is None


def test_a_whitelisted_function_is_itself_and_has_its_terms():
    def plain():
        return 5

    made = whitelist(allow_guest=True, methods=["GET"])(plain)
    assert made is plain
    terms = exposure(plain)
    assert (terms.allow_guest, terms.methods, terms.xss_safe) == (True, ("GET",), False)


def test_without_arguments_it_is_for_users_and_all_methods():
    @whitelist()
    def plain():
        return 5

    terms = exposure(plain)
    assert (terms.allow_guest, terms.methods) == (False, ("GET", "POST", "PUT", "DELETE"))


def test_methods_are_exposed_like_functions():
    class Outlet:
        @whitelist(methods=["POST"])
        def close(self):
            return "closed"

        def open(self):
            return "open"

    outlet = Outlet()
    assert outlet.close() == "closed"
    assert exposure(outlet.close).methods == ("POST",)
    assert exposure(outlet.open) is None


def test_without_brackets_it_would_expose_nothing():
    with pytest.raises(TypeError, match=r"write @whitelist\(\) with brackets above .*plain"):

        @whitelist
        def plain():
            return 5
