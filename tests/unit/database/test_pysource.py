"""Source text of revision files."""

import ast

import pytest

from doclife.database.pysource import format_statements, quoted


def test_what_fits_stays_on_its_line():
    assert format_statements("op.drop_table('tabA')  # note") == '    op.drop_table("tabA")'
    assert format_statements("pass", depth=2) == "        pass"


def test_what_does_not_fit_stands_one_argument_a_line():
    column = "sa.Column('a_long_name', types.ShortText(140), server_default=sa.text(\"'x'\"), nullable=False)"
    assert format_statements(f"op.create_table('tabA', {column}, *rest, schema=None, **options)") == "\n".join(
        [
            "    op.create_table(",
            '        "tabA",',
            '        sa.Column("a_long_name", types.ShortText(140), server_default=sa.text("\'x\'"), nullable=False),',
            "        *rest,",
            "        **options,",
            "    )",
        ]
    )


def test_blocks_are_indented():
    code = "with op.batch_alter_table('tabA', schema=None) as batch_op:\n    batch_op.drop_column('x')\n\nop.f('y')"
    assert format_statements(code) == "\n".join(
        ['    with op.batch_alter_table("tabA") as batch_op:', '        batch_op.drop_column("x")', '    op.f("y")']
    )


def test_long_lists_and_calls_nest():
    columns = [f"column_number_{n}" for n in range(12)]
    text = format_statements(f"op.create_index('ix', 'tabA', {columns!r}, unique=False)")
    lines = text.splitlines()
    assert lines[3] == "        ["
    assert lines[4] == '            "column_number_0",'
    assert lines[-2:] == ["        unique=False,", "    )"]
    assert max(map(len, lines)) <= 120
    assert ast.dump(ast.parse(text.strip())) == ast.dump(
        ast.parse(f"op.create_index('ix', 'tabA', {columns!r}, unique=False)")
    )


@pytest.mark.parametrize("text", ["plain", "it's", 'say "x"', "both ' and \"", "back\\slash", "ünï\n"])
def test_quotes_are_double_where_they_can_be(text):
    literal = quoted(text)
    assert ast.literal_eval(literal) == text
    assert literal.startswith("'" if '"' in text else '"')
