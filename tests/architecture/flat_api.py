"""The page of the flat API, read as data, and the names that it must have."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import doclife
from doclife import utils
from doclife.core.errors import DoclifeError
from doclife.core.unsupported import Unsupported
from doclife.query.database import Db
from tests.architecture.project import ROOT

PAGE = ROOT / "docs" / "flat-api.md"
#: where tests of the page are looked for, in this order
FOLDERS = [ROOT / "tests" / "unit", ROOT / "tests"]

_NAME = re.compile(r"(?:db\.|utils\.)?\w+")


class Row(NamedTuple):
    """One line of a table: what stands in its cells."""

    #: `get_doc`, `db.get_value`, `utils.getdate`; several where one line is about several
    names: tuple[str, ...]
    #: `(doctype=None, name=None)`, or "" for what is no function
    signature: str
    tests: tuple[str, ...]


def rows() -> Iterator[Row]:
    """Reads the tables of the page whose last column names tests."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        tests = tuple(re.findall(r"`([\w/]+\.py::\w+)`", cells[-1]))
        if len(cells) < 2 or not cells[0].startswith("`") or not tests:
            continue
        quoted = re.findall(r"`([^`]+)`", cells[0].replace("\\|", "|"))
        names = tuple(found[0] for each in quoted if (found := _NAME.match(each)))
        yield Row(names, quoted[0].removeprefix(names[0]), tests)


def offered() -> dict[str, Any]:
    """Returns every name of the facade, of `db` and of `doclife.utils`, and what it is."""
    found = {name: getattr(doclife, name) for name in doclife._PLACES}
    found |= {
        f"db.{name}": getattr(doclife.db, name) for name in dir(Db) if not name.startswith("_") if name != "db_type"
    }
    found |= {f"db.{name}": getattr(doclife.db, name) for name in vars(doclife.db)}
    found["db.db_type"] = Db.db_type
    return found | {f"utils.{name}": getattr(utils, name) for name in utils.__all__}


def is_error(found: Any) -> bool:
    """Tells whether a name is one of the error family."""
    return isinstance(found, type) and issubclass(found, (DoclifeError, ValueError))


def signature(found: Any) -> str:
    """Returns the arguments of a function as the page writes them: without types; "" for what is none."""
    if isinstance(found, (type, Unsupported)) or not inspect.isroutine(found):
        return ""
    parts: list[str] = []
    star = False
    for each in inspect.signature(found).parameters.values():
        if each.kind is each.VAR_POSITIONAL:
            star = True
            parts.append(f"*{each.name}")
            continue
        if each.kind is each.KEYWORD_ONLY and not star:
            star = True
            parts.append("*")
        if each.kind is each.VAR_KEYWORD:
            parts.append(f"**{each.name}")
        elif each.default is each.empty:
            parts.append(each.name)
        else:
            default = each.default.__name__ if isinstance(each.default, type) else repr(each.default)
            parts.append(f"{each.name}={default}".replace("'", '"'))
        if each.kind is each.POSITIONAL_ONLY:
            parts.append("/")
    return f"({', '.join(parts)})"
