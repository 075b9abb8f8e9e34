"""Source text of revision files: statements laid out as `ruff format` lays them out.

Alembic renders operations on endless lines; what people review should read like the rest.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

WIDTH = 120
INDENT = "    "


def format_statements(code: str, depth: int = 1) -> str:
    """Returns statements (calls, `with` blocks, `pass`) laid out `depth` levels deep, comments left out."""
    body = ast.parse(textwrap.dedent(code)).body
    return "\n".join(line for statement in body for line in _statement(statement, depth))


def _statement(node: ast.stmt, depth: int) -> list[str]:
    if isinstance(node, ast.With):
        head = ", ".join(
            _flat(item.context_expr) + (f" as {_flat(item.optional_vars)}" if item.optional_vars else "")
            for item in node.items
        )
        return [
            f"{INDENT * depth}with {head}:",
            *(line for inner in node.body for line in _statement(inner, depth + 1)),
        ]
    if isinstance(node, ast.Expr):
        return _expression(node.value, depth, "", "")
    return [INDENT * depth + ast.unparse(node)]


def _expression(node: ast.expr, depth: int, before: str, after: str) -> list[str]:
    line = f"{INDENT * depth}{before}{_flat(node)}{after}"
    if len(line) <= WIDTH:
        return [line]
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        opening, closing = f"{_flat(node.func)}(", ")"
        parts: Sequence[tuple[str, ast.expr]] = [
            *(("", argument) for argument in node.args),
            *((f"{keyword.arg}=" if keyword.arg else "**", keyword.value) for keyword in _keywords(node)),
        ]
    elif isinstance(node, ast.List) and node.elts:
        opening, closing = "[", "]"
        parts = [("", element) for element in node.elts]
    else:
        return [line]  # a long text stays as it is
    inside = [text for prefix, part in parts for text in _expression(part, depth + 1, prefix, ",")]
    return [f"{INDENT * depth}{before}{opening}", *inside, f"{INDENT * depth}{closing}{after}"]


def _keywords(node: ast.Call) -> list[ast.keyword]:
    # schema=None is what Alembic writes into every batch block
    return [
        keyword
        for keyword in node.keywords
        if not (keyword.arg == "schema" and isinstance(keyword.value, ast.Constant) and keyword.value.value is None)
    ]


def _flat(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return quoted(node.value)
    if isinstance(node, ast.Call):
        keywords = [f"{one.arg}={_flat(one.value)}" if one.arg else f"**{_flat(one.value)}" for one in _keywords(node)]
        return f"{_flat(node.func)}({', '.join([*map(_flat, node.args), *keywords])})"
    if isinstance(node, ast.Attribute):
        return f"{_flat(node.value)}.{node.attr}"
    if isinstance(node, ast.List):
        return f"[{', '.join(map(_flat, node.elts))}]"
    if isinstance(node, ast.Starred):
        return f"*{_flat(node.value)}"
    return ast.unparse(node)


def quoted(text: str) -> str:
    """Returns `text` as a Python literal, in double quotes where that needs no escape."""
    literal = repr(text)
    return f'"{literal[1:-1]}"' if literal[0] == "'" and '"' not in text and "\\'" not in literal else literal
