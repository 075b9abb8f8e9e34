"""The line of a traceback that says what was raised."""

from __future__ import annotations

import traceback

import pytest

from doclife.core.storable import error_line


def _raised(fn):
    try:
        fn()
    except Exception as error:
        error.add_note("and a note")
        return "".join(traceback.format_exception(error))


def _of_several_lines():
    raise ValueError("no stock\n[SQL: select\n  1]\n(Background: https://example.com)")


def _of_another():
    try:
        _of_several_lines()
    except ValueError as error:
        raise LookupError("no outlet") from error


def _that_does_not_parse():
    compile("a =\n", "a.py", "exec")


@pytest.mark.parametrize(
    ("fn", "line"),
    [
        (_of_several_lines, "ValueError: no stock"),
        (_of_another, "LookupError: no outlet"),
        (_that_does_not_parse, "SyntaxError: invalid syntax"),
    ],
)
def test_it_is_the_one_behind_the_last_place(fn, line):
    assert error_line(_raised(fn)) == line


@pytest.mark.parametrize(
    ("text", "line"), [("killed 3 times", "killed 3 times"), ("a\nb\n", "b"), ("", ""), (None, "")]
)
def test_of_other_text_it_is_the_last(text, line):
    assert error_line(text) == line
