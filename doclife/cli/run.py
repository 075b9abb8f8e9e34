"""Code in a context: console, execute."""

from __future__ import annotations

import builtins
import code
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from doclife.cli.failures import running
from doclife.cli.output import say, show_json, warn
from doclife.cli.state import State, pass_state
from doclife.core import json
from doclife.core.errors import DataError, HookError

_BANNER = """doclife on {site} as {user}; the name doclife is the flat API, and its names are here.
Nothing is kept until db.commit()."""


@click.command("console")
@click.option("--user", default="Administrator", show_default=True, help="Whose permissions count.")
@pass_state
def console(state: State, user: str) -> None:
    """Opens Python with a context on the site.

    IPython if it is installed. A program on stdin is run as it is. What is not committed is
    rolled back at the end.
    """
    from doclife.core.context import activate

    context = state.load_site().context(user)
    names = _names()
    with activate(context):
        try:
            if not sys.stdin.isatty():
                with running():
                    exec(compile(sys.stdin.read(), "<stdin>", "exec"), names)  # noqa: S102 it is what was asked for
            else:
                _interact(names, _BANNER.format(site=context.site.name, user=user))
        finally:
            context.unit.close()


def _names() -> dict[str, Any]:
    """Returns what can be named at once: the flat API, but for names of Python's own."""
    facade = import_module("doclife")
    names: dict[str, Any] = {"__name__": "__console__", "doclife": facade, "frappe": facade}
    for name in dir(facade):
        if not name.startswith("_") and name not in dir(builtins):
            names[name] = getattr(facade, name)
    return names


def _interact(names: dict[str, Any], banner: str) -> None:
    if find_spec("IPython") is None:
        code.interact(banner, local=names, exitmsg="")
        return
    ipython = import_module("IPython")
    warn(banner)
    ipython.start_ipython(argv=["--no-banner"], user_ns=names)


@click.command("execute")
@click.argument("path")
@click.option("--args", "positional", default="[]", metavar="JSON", help="Positional arguments: a JSON list.")
@click.option("--kwargs", "named", default="{}", metavar="JSON", help="Keyword arguments: a JSON object.")
@click.option("--user", default="Administrator", show_default=True, help="Whose permissions count.")
@pass_state
def execute(state: State, path: str, positional: str, named: str, user: str) -> None:
    """Calls a function in a context on the site, and commits.

    PATH is dotted: app.module.function, or a method of an object, as doclife.db.count. What the
    function returns is printed as JSON, messages to the user go to stderr. If it fails, nothing is
    kept.
    """
    args, kwargs = _parsed("--args", positional, list), _parsed("--kwargs", named, dict)
    with state.load_site().work(user) as context:
        function = _named(path)
        if not callable(function):
            raise DataError(f"{path} is a {type(function).__name__}, not a function")
        try:
            with running():
                result = function(*args, **kwargs)
                context.unit.commit()
        finally:
            for message in context.messages:
                if not message.get("raise_exception"):  # the error says it
                    warn(message["message"])
    if isinstance(result, str):
        say(result)
    elif result is not None:
        show_json(result)


def _named(path: str) -> Any:
    """Returns what a dotted path names in an installed app: a function, or a method of an object."""
    from doclife.events.calls import get_attr

    owner_path, _, name = path.rpartition(".")
    try:
        return get_attr(path)
    except HookError as error:
        if owner_path.count("."):
            try:
                return getattr(get_attr(owner_path), name)
            except (HookError, AttributeError):
                raise error from None
        raise


def _parsed(option: str, text: str, kind: type) -> Any:
    try:
        value = json.loads(text)
    except DataError as error:
        raise click.BadParameter(f"{text!r} is {error}", param_hint=option) from error
    if not isinstance(value, kind):
        raise click.BadParameter(f"{text!r} must be a JSON {'list' if kind is list else 'object'}", param_hint=option)
    return value
