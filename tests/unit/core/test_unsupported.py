"""Names of Frappe that doclife has no counterpart of."""

from __future__ import annotations

import copy

import pytest

from doclife.core.errors import NotSupported
from doclife.core.unsupported import qb, render_template, sendmail


@pytest.mark.parametrize("use", [lambda: qb.DocType("Bin"), lambda: qb()], ids=["attribute", "call"])
def test_the_query_builder_names_the_alternatives(use):
    with pytest.raises(NotSupported, match=r"qb is not in doclife\. Write db\.select"):
        use()


def test_sendmail_names_the_alternative():
    with pytest.raises(NotSupported, match=r"sendmail is not in doclife\. Enqueue a job"):
        sendmail(recipients=["a@example.com"], subject="x")


def test_python_may_look_at_them():
    assert not hasattr(qb, "__wrapped__")
    assert repr(copy.copy(qb)) == "<qb: not supported>"


def test_templates_name_the_alternative():
    with pytest.raises(NotSupported, match=r"render_template is not in doclife\. .*jinja2\.Environment"):
        render_template("{{ a }}", {"a": 1})
