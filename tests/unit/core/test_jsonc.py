"""JSON with comments: what is tolerated, what is refused and where, and edits that keep the rest."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doclife.core import jsonc
from doclife.core.errors import ConfigError


def test_comments_and_trailing_commas_are_tolerated() -> None:
    text = """
    // the queues
    {
      "workers": {"long": {"timeout": 9,}, }, # and
      "installed_apps": ["a", "b",], // more
    }
    """
    assert jsonc.parse(text, "f") == {"workers": {"long": {"timeout": 9}}, "installed_apps": ["a", "b"]}


@pytest.mark.parametrize("value", ["redis://h/0", "a # b", "x,]", "x, }", 'say \\"//\\" #', "\\\\"])
def test_what_looks_like_a_comment_inside_a_string_stays(value: str) -> None:
    text = f'{{"a": "{value}",}}'
    assert jsonc.parse(text, "f") == json.loads(f'{{"a": "{value}"}}')


@pytest.mark.parametrize("text", ["[,]", "[1,,]", "{,}", '{"a": 1,,}', "[1 2]", "", "{", '{"a": "b//}', "{} x"])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^f, line 1, column \d+: not JSON: "):
        jsonc.parse(text, "f")


def test_an_error_names_line_and_column_of_the_file_as_written() -> None:
    text = '{\n  // é: two bytes, one column\n  "name": "é", nope\n}'
    with pytest.raises(ConfigError, match=r"^sites/x\.json, line 3, column 16: not JSON: "):
        jsonc.parse(text, "sites/x.json")


def test_plain_keeps_every_other_character_in_its_place() -> None:
    text = '{"a": [1,], # one\n "b": 2} // end'
    assert jsonc.plain(text) == '{"a": [1 ],      \n "b": 2}       '


WRITTEN = """// of the shop
{
  # where the data is
  "db_url": "sqlite:///x.db", // local
  "installed_apps": ["shop"],
  "strict": true  // no comma
}
"""


def test_an_edit_changes_the_value_and_nothing_else() -> None:
    assert jsonc.edit(WRITTEN, {"installed_apps": ["shop", "till"], "strict": False}) == WRITTEN.replace(
        '["shop"]', '[\n    "shop",\n    "till"\n  ]'
    ).replace("true", "false")


def test_an_edit_adds_behind_the_last_entry() -> None:
    assert jsonc.edit(WRITTEN, {"queue": "rq"}) == WRITTEN.replace(
        "true  // no comma\n", 'true,  // no comma\n  "queue": "rq"\n'
    )


def test_an_edit_takes_a_line_out_with_its_comma() -> None:
    assert jsonc.edit(WRITTEN, {"installed_apps": None}) == WRITTEN.replace('  "installed_apps": ["shop"],\n', "")


def test_an_edit_of_an_empty_object() -> None:
    assert jsonc.edit("{}\n", {"a": 1}) == '{\n  "a": 1\n}\n'


_blank = st.sampled_from(["", "", " ", "\n", "  \n  ", " // c, }\n", "\n# {\n", " \t"])
_value = st.sampled_from([1, -2.5, True, "x // y", 'q"#', [], [1, "],"], {"k": {"l": "}"}}, "é"])


@st.composite
def _written(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    data = draw(st.dictionaries(st.sampled_from("abcd"), _value, max_size=4))
    text = draw(_blank) + "{"
    for number, (key, value) in enumerate(data.items()):
        comma = "," if number < len(data) - 1 or draw(st.booleans()) else ""
        text += f"{draw(_blank)}{json.dumps(key)}{draw(_blank)}:{draw(_blank)}{json.dumps(value)}{draw(_blank)}{comma}"
    return text + draw(_blank) + "}" + draw(_blank), data


@settings(max_examples=400)
@given(_written(), st.dictionaries(st.sampled_from("abcdef"), _value | st.none(), max_size=4))
def test_any_edit_of_any_layout_gives_the_changed_data(
    written: tuple[str, dict[str, object]], changes: dict[str, object]
) -> None:
    text, data = written
    assert jsonc.parse(text, "f") == data
    expected = {key: value for key, value in (data | changes).items() if value is not None}
    assert jsonc.parse(jsonc.edit(text, changes), "f") == expected
