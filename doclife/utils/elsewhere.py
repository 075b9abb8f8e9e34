"""Helpers that need a site or other floors: they stand there, and are found by name when they are called.

Frappe has them in its utils, so apps import them from here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def _found(module: str, name: str) -> Any:
    return getattr(import_module(f"doclife.{module}"), name)


def get_url(uri: str | None = None, full_address: bool = False) -> str:
    """Returns a URL of the open site: `get_url("/app")` is "https://erp.example.com/app".

    Args:
        uri: a path; a whole URL stays as it is; None is the site itself.
        full_address: taken for Frappe's sake; the host always stands in it.
    Order: inside a context. The setting `host_name` is the beginning, without it the site's name.
    """
    return str(_found("core.urls", "get_url")(uri, full_address))


def get_fullname(user: str | None = None) -> str:
    """Returns the full name of a user, by default the context's; of an unknown one the name itself.

    Order: inside a context.
    """
    return str(_found("permissions.users", "get_fullname")(user))


def parse_json(val: Any) -> Any:
    """Returns the data of a JSON text, a dict with its keys as attributes; what is no text is returned as it is.

    Raises:
        DataError: it is not JSON.
    """
    return _found("core.json", "parse_json")(val)


def with_host(path: str) -> str:
    """Returns a path of the desk as a URL where the open site says its host (`host_name`), otherwise as it is."""
    return str(_found("core.urls", "with_host")(path))
