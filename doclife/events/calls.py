"""Hooks and functions by name, for code that runs in a context."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from doclife.core.context import current
from doclife.core.errors import AppNotInstalledError, nearest
from doclife.events.handlers import import_path
from doclife.events.hooks import merged
from doclife.events.registry import Registry

#: arguments that no caller from outside may hand on (reference 7.1, rank 41)
_NEVER_PASSED = frozenset({"ignore_permissions", "flags"})


def get_installed_apps() -> list[str]:
    """Returns the names of the open site's apps in install order, the framework's own first."""
    registry: Registry = current().site.registry
    return [app.name for app in registry.apps]


def get_hooks(hook: str | None = None, default: Any = None, app_name: str | None = None) -> Any:
    """Returns a key of hooks.py over all apps in install order: dicts merged, the rest as a list.

    Args:
        hook: the key; None: every key with its value.
        default: what to return where no app declares the key.
        app_name: of this app alone.
    """
    registry: Registry = current().site.registry
    apps = [app for app in registry.apps if app_name in (None, app.name)]
    if hook is None:
        return {key: merged(apps, key) for key in dict.fromkeys(key for app in apps for key in app.values)}
    return merged(apps, hook) or ([] if default is None else default)


def get_attr(path: str) -> Any:
    """Returns what a dotted path names in an installed app.

    Raises:
        AppNotInstalledError: its app is not installed on the open site.
        HookError: it does not import.
    """
    app, installed = path.partition(".")[0], get_installed_apps()
    if app not in installed:
        site = current().site.name
        raise AppNotInstalledError(
            f"{path!r} is of the app {app!r}, which is not installed on {site}.{nearest(app, installed)}"
        )
    return import_path(path, "get_attr")


def call(fn: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls a function with those of the keyword arguments that it takes.

    `ignore_permissions` and `flags` are never passed on: the arguments may come from outside.

    Args:
        fn: a function, or its dotted path in an installed app.
        args: positional arguments.
        kwargs: keyword arguments; those the function does not name are left out.
    """
    function = get_attr(fn) if isinstance(fn, str) else fn
    parameters = inspect.signature(function).parameters.values()
    takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters)
    names = {each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    taken = {key: value for key, value in kwargs.items() if key not in _NEVER_PASSED and (takes_all or key in names)}
    return function(*args, **taken)
