"""What commands print: tables on a terminal, plain text when piped, JSON where it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import click

#: the option of commands that print a list
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def say(text: str) -> None:
    """Prints a line on stdout."""
    click.echo(text)


def warn(text: str) -> None:
    """Prints a line on stderr."""
    click.echo(text, err=True)


def show_json(value: Any) -> None:
    """Prints a value as JSON."""
    from doclife.core import json

    say(json.dumps(value, indent=2))


def plain(value: Any, *, zone: str | None = None) -> Any:
    """Returns what JSON shows of a value: structs as dicts, times as text.

    Args:
        value: a struct, a list or dict of them, or anything else.
        zone: naive times are in it, and get its offset; None: they are shown without one.
    """
    if hasattr(value, "__struct_fields__"):
        return {name: plain(getattr(value, name), zone=zone) for name in value.__struct_fields__}
    if isinstance(value, (list, tuple)):
        return [plain(each, zone=zone) for each in value]
    if not hasattr(value, "isoformat"):
        return value
    if zone is None:
        return str(value)
    from doclife.core import clock

    return (value if value.tzinfo else value.replace(tzinfo=clock.zone(zone))).isoformat()


def show_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Prints a list.

    Args:
        rows: values by column; JSON shows also what is in no column.
        columns: what people see, in order; a column is headed by its name.
        as_json: print JSON.
        empty: what to say when there is nothing; JSON says [].
    """
    if as_json:
        show_json(list(rows))
    elif not rows:
        warn(empty)
    else:
        texts = [[_text(row.get(column)) for column in columns] for row in rows]
        heads = [column.replace("_", " ") for column in columns]
        if is_rich():
            _show_rich(heads, texts)
        else:
            _show_plain(heads, texts)


def is_rich() -> bool:
    """Tells whether stdout is a terminal and rich is installed."""
    return sys.stdout.isatty() and find_spec("rich") is not None


def _text(value: Any) -> str:
    from doclife.core import json

    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value).strip('"')


def _show_plain(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [[head.upper() for head in heads], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _show_rich(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head.upper(), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
