"""docs/flat-api.md has every name of the flat API with its arguments, and every test it names exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.flat_api import FOLDERS, PAGE, Row, is_error, offered, rows, signature

ROWS = list(rows())
OFFERED = offered()

#: what Frappe's apps use most, by rank (reference 7.1, ranks 1-43); `cache` and `request` come later
RANKED = re.findall(
    r"\S+",
    """
get_doc _ throw db.get_value get_value whitelist get_all db.get_all db.set_value db.exists qb _dict session
db.commit db.rollback ValidationError PermissionError DoesNotExistError DuplicateEntryError
db.get_single_value db.set_single_value db.delete new_doc db.count db.sql bold enqueue_doc set_user msgprint
get_cached_doc get_cached_value get_last_doc generate_hash log_error delete_doc delete_doc_if_exists enqueue
parse_json as_json only_for sendmail get_meta get_single get_traceback publish_realtime publish_progress
response local get_roles has_permission get_list form_dict get_hooks get_attr call format_value format scrub
unscrub clear_cache rename_doc get_installed_apps render_template logger conf flags utils.getdate utils.flt
utils.add_days utils.add_months utils.add_to_date utils.add_years utils.now_datetime utils.now utils.cint
utils.cstr utils.nowdate utils.today utils.get_time utils.get_datetime utils.get_link_to_form utils.get_url
utils.rounded utils.parse_json utils.get_last_day utils.get_first_day utils.date_diff utils.format_date
utils.formatdate utils.format_datetime utils.fmt_money utils.get_year_start utils.get_year_ending
utils.month_diff utils.time_diff_in_seconds utils.time_diff_in_hours utils.nowtime utils.get_fullname
utils.comma_and utils.random_string utils.unique utils.escape_html utils.validate_email_address utils.sbool
""",
)


def test_every_name_has_one_line() -> None:
    lines = Counter(name for row in ROWS for name in row.names)
    assert sorted(set(OFFERED) - set(lines)) == [], "a name without a line in docs/flat-api.md"
    assert sorted(set(lines) - set(OFFERED)) == [], "a line in docs/flat-api.md about a name that is not offered"
    assert {name: count for name, count in lines.items() if count > 1} == {}
    assert len(lines) > 200


def test_what_frappes_apps_use_most_is_offered() -> None:
    assert [name for name in RANKED if name not in OFFERED] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.names[0])
def test_a_line_has_the_arguments_as_they_are(row: Row) -> None:
    for name in row.names:
        if not is_error(OFFERED[name]):
            assert row.signature == signature(OFFERED[name]), name


@cache
def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.names[0])
def test_the_tests_of_a_line_exist(row: Row) -> None:
    for test in row.tests:
        file, _, name = test.partition("::")
        found = next((folder / file for folder in FOLDERS if (folder / file).exists()), None)
        assert found is not None, test
        assert name in _tests_of(found), test


def test_the_example_of_the_page_runs_as_it_stands(site: object) -> None:
    [example] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    exec(example, names)
    from doclife import get_message_log

    assert [message["indicator"] for message in get_message_log()] == ["orange"]
