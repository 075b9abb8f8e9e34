"""Variables of naming series: parts of names that an app explains, `naming_series_variables` in hooks.py."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from doclife.core.errors import HookError, SchemaError, nearest
from doclife.events.handlers import import_path
from doclife.events.hooks import AppHooks, as_paths
from doclife.schema.autoname import DATE_WORDS, name_parts

KEY = "naming_series_variables"

#: (document or None, the part) -> what stands for the part in the name
Variable = Callable[[Any, str], Any]


def naming_variables(apps: Iterable[AppHooks]) -> dict[str, Variable]:
    """Returns the functions by part; where several apps have a part, the first installed one explains it.

    Raises:
        HookError: a part or a function cannot be used; the message names app, key and path.
    """
    found: dict[str, Variable] = {}
    for app in apps:
        for part, value in app.values.get(KEY, {}).items():
            what = f"{app.name}: {KEY}[{part!r}]"
            if not isinstance(part, str) or not part.isidentifier() or part in DATE_WORDS:
                raise HookError(
                    f"{what}: a part is a word of letters, digits and _, and none of {', '.join(DATE_WORDS)}"
                )
            paths = as_paths(value, what)
            if len(paths) != 1:
                raise HookError(f"{what} must be one dotted path, not {value!r}")
            fn = import_path(paths[0], what)
            try:
                inspect.signature(fn).bind(None, part)
            except (TypeError, ValueError):
                raise HookError(f"{what}: {paths[0]} does not fit; write it as fn(doc, part)") from None
            found.setdefault(part, fn)
    return found


def check_naming_rules(doctypes: Collection[str], variables: Collection[str]) -> None:
    """Refuses naming rules with words in braces that nothing explains.

    Args:
        doctypes: the document types of the site with their classes; names alone are not looked at.
        variables: parts that the site's apps explain.
    Raises:
        SchemaError: the message names document type, rule and word, and the nearest word that is known.
    """
    if not isinstance(doctypes, Mapping):
        return
    for doctype, cls in doctypes.items():
        for word in cls._blueprint.naming.variables:
            if word not in variables:
                raise SchemaError(
                    f"{doctype}: {{{word}}} in autoname={cls.meta.autoname!r} is no field, no date word, and no "
                    f"installed app has it in {KEY}.{nearest(word, [*variables, *DATE_WORDS, *name_parts(cls.meta)])}"
                )
